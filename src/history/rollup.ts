import type Database from 'better-sqlite3';
import { HourClose } from './hour-close.ts';
import { PERIOD_STATE } from './schema.ts';
import { unionOfSourcesSql } from './source-bits.ts';

const HOUR = 3600;
/** Late seconds may still come for so long after the end of a period. */
const MINUTE_LAG_SECONDS = 3;
const HOUR_LAG_SECONDS = 30;
/** After a crash or a pause several minutes wait; two at a time keep each step short. */
const MINUTES_PER_STEP = 2;

/**
 * Makes minutes out of seconds and hours out of minutes, in small steps between the writes. What it does is decided
 * by the database alone (periods whose state is open), so a crash at any point costs nothing but the step.
 */
export class Rollup {
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #closing: HourClose | undefined;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#statements = prepareStatements(db);
  }

  /** One step of work, inside the caller's transaction; `now` in unix seconds. True if there was something to do. */
  step(now: number): boolean {
    return this.#sumMinutes(now) || this.#closeHour(now);
  }

  /** A second was added to an hour: if that one is being closed, its closing begins again. */
  hourChanged(hour: number): void {
    if (this.#closing?.hour === hour) this.#closing = undefined;
  }

  /** The transaction of the last step was rolled back: what the closing holds in memory is not to be trusted. */
  rolledBack(): void {
    this.#closing = undefined;
  }

  #sumMinutes(now: number): boolean {
    const due = this.#statements.dueMinutes.all(now - 60 - MINUTE_LAG_SECONDS, MINUTES_PER_STEP);
    for (const { ts } of due) {
      this.#statements.sumMinute.run(ts, ts, ts + 60);
      this.#statements.markMinute.run(PERIOD_STATE.rolledUp, ts);
    }
    return due.length > 0;
  }

  #closeHour(now: number): boolean {
    if (this.#closing === undefined) {
      const due = this.#statements.dueHour.get(now - HOUR - HOUR_LAG_SECONDS);
      if (due === undefined) return false;
      this.#closing = new HourClose(this.#db, due.ts);
    }
    if (this.#closing.step()) this.#closing = undefined;
    return true;
  }
}

function prepareStatements(db: Database.Database) {
  return {
    dueMinutes: db.prepare<[number, number], { ts: number }>(
      'SELECT ts FROM coverage WHERE state = 0 AND period > 1 AND period = 60 AND ts <= ? ORDER BY ts LIMIT ?',
    ),
    dueHour: db.prepare<[number], { ts: number }>(
      `SELECT h.ts AS ts FROM coverage h
       WHERE h.state = 0 AND h.period > 1 AND h.period = 3600 AND h.ts <= ?
         AND NOT EXISTS (SELECT 1 FROM coverage m WHERE m.state = 0 AND m.period > 1 AND m.period = 60
                         AND m.ts >= h.ts AND m.ts < h.ts + 3600)
       ORDER BY h.ts LIMIT 1`,
    ),
    sumMinute: db.prepare<[number, number, number]>(
      `INSERT OR REPLACE INTO minute (e, ts, uj, cpu_us, max_mw, src)
       SELECT r.e, ?, sum(r.uj), sum(r.cpu_us), max(r.uj / max(s.ms, 1)), ${unionOfSourcesSql('r.src')}
       FROM coverage s CROSS JOIN recent r
       WHERE s.period = 1 AND s.ts >= ? AND s.ts < ? AND r.ts = s.ts
       GROUP BY r.e`,
    ),
    markMinute: db.prepare<[number, number]>('UPDATE coverage SET state = ? WHERE period = 60 AND ts = ?'),
  };
}
