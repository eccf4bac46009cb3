import type Database from 'better-sqlite3';
import { decodeBlock } from './block-codec.ts';
import { type Buckets, createBuckets } from './buckets.ts';
import { historyErrors } from './errors.ts';
import { type EntityRow, entitiesOf, type QueryEntity } from './query-entities.ts';
import { kindsOf, type ReportBy } from './report-kinds.ts';
import { blockId, METERED_TIME_ID } from './schema.ts';
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
}

/** Sums of one entity in each bucket. All arrays have one value a bucket. */
export interface EntitySeries {
  readonly entity: QueryEntity;
  readonly totalMicrojoules: number;
  readonly microjoules: Float64Array;
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
    addStoredRows(db, buckets, groups);
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

class Accumulator {
  readonly rows: EntityRow[] = [];
  readonly #buckets: Buckets;
  readonly #microjoules: Float64Array;
  readonly #cpu: Float64Array;
  readonly #maxMilliwatts: Float64Array;
  readonly #bits: Uint8Array;
  total = 0;
  used = false;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
    this.#microjoules = new Float64Array(buckets.count);
    this.#cpu = new Float64Array(buckets.count);
    this.#maxMilliwatts = new Float64Array(buckets.count);
    this.#bits = new Uint8Array(buckets.count);
  }

  add(ts: number, uj: number, cpu: number, maxMw: number, src: number): void {
    const i = this.#buckets.indexOf(ts);
    this.#microjoules[i]! += uj;
    this.#cpu[i]! += cpu;
    if (maxMw > this.#maxMilliwatts[i]!) this.#maxMilliwatts[i] = maxMw;
    this.#bits[i]! |= src;
    this.total += uj;
    this.used = true;
  }

  finish(): EntitySeries {
    const [first] = this.rows;
    const { kind, ns, name, uid, pid, exe } = first!;
    const shared = this.rows.length > 1;
    return {
      entity: {
        kind,
        namespace: ns,
        name,
        uid: shared ? '' : uid,
        pid: shared || pid === null ? undefined : pid,
        exe,
        count: this.rows.length,
      },
      totalMicrojoules: this.total,
      microjoules: this.#microjoules,
      cpuMicroseconds: this.#cpu,
      maxMilliwatts: this.#maxMilliwatts,
      sourceBits: this.#bits,
    };
  }
}

interface JsonColumns {
  readonly ts: string;
  readonly uj: string;
  readonly cpu: string;
  readonly mw: string;
  readonly lowestSrc: number | null;
  readonly highestSrc: number;
}

/** Whole columns as JSON arrays: a third of the CPU time of one JavaScript row a database row. */
function addStoredRows(
  db: Database.Database,
  buckets: Buckets,
  groups: ReadonlyMap<number, Accumulator>,
): void {
  for (const table of ['hour', 'minute'] as const) {
    const ranges = table === 'hour' ? buckets.hourRanges : buckets.minuteRanges;
    if (ranges.length === 0) continue;
    const columns = db.prepare<[number, number, number], JsonColumns>(
      `SELECT json_group_array(ts) AS ts, json_group_array(uj) AS uj, json_group_array(cpu_us) AS cpu,
         json_group_array(max_mw) AS mw, min(src) AS lowestSrc, max(src) AS highestSrc
       FROM ${table} WHERE e = ? AND ts >= ? AND ts < ?`,
    );
    const sources = db
      .prepare<[number, number, number], number>(
        `SELECT src FROM ${table} WHERE e = ? AND ts >= ? AND ts < ? ORDER BY ts`,
      )
      .pluck();
    for (const [id, group] of groups) {
      for (const { from, to } of ranges) {
        const found = columns.get(id, from, to);
        if (found === undefined || found.lowestSrc === null) continue;
        const ts = JSON.parse(found.ts) as number[];
        const uj = JSON.parse(found.uj) as number[];
        const cpu = JSON.parse(found.cpu) as number[];
        const mw = JSON.parse(found.mw) as number[];
        const mixed = found.lowestSrc === found.highestSrc ? undefined : sources.all(id, from, to);
        for (let i = 0; i < ts.length; i++) {
          group.add(ts[i]!, uj[i]!, cpu[i]!, mw[i]!, mixed === undefined ? found.highestSrc : mixed[i]!);
        }
      }
    }
  }
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
        group.add(ts, values[s]!, 0, values[s]! / Math.max(1, milliseconds[s]!), row.src);
      }
    }
  }
}

function decodeRow(row: { n: number; q: number; codec: number; uj_sum: number; data: Buffer }): Float64Array {
  return decodeBlock({ count: row.n, quantum: row.q, codec: row.codec, sum: row.uj_sum, data: row.data });
}
