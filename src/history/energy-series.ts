import type Database from 'better-sqlite3';
import { Accumulator } from './accumulator.ts';
import { decodeBlock } from './block-codec.ts';
import { type Buckets, createBuckets } from './buckets.ts';
import { historyErrors } from './errors.ts';
import { entitiesOf, type QueryEntity } from './query-entities.ts';
import { kindsOf, type ReportBy } from './report-kinds.ts';
import { blockId, METERED_TIME_ID } from './schema.ts';
import { addStoredRows } from './stored-rows.ts';
import { openMinutesOf } from './views.ts';

export interface EnergyQuery {
  readonly by: ReportBy;
  readonly sinceUnixMilliseconds: number;
  readonly untilUnixMilliseconds: number;
  /** Length of a bucket, whole seconds; one bucket for the whole range when left out. Buckets are aligned to UTC. */
  readonly everyMilliseconds?: number | undefined;
  /** Only the entities with the most energy; all when left out. */
  readonly top?: number | undefined;
  /** One entity for all that share namespace and name (many short processes of one program). */
  readonly groupByName?: boolean | undefined;
  /** CPU time and greatest power are not needed and may be NaN: takes most of the work away. */
  readonly energyOnly?: boolean | undefined;
}

/** Sums of one entity in each bucket. All arrays have one value a bucket. */
export interface EntitySeries {
  readonly entity: QueryEntity;
  readonly totalMicrojoules: number;
  readonly microjoules: Float64Array;
  /** NaN where it is not known (seconds from blocks) or not asked for. */
  readonly cpuMicroseconds: Float64Array;
  readonly maxMilliwatts: Float64Array;
  /** Flags of `source-bits.ts`; 0 where there is no row. */
  readonly sourceBits: Uint8Array;
}

export interface EnergySeriesResult {
  readonly query: EnergyQuery;
  readonly buckets: Buckets;
  /** Most energy first. */
  readonly series: readonly EntitySeries[];
  /** Entities left out by `top`, and their energy. */
  readonly omitted: { readonly entities: number; readonly microjoules: number };
  /** Sentences about what the range or the stored resolution leaves out. */
  readonly notes: readonly string[];
}

const HOUR = 3600;

/** Answers a query from hours where it can, minutes where it must, and seconds for steps below a minute. */
export function energySeries(db: Database.Database, query: EnergyQuery): EnergySeriesResult {
  const notes: string[] = [];
  const buckets = createBuckets(db, query, notes);
  const entities = entitiesOf(db, query, buckets);
  const groups = new Map<number, Accumulator>();
  const byKey = new Map<string, Accumulator>();
  for (const row of entities) {
    const key = query.groupByName === true ? `${row.kind}\0${row.ns}\0${row.name}` : String(row.id);
    let group = byKey.get(key);
    if (group === undefined) {
      group = new Accumulator(buckets);
      byKey.set(key, group);
    }
    group.rows.push(row);
    groups.set(row.id, group);
  }
  if (buckets.resolution === 'second') addSeconds(db, query, buckets, groups);
  else {
    addStoredRows(db, buckets, groups, query.energyOnly === true);
    addOpenMinutes(db, query, buckets, groups);
  }
  const found = [...byKey.values()].filter((group) => group.used);
  found.sort((a, b) => b.total - a.total);
  const kept = query.top === undefined ? found : found.slice(0, query.top);
  const rest = found.slice(kept.length);
  return {
    query,
    buckets,
    series: kept.map((group) => group.finish()),
    omitted: { entities: rest.length, microjoules: rest.reduce((sum, group) => sum + group.total, 0) },
    notes,
  };
}

/** Minutes that still exist as seconds only. */
function addOpenMinutes(
  db: Database.Database,
  query: EnergyQuery,
  buckets: Buckets,
  groups: ReadonlyMap<number, Accumulator>,
): void {
  const rows = db
    .prepare<[], { e: number; ts: number; uj: number; cpu_us: number; max_mw: number; src: number }>(
      openMinutesOf(`x.kind IN (${kindsOf(query.by)})`),
    )
    .iterate();
  for (const { e, ts, uj, cpu_us, max_mw, src } of rows) {
    const covered = buckets.minuteRanges.some(({ from, to }) => ts >= from && ts < to);
    if (covered) groups.get(e)?.add(ts, uj, cpu_us, max_mw, src);
  }
}

/** Plain rows as far back as they go, blocks before that. */
function addSeconds(
  db: Database.Database,
  query: EnergyQuery,
  buckets: Buckets,
  groups: ReadonlyMap<number, Accumulator>,
): void {
  const rows = db
    .prepare<[number, number], [number, number, number, number, number, number]>(
      `SELECT r.ts, r.e, r.uj, r.cpu_us, r.uj / max(s.ms, 1), r.src FROM coverage s CROSS JOIN recent r
       WHERE s.period = 1 AND s.ts >= ? AND s.ts < ? AND r.ts = s.ts`,
    )
    .raw();
  for (const [ts, e, uj, cpu, mw, src] of rows.iterate(
    Math.max(buckets.from, buckets.plainSecondsFrom),
    buckets.to,
  )) {
    groups.get(e)?.add(ts, uj, cpu, mw, src);
  }
  if (buckets.from >= buckets.plainSecondsFrom) return;
  if (query.by === 'process') {
    throw historyErrors.KISIM_E_HISTORY_QUERY(
      'processes by the second, from before the seconds that are kept as rows',
    );
  }
  const block = db.prepare<
    [number],
    { n: number; q: number; codec: number; src: number; uj_sum: number; data: Buffer }
  >('SELECT n, q, codec, src, uj_sum, data FROM block WHERE id = ?');
  const until = Math.min(buckets.to, buckets.plainSecondsFrom);
  for (let hour = buckets.from - (buckets.from % HOUR); hour < until; hour += HOUR) {
    const timeRow = block.get(blockId(METERED_TIME_ID, hour));
    if (timeRow === undefined) continue;
    const milliseconds = decodeRow(timeRow);
    for (let s = 0; s < HOUR; s++) {
      if (hour + s >= buckets.from && hour + s < until)
        buckets.addMetered(hour + s, milliseconds[s]!, milliseconds[s]!);
    }
    for (const [id, group] of groups) {
      const row = block.get(blockId(id, hour));
      if (row === undefined) continue;
      const values = decodeRow(row);
      for (let s = 0; s < HOUR; s++) {
        const ts = hour + s;
        if (values[s] === 0 || ts < buckets.from || ts >= until) continue;
        group.add(ts, values[s]!, Number.NaN, values[s]! / Math.max(1, milliseconds[s]!), row.src);
      }
    }
  }
}

function decodeRow(row: { n: number; q: number; codec: number; uj_sum: number; data: Buffer }): Float64Array {
  return decodeBlock({ count: row.n, quantum: row.q, codec: row.codec, sum: row.uj_sum, data: row.data });
}
