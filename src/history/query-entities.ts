import type Database from 'better-sqlite3';
import type { Buckets } from './buckets.ts';
import type { EnergyQuery } from './energy-series.ts';
import { kindsOf } from './report-kinds.ts';

/** What an answer says of the thing that burnt the energy. */
export interface QueryEntity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Container id, pod uid, ...; '' for processes and where several entities were put together. */
  readonly uid: string;
  readonly pid: number | undefined;
  readonly exe: string;
  /** Entities put together under this name. */
  readonly count: number;
}

export interface EntityRow {
  readonly id: number;
  readonly kind: string;
  readonly ns: string;
  readonly name: string;
  readonly uid: string;
  readonly pid: number | null;
  readonly exe: string;
}

/** `last_ts` may lag by up to an hour while the entity lives. */
const LAST_SEEN_LAG = 3600;

export function entitiesOf(
  db: Database.Database,
  query: EnergyQuery,
  buckets: Buckets,
): readonly EntityRow[] {
  return db
    .prepare<[number, number], EntityRow>(
      `SELECT id, kind, ns, name, uid, pid, exe FROM entity
       WHERE kind IN (${kindsOf(query.by)}) AND last_ts >= ? AND first_ts < ?`,
    )
    .all(buckets.from - LAST_SEEN_LAG, buckets.to);
}
