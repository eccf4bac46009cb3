import type Database from 'better-sqlite3';
import { CODEC_DELTA_VARINT_ZSTD, encodeBlock, SECONDS_PER_BLOCK } from './block-codec.ts';
import { blockId, METERED_TIME_ID, PERIOD_STATE } from './schema.ts';
import { unionOfSourcesSql } from './source-bits.ts';

const HOUR = SECONDS_PER_BLOCK;
/** Seconds of `recent` read in one step: about 2 ms with 200 rows a second. */
const SECONDS_PER_READ = 20;
const BLOCKS_PER_STEP = 4;
const SUMS_PER_STEP = 60;

interface HourRow {
  readonly e: number;
  readonly uj: number;
  readonly cpu: number;
  readonly maxMw: number;
  readonly src: number;
}

/**
 * Turns the finished hour into one block and one hour row for each entity, a little at a time. Nothing of it is
 * visible before the last step, and every step can be done again: after a crash the hour is simply closed anew.
 */
export class HourClose {
  readonly hour: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #seconds = new Map<number, { readonly perSecond: Float64Array; src: number }>();
  readonly #meteredMilliseconds = new Float64Array(HOUR);
  readonly #summed: HourRow[] = [];
  #entities: readonly { readonly id: number; readonly kind: string }[] | undefined;
  #read = 0;
  #closed = 0;

  constructor(db: Database.Database, hour: number) {
    this.hour = hour;
    this.#statements = prepareStatements(db);
  }

  /** One piece of work, inside the caller's transaction. True when the hour is closed. */
  step(): boolean {
    this.#entities ??= this.#statements.entities.all(this.hour, this.hour + HOUR);
    if (this.#read < HOUR) {
      this.#readSeconds();
      return false;
    }
    if (this.#closed < this.#entities.length) {
      this.#closeEntities(this.#entities);
      return false;
    }
    this.#finish();
    return true;
  }

  #readSeconds(): void {
    if (this.#read === 0) {
      for (const { id, kind } of this.#entities!) {
        // Processes come and go: their minutes are enough, a block for each would be most of the file.
        if (kind !== 'process') this.#seconds.set(id, { perSecond: new Float64Array(HOUR), src: 0 });
      }
    }
    const from = this.hour + this.#read;
    const to = from + SECONDS_PER_READ;
    for (const { ts, ms } of this.#statements.meteredSeconds.all(from, to)) {
      this.#meteredMilliseconds[ts - this.hour] = ms;
    }
    for (const [ts, e, uj, src] of this.#statements.seconds.all(from, to)) {
      const series = this.#seconds.get(e);
      if (series === undefined) continue;
      series.perSecond[ts - this.hour] = uj;
      series.src |= src;
    }
    this.#read += SECONDS_PER_READ;
  }

  #closeEntities(entities: readonly { readonly id: number }[]): void {
    let blocks = 0;
    for (
      let sums = 0;
      sums < SUMS_PER_STEP && blocks < BLOCKS_PER_STEP && this.#closed < entities.length;
      sums++
    ) {
      const { id } = entities[this.#closed++]!;
      const row = this.#statements.sum.get(id, this.hour, this.hour + HOUR);
      if (row === undefined) continue;
      this.#summed.push(row);
      const series = this.#seconds.get(id);
      if (series === undefined || row.uj === 0) continue;
      this.#writeBlock(id, series.perSecond, series.src);
      this.#seconds.delete(id);
      blocks += 1;
    }
  }

  #writeBlock(id: number, perSecond: Float64Array, src: number, quantum?: number): void {
    const block = encodeBlock(perSecond, quantum);
    this.#statements.writeBlock.run(
      blockId(id, this.hour),
      perSecond.length,
      block.quantum,
      CODEC_DELTA_VARINT_ZSTD,
      src,
      block.sum,
      block.data,
    );
  }

  #finish(): void {
    const s = this.#statements;
    const metered = s.meteredHour.get(this.hour)?.ms ?? 0;
    this.#writeBlock(METERED_TIME_ID, this.#meteredMilliseconds, 0, 1);
    for (const { e, uj, cpu, maxMw, src } of this.#summed)
      s.writeHour.run(e, this.hour, uj, cpu, maxMw, metered, src);
    s.markClosed.run(PERIOD_STATE.rolledUp, this.hour);
  }
}

function prepareStatements(db: Database.Database) {
  return {
    entities: db.prepare<[number, number], { id: number; kind: string }>(
      'SELECT id, kind FROM entity WHERE last_ts >= ? AND first_ts < ? ORDER BY id',
    ),
    seconds: db
      .prepare<[number, number], [number, number, number, number]>(
        'SELECT ts, e, uj, src FROM recent WHERE ts >= ? AND ts < ?',
      )
      .raw(),
    meteredSeconds: db.prepare<[number, number], { ts: number; ms: number }>(
      'SELECT ts, ms FROM coverage WHERE period = 1 AND ts >= ? AND ts < ?',
    ),
    meteredHour: db.prepare<[number], { ms: number }>(
      'SELECT ms FROM coverage WHERE period = 3600 AND ts = ?',
    ),
    sum: db.prepare<[number, number, number], HourRow>(
      `SELECT e, sum(uj) AS uj, sum(cpu_us) AS cpu, max(max_mw) AS maxMw, ${unionOfSourcesSql('src')} AS src
       FROM minute WHERE e = ? AND ts >= ? AND ts < ? GROUP BY e`,
    ),
    writeBlock: db.prepare(
      'INSERT OR REPLACE INTO block (id, n, q, codec, src, uj_sum, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    writeHour: db.prepare(
      'INSERT OR REPLACE INTO hour (e, ts, uj, cpu_us, max_mw, ms, src) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    markClosed: db.prepare<[number, number]>('UPDATE coverage SET state = ? WHERE period = 3600 AND ts = ?'),
  };
}
