import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { systemErrorCode } from './errors.ts';

/** Makes the error to be thrown of what was found. */
export type Refuse = (found: string, options?: { readonly cause?: unknown }) => Error;

/**
 * One JSON object a line, appended to. A line is written whole or, where the machine goes down in the middle of it, is not
 * among the whole lines when the file is opened again.
 */
export class JsonLinesFile<T> {
  readonly path: string;
  readonly #file: number;
  readonly #refuse: Refuse;

  /** @param prepare what has to be done before the file can be opened; its failures count as those of the file */
  constructor(path: string, refuse: Refuse, prepare: () => void, mode?: number) {
    this.path = path;
    this.#refuse = refuse;
    this.#file = this.attempt(() => {
      prepare();
      return openSync(path, 'a+', mode);
    });
  }

  /** The text up to the end of the last whole line, and whether anything stands behind it. */
  whole(): { readonly text: string; readonly isCut: boolean } {
    const text = this.attempt(() => readFileSync(this.path, 'utf8'));
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return { text: whole, isCut: whole.length < text.length };
  }

  parse(whole: string): T[] {
    return whole
      .split('\n')
      .slice(0, -1)
      .map((line, i) => {
        try {
          return JSON.parse(line) as T;
        } catch (cause) {
          throw this.#refuse(`${this.path}:${i + 1} is not JSON`, { cause });
        }
      });
  }

  /** Leaves only this beginning of the file. */
  keep(text: string): void {
    this.attempt(() => ftruncateSync(this.#file, Buffer.byteLength(text)));
  }

  append(record: T): void {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    this.attempt(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }

  /** @param action is given the open file; what the system refuses is told as a failure of this file */
  attempt<R>(action: (file: number) => R): R {
    try {
      return action(this.#file);
    } catch (cause) {
      const code = systemErrorCode(cause);
      if (code === undefined) throw cause;
      throw this.#refuse(`${this.path}: ${code}`, { cause });
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
