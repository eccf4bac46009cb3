import type Database from 'better-sqlite3';
import { type Dataset, type DatasetValue, datasetValue } from './datasets.ts';

/** Left out: from the beginning, to the end. Unix milliseconds. */
export interface DatasetPeriod {
  readonly from?: number;
  readonly to?: number;
}

/** Rows of a table in pieces, in the order of their time, all of one moment of the history. */
export function* readDataset(
  db: Database.Database,
  { columns, from, time }: Dataset,
  period: DatasetPeriod,
  pieceRows: number,
): Generator<readonly (readonly DatasetValue[])[]> {
  const conditions: string[] = [];
  if (period.from !== undefined) conditions.push(`${time} >= ${Math.round(period.from)}`);
  if (period.to !== undefined) conditions.push(`${time} < ${Math.round(period.to)}`);
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  // A tie is broken by the first column, so that the same history is told in the same order.
  const statement = db
    .prepare<[], (string | number | null)[]>(`SELECT ${names} FROM ${from} ${where} ORDER BY ${time}, 1`)
    .raw();
  let piece: DatasetValue[][] = [];
  for (const row of statement.iterate()) {
    piece.push(row.map((stored, i) => datasetValue(columns[i]!.type, stored)));
    if (piece.length < pieceRows) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
