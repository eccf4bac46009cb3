import type Database from 'better-sqlite3';
import type { Accumulator } from './accumulator.ts';
import type { Buckets, SecondsRange } from './buckets.ts';

interface Sources {
  readonly lowestSrc: number | null;
  readonly highestSrc: number;
}

interface DenseColumn extends Sources {
  readonly uj: string;
  readonly count: number;
}

interface Columns extends Sources {
  readonly ts: string;
  readonly uj: string;
  readonly cpu: string;
  readonly mw: string;
}

/**
 * Adds rows of `hour` and `minute`. Whole columns come out of SQLite as text: for 100 entities and a month of hours that
 * takes half the CPU time of a JavaScript object a row, and a fifth where only energy is asked for and an entity
 * lived all the time, so that the place in the column says the time.
 */
export function addStoredRows(
  db: Database.Database,
  buckets: Buckets,
  groups: ReadonlyMap<number, Accumulator>,
  energyOnly: boolean,
): void {
  for (const [table, period, ranges] of [
    ['hour', 3600, buckets.hourRanges],
    ['minute', 60, buckets.minuteRanges],
  ] as const) {
    if (ranges.length === 0) continue;
    const reader = new TableReader(db, table, period);
    for (const [id, group] of groups) {
      for (const range of ranges) {
        if (!energyOnly || !reader.addDense(id, range, group)) reader.add(id, range, group);
      }
    }
  }
}

class TableReader {
  readonly #period: number;
  readonly #dense: Database.Statement<[number, number, number], DenseColumn>;
  readonly #columns: Database.Statement<[number, number, number], Columns>;
  readonly #sources: Database.Statement<[number, number, number], number>;

  constructor(db: Database.Database, table: 'hour' | 'minute', period: number) {
    this.#period = period;
    const rows = `FROM ${table} WHERE e = ? AND ts >= ? AND ts < ?`;
    // Rows come in the order of the primary key (e, ts), and so do the columns.
    this.#dense = db.prepare(
      `SELECT group_concat(uj) AS uj, count(*) AS count, min(src) AS lowestSrc, max(src) AS highestSrc ${rows}`,
    );
    this.#columns = db.prepare(
      `SELECT group_concat(ts) AS ts, group_concat(uj) AS uj, group_concat(cpu_us) AS cpu, group_concat(max_mw) AS mw,
         min(src) AS lowestSrc, max(src) AS highestSrc ${rows}`,
    );
    this.#sources = db.prepare<[number, number, number], number>(`SELECT src ${rows} ORDER BY ts`).pluck();
  }

  /** False, with nothing added, where the entity has not a row in every period of the range. */
  addDense(id: number, { from, to }: SecondsRange, group: Accumulator): boolean {
    const found = this.#dense.get(id, from, to);
    if (found === undefined || found.count !== (to - from) / this.#period) return false;
    const uj = numbers(found.uj);
    const mixed = this.#mixedSources(found, id, from, to);
    for (let i = 0; i < uj.length; i++) {
      group.add(from + i * this.#period, uj[i]!, Number.NaN, Number.NaN, mixed?.[i] ?? found.highestSrc);
    }
    return true;
  }

  add(id: number, { from, to }: SecondsRange, group: Accumulator): void {
    const found = this.#columns.get(id, from, to);
    if (found === undefined || found.lowestSrc === null) return;
    const [ts, uj, cpu, mw] = [found.ts, found.uj, found.cpu, found.mw].map(numbers);
    const mixed = this.#mixedSources(found, id, from, to);
    for (let i = 0; i < ts!.length; i++) {
      group.add(ts![i]!, uj![i]!, cpu![i]!, mw![i]!, mixed?.[i] ?? found.highestSrc);
    }
  }

  #mixedSources(found: Sources, id: number, from: number, to: number): number[] | undefined {
    return found.lowestSrc === found.highestSrc ? undefined : this.#sources.all(id, from, to);
  }
}

function numbers(column: string): number[] {
  return JSON.parse(`[${column}]`) as number[];
}
