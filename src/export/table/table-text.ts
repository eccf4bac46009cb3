import { csvLine } from '../../util/csv.ts';
import type { TableColumn, TableValue } from './table-writer.ts';

/** How a table is written as text. */
export interface TableText {
  readonly head: string;
  row(values: readonly TableValue[]): string;
}

/** CSV after RFC 4180: times as ISO 8601, yes and no as true and false, what is not known as an empty field. */
export function csvTable(columns: readonly TableColumn[]): TableText {
  return {
    head: csvLine(columns.map(({ name }) => name)),
    row: (values) => csvLine(values.map((value) => (value instanceof Date ? value.toISOString() : value))),
  };
}

/** A JSON object a line. */
export function jsonTable(columns: readonly TableColumn[]): TableText {
  return {
    head: '',
    row: (values) =>
      `${JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, values[i] ?? null])))}\n`,
  };
}
