import type Database from 'better-sqlite3';
import type { Config } from '../config/config.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds } from '../util/units.ts';
import { BatchWriter } from './batch-writer.ts';
import type { ClusterNote } from './cluster-notes.ts';
import { ClusterWriter } from './cluster-writer.ts';
import type { DecisionNote } from './decision-notes.ts';
import { DecisionWriter } from './decision-writer.ts';
import { openDatabase, readMeta } from './open-database.ts';
import { Retention } from './retention.ts';
import { Rollup } from './rollup.ts';
import type { SecondBatch } from './second-batch.ts';
import { sqliteCode } from './sqlite-error.ts';

export interface HistoryDatabaseOptions {
  readonly config: Config['history'];
  readonly log: Logger;
  readonly now: () => Milliseconds;
  /** Why the database that is there has to be moved aside first. */
  readonly damage?: string | undefined;
  readonly openDatabase?: typeof openDatabase;
}

/** What is written in one transaction. */
export interface HistoryWrite {
  readonly batches: readonly SecondBatch[];
  /** Key and JSON. */
  readonly states: readonly (readonly [string, string])[];
  readonly decisions: readonly DecisionNote[];
}

/** The database of the history while it is open for writing. Everything throws as SQLite does. */
export class HistoryDatabase {
  readonly #db: Database.Database;
  readonly #log: Logger;
  readonly #batches: BatchWriter;
  readonly #decisions: DecisionWriter;
  readonly #cluster: ClusterWriter;
  readonly #rollup: Rollup;
  readonly #retention: Retention;
  readonly #transaction: (work: () => void) => void;

  /** @throws KISIM_E_HISTORY_FOREIGN, _NEWER, _MIGRATION, _OPEN */
  constructor({ config, log, now, damage, openDatabase: open = openDatabase }: HistoryDatabaseOptions) {
    const { path, busyTimeoutMilliseconds } = config;
    const db = open({ path, busyTimeoutMilliseconds, log, now, damage });
    this.#db = db;
    this.#log = log;
    this.#batches = new BatchWriter(db);
    this.#decisions = new DecisionWriter(db);
    this.#cluster = new ClusterWriter(db);
    this.#rollup = new Rollup(db);
    this.#retention = new Retention(db, config);
    const run = db.transaction((work: () => void) => work());
    this.#transaction = (work) => run.immediate(work);
  }

  /** Of the last second that was ever written; undefined: none was. */
  get lastUnixSeconds(): number | undefined {
    return readMeta(this.#db, 'last_ts');
  }

  /** JSON. */
  state(key: string): string | undefined {
    return this.#db.prepare<[string], { value: string }>('SELECT value FROM state WHERE key = ?').get(key)
      ?.value;
  }

  /** In one transaction. */
  write({ batches, states, decisions }: HistoryWrite): void {
    try {
      this.#transaction(() => {
        for (const batch of batches) this.#writeBatch(batch);
        const keep = this.#db.prepare(
          'INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
        );
        for (const [key, value] of states) keep.run(key, value);
        this.#decisions.write(decisions);
      });
    } catch (error) {
      this.#batches.rolledBack();
      this.#rollup.rolledBack();
      throw error;
    }
    this.#batches.committed();
  }

  #writeBatch(batch: SecondBatch): void {
    const { unixSeconds } = batch;
    this.#batches.write(batch);
    this.#rollup.hourChanged(unixSeconds - (unixSeconds % 3600));
    if (!this.#rollup.step(unixSeconds)) {
      this.#retention.step(unixSeconds, Math.max(1, batch.meteredMilliseconds / 1000));
    }
  }

  /** In one transaction. */
  writeCluster(notes: readonly ClusterNote[]): void {
    try {
      this.#transaction(() => this.#cluster.write(notes));
    } catch (error) {
      this.#cluster.rolledBack();
      throw error;
    }
  }

  /** A step of giving room back to the file system. */
  vacuum(): void {
    this.#retention.vacuum();
  }

  /** As it is, where it is damaged. */
  abandon(): void {
    this.#db.close();
  }

  /** @param complete whether all that was known is in it */
  close(complete: boolean): void {
    const db = this.#db;
    if (!db.open) return;
    try {
      if (complete) db.prepare("UPDATE meta SET value = 1 WHERE key = 'clean'").run();
      // A database without WAL files can be read from a read-only folder. Refused while others read: then WAL stays.
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.pragma('journal_mode = DELETE');
    } catch (error) {
      if (sqliteCode(error) === undefined) throw error;
      this.#log.debug('history-kept-wal', { error });
    } finally {
      db.close();
    }
  }
}
