import type Database from 'better-sqlite3';
import type { Config } from '../config/config.ts';
import { readMeta } from './open-database.ts';
import { BLOCK_ID_STRIDE, METERED_TIME_ID, PERIOD_STATE, UNATTRIBUTED_ID } from './schema.ts';

const HOUR = 3600;
const DAY = 86_400;
const SECONDS_PER_STEP = 4;
const ENTITIES_PER_STEP = 4;
const HOUSEKEEPING_STEPS = 60;
const VACUUM_PAGES = 64;
const DECISIONS_PER_STEP = 2000;
const CLUSTER_ROWS_PER_STEP = 2000;
/** A minute of 5,000 nodes is so many rows, and as many must go in a minute. */
const NODE_MINUTES_PER_STEP = 6000;
/** Pods of no real cluster come all day, and nobody asks for them a month later. */
const SIMULATED_DAYS = 1;
/**
 * The clock that retention goes by runs at most this many times as fast as the meter: a wall clock that jumps years
 * ahead by mistake must not empty the history before somebody has set it right.
 */
const FASTEST_PACE = 24;

export type RetentionConfig = Pick<
  Config['history'],
  'recentHours' | 'minuteDays' | 'processMinuteDays' | 'blockDays' | 'hourDays' | 'decisionDays'
>;

/** Deletes what is older than the configuration keeps, a few rows at each step. */
export class Retention {
  readonly #db: Database.Database;
  readonly #config: RetentionConfig;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #clock: number | undefined;
  #cursor = -1;
  #steps = 0;

  constructor(db: Database.Database, config: RetentionConfig) {
    this.#db = db;
    this.#config = config;
    this.#statements = prepareStatements(db);
  }

  /**
   * One step, inside the caller's transaction.
   *
   * @param now unix seconds of the newest row
   * @param elapsed seconds that the meter has run since the step before
   */
  step(now: number, elapsed: number): void {
    const clock = this.#advance(now, elapsed);
    this.#deleteSeconds(now);
    this.#sweep(clock);
    this.#steps += 1;
    if (this.#steps % HOUSEKEEPING_STEPS !== 0) return;
    this.#statements.setMeta.run('retention_ts', clock);
    this.#deletePeriods(clock);
  }

  /** Gives freed pages back to the file system; outside a transaction. */
  vacuum(): void {
    if (this.#steps % HOUSEKEEPING_STEPS !== 1) return;
    const free = Number(this.#db.pragma('freelist_count', { simple: true }));
    const pages = Number(this.#db.pragma('page_count', { simple: true }));
    // Some free pages are good: the rows of the next hour go there.
    if (free > pages / 8 && free > VACUUM_PAGES) this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
  }

  #advance(now: number, elapsed: number): number {
    const before = this.#clock ?? readMeta(this.#db, 'retention_ts') ?? now;
    const allowed = Math.ceil(Math.max(0, elapsed) * FASTEST_PACE);
    this.#clock = Math.min(now, before + allowed);
    return this.#clock;
  }

  /** Seconds go when their hour has been rolled up and they are older than `recentHours`. */
  #deleteSeconds(now: number): void {
    const s = this.#statements;
    const cut = now - this.#config.recentHours * HOUR;
    for (const { ts } of s.oldestSeconds.all(cut, SECONDS_PER_STEP)) {
      const hour = ts - (ts % HOUR);
      const state = s.hourState.get(hour)?.state;
      if (state === PERIOD_STATE.open) return;
      const minute = s.minuteState.get(ts - (ts % 60))?.state;
      if (minute === PERIOD_STATE.open) return;
      if (state === PERIOD_STATE.rolledUp) s.markGone.run(PERIOD_STATE.finerRowsGone, hour);
      s.deleteRecent.run(ts);
      s.deleteSecond.run(ts);
    }
  }

  #sweep(clock: number): void {
    const s = this.#statements;
    const rows = s.nextEntities.all(this.#cursor, ENTITIES_PER_STEP);
    this.#cursor = rows.at(-1)?.id ?? -1;
    const days = this.#config;
    const hourCut = clock - days.hourDays * DAY;
    const processCut = clock - days.processMinuteDays * DAY;
    const blockHour = Math.floor((clock - days.blockDays * DAY) / HOUR);
    if (rows.length < ENTITIES_PER_STEP) this.#deleteBlocks(METERED_TIME_ID, blockHour);
    for (const { id, kind, last_ts } of rows) {
      const isProcess = kind === 'process';
      s.deleteMinutes.run(id, isProcess ? processCut : clock - days.minuteDays * DAY);
      s.deleteHours.run(id, isProcess ? processCut : hourCut);
      if (!isProcess) this.#deleteBlocks(id, blockHour);
      // `last_ts` may lag by an hour.
      if (id > UNATTRIBUTED_ID && last_ts + HOUR < (isProcess ? processCut : hourCut)) s.deleteEntity.run(id);
    }
  }

  #deleteBlocks(id: number, beforeHour: number): void {
    const first = id * BLOCK_ID_STRIDE;
    this.#statements.deleteBlocks.run(first, first + Math.max(0, beforeHour));
  }

  #deletePeriods(clock: number): void {
    const s = this.#statements;
    const longestMinutes = Math.max(this.#config.minuteDays, this.#config.processMinuteDays);
    s.deleteCoverage.run(60, clock - longestMinutes * DAY);
    s.deleteCoverage.run(HOUR, clock - this.#config.hourDays * DAY);
    s.deleteGaps.run(clock - this.#config.hourDays * DAY);
    s.deleteDecisions.run((clock - this.#config.decisionDays * DAY) * 1000, DECISIONS_PER_STEP);
    this.#deleteClusterRows(clock);
  }

  #deleteClusterRows(clock: number): void {
    const s = this.#statements;
    const cut = (clock - this.#config.decisionDays * DAY) * 1000;
    s.deletePodRuns.run(cut, CLUSTER_ROWS_PER_STEP);
    const simulatedCut = (clock - Math.min(SIMULATED_DAYS, this.#config.decisionDays) * DAY) * 1000;
    s.deleteSimulatedDecisions.run(simulatedCut, DECISIONS_PER_STEP);
    s.deleteSimulatedRuns.run(simulatedCut, CLUSTER_ROWS_PER_STEP);
    s.deleteShapes.run(cut, CLUSTER_ROWS_PER_STEP);
    s.deleteNodesSeen.run(cut);
    s.deleteWatches.run(cut);
    for (const statement of s.deleteCollected) statement.run(cut, CLUSTER_ROWS_PER_STEP);
    s.deleteNodeEnergy.run(clock - this.#config.minuteDays * DAY, NODE_MINUTES_PER_STEP);
  }
}

function prepareStatements(db: Database.Database) {
  return {
    oldestSeconds: db.prepare<[number, number], { ts: number }>(
      'SELECT ts FROM coverage WHERE period = 1 AND ts < ? ORDER BY ts LIMIT ?',
    ),
    hourState: db.prepare<[number], { state: number }>(
      'SELECT state FROM coverage WHERE period = 3600 AND ts = ?',
    ),
    minuteState: db.prepare<[number], { state: number }>(
      'SELECT state FROM coverage WHERE period = 60 AND ts = ?',
    ),
    markGone: db.prepare<[number, number]>('UPDATE coverage SET state = ? WHERE period = 3600 AND ts = ?'),
    deleteRecent: db.prepare<[number]>('DELETE FROM recent WHERE ts = ?'),
    deleteSecond: db.prepare<[number]>('DELETE FROM coverage WHERE period = 1 AND ts = ?'),
    nextEntities: db.prepare<[number, number], { id: number; kind: string; last_ts: number }>(
      'SELECT id, kind, last_ts FROM entity WHERE id > ? ORDER BY id LIMIT ?',
    ),
    deleteMinutes: db.prepare<[number, number]>('DELETE FROM minute WHERE e = ? AND ts < ?'),
    deleteHours: db.prepare<[number, number]>('DELETE FROM hour WHERE e = ? AND ts < ?'),
    deleteBlocks: db.prepare<[number, number]>('DELETE FROM block WHERE id >= ? AND id < ?'),
    deleteEntity: db.prepare<[number]>('DELETE FROM entity WHERE id = ?'),
    deleteCoverage: db.prepare<[number, number]>(
      'DELETE FROM coverage WHERE period = ? AND ts < ? AND state > 0',
    ),
    deleteDecisions: db.prepare<[number, number]>(
      'DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE ms < ? ORDER BY ms LIMIT ?)',
    ),
    deletePodRuns: db.prepare<[number, number]>(
      'DELETE FROM pod_run WHERE id IN (SELECT id FROM pod_run WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?)',
    ),
    deleteSimulatedDecisions: db.prepare<[number, number]>(
      `DELETE FROM decision WHERE id IN
         (SELECT id FROM decision WHERE cluster = 'simulated' AND ms < ? ORDER BY ms LIMIT ?)`,
    ),
    deleteSimulatedRuns: db.prepare<[number, number]>(
      `DELETE FROM pod_run WHERE id IN
         (SELECT id FROM pod_run WHERE cluster = 'simulated' AND ended_ms < ? ORDER BY ended_ms LIMIT ?)`,
    ),
    deleteShapes: db.prepare<[number, number]>(
      `DELETE FROM pod_shape WHERE id IN (SELECT s.id FROM pod_shape s WHERE s.seen_ms < ?
         AND NOT EXISTS (SELECT 1 FROM pod_run p WHERE p.shape = s.id) LIMIT ?)`,
    ),
    deleteNodesSeen: db.prepare<[number]>('DELETE FROM node_seen WHERE last_ms < ?'),
    deleteWatches: db.prepare<[number]>('DELETE FROM cluster_watch WHERE to_ms < ?'),
    deleteCollected: [
      ...(
        [
          ['job', 'seen_ms'],
          ['job_pod', 'seen_ms'],
          ['cluster_state', 'ms'],
          ['scheduling_event', 'ms'],
          ['metric', 'ms'],
          ['collection', 'to_ms'],
          ['scaling', 'ms'],
          ['admission', 'ms'],
        ] as const
      ).map(([table, time]) =>
        db.prepare<[number, number]>(
          `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${time} < ? ORDER BY ${time} LIMIT ?)`,
        ),
      ),
      db.prepare<[number, number]>(
        `DELETE FROM node_use WHERE (ms, n, source) IN
           (SELECT ms, n, source FROM node_use WHERE ms < ? ORDER BY ms LIMIT ?)`,
      ),
      db.prepare<[number, number]>(
        `DELETE FROM collection_gap WHERE (cluster, from_ms, reason) IN
           (SELECT cluster, from_ms, reason FROM collection_gap WHERE to_ms < ? LIMIT ?)`,
      ),
    ],
    deleteNodeEnergy: db.prepare<[number, number]>(
      `DELETE FROM node_energy WHERE (ts, n, source) IN
         (SELECT ts, n, source FROM node_energy WHERE ts < ? ORDER BY ts LIMIT ?)`,
    ),
    deleteGaps: db.prepare<[number]>('DELETE FROM gap WHERE ts < ?'),
    setMeta: db.prepare<[string, number]>(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
  };
}
