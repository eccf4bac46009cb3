import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../util/errors.ts';
import { inputErrors } from './errors.ts';

/** The whole text of an input file. @throws KISIM_E_INPUT_UNREADABLE */
export function readInput(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw inputErrors.KISIM_E_INPUT_UNREADABLE(`${path} (${systemErrorCode(cause) ?? String(cause)})`, {
      cause,
    });
  }
}

/**
 * Rows of a plain table: commas between fields, none inside, the first line names the columns. Every refusal names file
 * and line. Fields are trimmed; empty lines are passed over.
 *
 * @example
 * const rows = new CsvRows('name,cpu\nweb,2\n', 'pods.csv', ['name', 'cpu']);
 * while (rows.next()) rows.count('cpu'); // 2
 */
export class CsvRows {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #columns: ReadonlyMap<string, number>;
  #line = 0;
  #fields: readonly string[] = [];

  /** @throws KISIM_E_INPUT_COLUMN where one of `needed` is not there */
  constructor(text: string, file: string, needed: readonly string[]) {
    this.#file = file;
    this.#lines = text.split(/\r?\n/);
    const names = this.#lines[0]!.split(',').map((name) => name.trim());
    this.#columns = new Map(names.map((name, at) => [name, at]));
    for (const name of needed)
      if (!this.#columns.has(name)) throw inputErrors.KISIM_E_INPUT_COLUMN(`${file}:1: no column ${name}`);
    if (this.#columns.size !== names.length)
      throw inputErrors.KISIM_E_INPUT_COLUMN(`${file}:1: a column is named twice`);
  }

  has(column: string): boolean {
    return this.#columns.has(column);
  }

  /** Goes to the next row; false after the last. @throws KISIM_E_INPUT_VALUE for a row of another length */
  next(): boolean {
    do this.#line++;
    while (this.#line < this.#lines.length && this.#lines[this.#line]!.trim() === '');
    if (this.#line >= this.#lines.length) return false;
    this.#fields = this.#lines[this.#line]!.split(',');
    if (this.#fields.length !== this.#columns.size)
      throw this.bad(`${this.#fields.length} fields, the first line names ${this.#columns.size}`);
    return true;
  }

  text(column: string): string {
    return this.#fields[this.#columns.get(column)!]!.trim();
  }

  /** A finite number of at least 0. @throws KISIM_E_INPUT_VALUE */
  number(column: string): number {
    const text = this.text(column);
    const value = Number(text);
    if (text === '' || !Number.isFinite(value) || value < 0) throw this.bad(`${column} is '${text}'`);
    return value;
  }

  /** A whole number of at least 0. @throws KISIM_E_INPUT_VALUE */
  count(column: string): number {
    const value = this.number(column);
    if (!Number.isSafeInteger(value)) throw this.bad(`${column} is '${this.text(column)}'`);
    return value;
  }

  /** The error that a caller throws where a value of this row is wrong for a reason of its own. */
  bad(what: string): Error {
    return inputErrors.KISIM_E_INPUT_VALUE(`${this.#file}:${this.#line + 1}: ${what}`);
  }
}
