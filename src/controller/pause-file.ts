import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds } from '../util/units.ts';
import { errors } from './errors.ts';
import type { LoopTime, PauseSource } from './ports.ts';

/** Time in which a daemon notices the file. */
const LOOK_MILLISECONDS: Milliseconds = 500;

/** Beside the history: a folder that the daemon and whoever may stop it share. */
export function pauseFilePath(historyPath: string): string {
  return join(dirname(historyPath), 'paused');
}

/** @throws KISIM_E_CONTROLLER_PAUSE_FILE */
export function writePauseFile(path: string, reason: string): void {
  try {
    writeFileSync(path, `${reason}\n`);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** Whether there was one. @throws KISIM_E_CONTROLLER_PAUSE_FILE */
export function removePauseFile(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return false;
    throw fileError(path, cause);
  }
}

/** Why placement is paused; undefined where there is no file. @throws KISIM_E_CONTROLLER_PAUSE_FILE */
export function readPauseFile(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? 'paused by file' : text;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw fileError(path, cause);
  }
}

function fileError(path: string, cause: unknown): Error {
  const says = cause instanceof Error ? cause.message : String(cause);
  return errors.KISIM_E_CONTROLLER_PAUSE_FILE(`${path}: ${says}`, { cause });
}

export interface PauseFileOptions {
  readonly path: string;
  readonly time: LoopTime;
  readonly log: Logger;
  /** How often it looks; half a second where left out. */
  readonly everyMilliseconds?: Milliseconds;
}

/**
 * Looks at the file, by default twice a second. A file that is there and cannot be read pauses too: whoever made it meant to stop
 * something.
 */
export class PauseFile implements PauseSource {
  readonly #options: PauseFileOptions;
  readonly #listeners = new Set<() => void>();
  #reason: string | undefined;
  #seen = '';
  #cancel: (() => void) | undefined;

  constructor(options: PauseFileOptions) {
    this.#options = options;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const { time, everyMilliseconds = LOOK_MILLISECONDS } = this.#options;
    this.#cancel = time.after(everyMilliseconds, () => this.#look());
    const seen = stampOf(this.#options.path);
    if (seen === this.#seen) return;
    this.#seen = seen;
    const before = this.#reason;
    this.#reason = this.#read();
    if (this.#reason === before) return;
    this.#options.log.warn(this.#reason === undefined ? 'placement-resumed' : 'placement-paused', {
      path: this.#options.path,
      reason: this.#reason,
    });
    for (const listener of this.#listeners) listener();
  }

  #read(): string | undefined {
    try {
      return readPauseFile(this.#options.path);
    } catch (error) {
      this.#options.log.error('pause-file-not-read', { error });
      return 'the pause file cannot be read';
    }
  }
}

/** Changes whenever the file does; empty where there is none. */
function stampOf(path: string): string {
  try {
    // An exception twice a second costs more than all the rest of a quiet loop.
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? '' : `${found.ino}/${found.mtimeMs}/${found.size}`;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}
