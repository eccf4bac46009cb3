import { closeSync, openSync, writeSync } from 'node:fs';
import { FreshFile } from './fresh-file.ts';
import type { TableText } from './table-text.ts';
import type { TableValue, TableWriter } from './table-writer.ts';

/** A table as a text file. */
export class TextFile implements TableWriter {
  readonly #file: FreshFile;
  readonly #text: TableText;
  #open: number | undefined;

  /** @throws KISIM_E_EXPORT_WRITE */
  constructor(path: string, text: TableText) {
    this.#file = new FreshFile(path);
    this.#text = text;
    this.#open = this.#file.guard(() => openSync(this.#file.written, 'w'));
    this.#write(text.head);
  }

  write(rows: readonly (readonly TableValue[])[]): void {
    this.#write(rows.map((row) => this.#text.row(row)).join(''));
  }

  finish(): void {
    this.#close();
    this.#file.take();
  }

  abandon(): void {
    this.#close();
    this.#file.abandon();
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    this.#file.guard(() => {
      // A disk that fills up takes a part first and refuses the rest.
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#open!, bytes, at, bytes.length - at);
    });
  }

  #close(): void {
    if (this.#open === undefined) return;
    closeSync(this.#open);
    this.#open = undefined;
  }
}
