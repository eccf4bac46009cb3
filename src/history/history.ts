import type { EnergyInterval, IntervalSink } from '../attribution/interval.ts';
import type { Config } from '../config/config.ts';
import { type Clock, systemClock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import { Backlog } from './backlog.ts';
import { ClusterNotes } from './cluster-notes.ts';
import type { ClusterRecordSink } from './cluster-record-sink.ts';
import type { CollectionNote, CollectionSink } from './collection-record.ts';
import { type DecisionNote, DecisionNotes } from './decision-notes.ts';
import type { DecisionRecord } from './decision-record.ts';
import { historyErrors } from './errors.ts';
import { HistoryDatabase } from './history-database.ts';
import type { AdmissionRecord, ScalingRecord } from './loop-record.ts';
import type { NodeEnergyRecord } from './node-energy-record.ts';
import type { ClusterWatchedRecord, NodeSeenRecord, PodsPresentRecord } from './node-seen-record.ts';
import type { openDatabase } from './open-database.ts';
import type { PodRunRecord } from './pod-run-record.ts';
import type { GapNote, SecondBatch } from './second-batch.ts';
import { SecondBuffer } from './second-buffer.ts';
import { isDamage, mayPass, sqliteCode } from './sqlite-error.ts';
import { takeWriterLock, type WriterLock } from './writer-lock.ts';

/** Seconds written in one transaction when there is a backlog. */
const BATCHES_PER_FLUSH = 10;
const LOG_FAILURE_EVERY_SECONDS = 60;
/** A pause between two daemons shorter than this is not worth a gap. */
const SHORTEST_PAUSE_SECONDS = 3;

export interface HistoryOptions {
  readonly config: Config['history'];
  readonly log: Logger;
  readonly clock?: Clock;
  /** Runs the write after the meter's tick; `setImmediate` when left out. */
  readonly defer?: (write: () => void) => void;
  /** Rows kept in memory while the disk takes none. */
  readonly backlogRowLimit?: number;
  /** Replaced by tests that need the connection to fail. */
  readonly openDatabase?: typeof openDatabase;
}

export interface HistoryStatus {
  readonly ok: boolean;
  /** SQLite's code and text of the last failed write since the last good one. */
  readonly lastError: string | undefined;
  readonly backlogBatches: number;
  readonly backlogRows: number;
  /** Metered seconds that had to be dropped since the start because the disk took nothing for too long. */
  readonly droppedSeconds: number;
  readonly lastWriteUnixSeconds: number | undefined;
  readonly rejectedValues: number;
  readonly unbalancedSeconds: number;
  /** Decisions dropped since the start because the disk took nothing for too long. */
  readonly droppedDecisions: number;
  /** The same of pods' lives, nodes and their energy. */
  readonly droppedClusterRecords: number;
}

/**
 * Keeps every interval: gathers them in memory and writes each finished second in one transaction. The daemon goes
 * on when the disk is full or read-only; what could not be written waits (see `Backlog`).
 *
 * @example
 * const history = new History({ config: config.history, log });
 * history.open();
 * history.accept(interval);
 * history.close();
 */
export class History implements IntervalSink, ClusterRecordSink, CollectionSink {
  readonly #options: HistoryOptions;
  readonly #clock: Clock;
  readonly #buffer = new SecondBuffer();
  readonly #backlog: Backlog;
  readonly #decisions = new DecisionNotes();
  readonly #cluster = new ClusterNotes(() => this.#isWorthWriting());
  readonly #pendingState = new Map<string, string>();
  #open: HistoryDatabase | undefined;
  #lock: WriterLock | undefined;
  #scheduled = false;
  #firstBatchSeen = false;
  /** Why the database has to be replaced before anything can be written. */
  #damage: string | undefined;
  #lastError: string | undefined;
  #failures = 0;
  #lastWriteUnixSeconds: number | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#backlog = new Backlog(options.backlogRowLimit);
  }

  /** @throws KISIM_E_HISTORY_LOCKED, _FOREIGN, _NEWER, _MIGRATION, _OPEN */
  open(): void {
    if (this.#open !== undefined) return;
    const { path } = this.#options.config;
    this.#lock = takeWriterLock(path);
    try {
      this.#open = this.#openHistory();
    } catch (error) {
      this.#lock.release();
      this.#lock = undefined;
      throw error;
    }
  }

  get status(): HistoryStatus {
    const { batches, rows, droppedSeconds } = this.#backlog.status;
    return {
      ok: this.#lastError === undefined,
      lastError: this.#lastError,
      backlogBatches: batches,
      backlogRows: rows,
      droppedSeconds,
      lastWriteUnixSeconds: this.#lastWriteUnixSeconds,
      rejectedValues: this.#buffer.rejectedValues,
      unbalancedSeconds: this.#buffer.unbalancedSeconds,
      droppedDecisions: this.#decisions.dropped,
      droppedClusterRecords: this.#cluster.dropped,
    };
  }

  accept(interval: EnergyInterval): void {
    if (this.#open === undefined) throw historyErrors.KISIM_E_HISTORY_CLOSED('accept()');
    const finished = this.#buffer.add(interval);
    if (finished === undefined) return;
    this.#enqueue(finished);
    this.#schedule();
  }

  /** Keeps a decision. It is written with the next second that the meter has finished, or by `flush`. Never throws. */
  record(decision: DecisionRecord): void {
    this.#note({ kind: 'decision', decision });
  }

  /** Where a pod that was decided on runs in the end: added to its newest decision. */
  bound(uid: string, node: string): void {
    this.#note({ kind: 'bound', uid, node });
  }

  /** Keeps a decision about replicas, as `record` does. Never throws. */
  scaled(scaling: ScalingRecord): void {
    this.#note({ kind: 'scaling', scaling });
  }

  /** Keeps a decision about a queue, as `record` does. Never throws. */
  admitted(admission: AdmissionRecord): void {
    this.#note({ kind: 'admission', admission });
  }

  #note(note: DecisionNote): void {
    this.#decisions.add(note);
    if (this.#decisions.isWorthWriting) this.#isWorthWriting();
  }

  /** The life of a pod, as far as it is known; kept like `record`, as are the four that follow. Never throws. */
  podRun(record: PodRunRecord): void {
    this.#cluster.podRun(record);
  }

  nodeEnergy(record: NodeEnergyRecord): void {
    this.#cluster.nodeEnergy(record);
  }

  nodeSeen(record: NodeSeenRecord): void {
    this.#cluster.nodeSeen(record);
  }

  podsPresent(record: PodsPresentRecord): void {
    this.#cluster.podsPresent(record);
  }

  clusterWatched(record: ClusterWatchedRecord): void {
    this.#cluster.clusterWatched(record);
  }

  /** What `kisimd collect` saw; kept like the lives of pods. Never throws. */
  collected(note: CollectionNote): void {
    this.#cluster.collected(note);
  }

  /** A burst does not wait for the meter. */
  #isWorthWriting(): void {
    if (this.#open !== undefined) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const defer = this.#options.defer ?? setImmediate;
    defer(() => {
      this.#scheduled = false;
      if (this.#open === undefined) return;
      const written = this.#write('a piece');
      // A whole cluster at once is written in pieces, between which others get their turn.
      if (written && this.#cluster.size > 0) this.#schedule();
    });
  }

  /** Writes what waits and does a step of rolling up. Returns false when the disk did not take it. */
  flush(): boolean {
    return this.#write('all');
  }

  #write(clusterRecords: 'a piece' | 'all'): boolean {
    if (this.#open === undefined) throw historyErrors.KISIM_E_HISTORY_CLOSED('flush()');
    if (this.#damage !== undefined && !this.#beginAnew(this.#damage)) return false;
    try {
      while (this.#writeSome(this.#open)) {
        // A long backlog goes in pieces, so that one piece is always kept when the next one fails.
      }
      // After the decisions: a pod's life names the one that placed it.
      let more = true;
      while (more) more = this.#writeCluster(this.#open) && clusterRecords === 'all';
      this.#open.vacuum();
      this.#succeeded();
      return true;
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** A JSON value that another part of the program kept, undefined if it never did. */
  loadState(key: string): unknown {
    const pending = this.#pendingState.get(key);
    if (pending !== undefined) return JSON.parse(pending);
    if (this.#open === undefined) throw historyErrors.KISIM_E_HISTORY_CLOSED('loadState()');
    const kept = this.#open.state(key);
    return kept === undefined ? undefined : JSON.parse(kept);
  }

  /** Keeps a JSON value; it is written together with the next second. */
  saveState(key: string, value: unknown): void {
    this.#pendingState.set(key, JSON.stringify(value));
  }

  /** Writes everything, also the second that has only begun. Returns false if something could not be written. */
  close(): boolean {
    const open = this.#open;
    if (open === undefined) return true;
    const last = this.#buffer.take();
    if (last !== undefined) this.#enqueue(last);
    let complete = false;
    try {
      complete = this.flush();
    } finally {
      (this.#open ?? open).close(complete);
      this.#open = undefined;
      this.#lock?.release();
      this.#lock = undefined;
    }
    return complete;
  }

  #openHistory(damage?: string): HistoryDatabase {
    const { config, log, openDatabase: open } = this.#options;
    const database = new HistoryDatabase({
      config,
      log,
      now: () => this.#clock.unixMilliseconds(),
      damage,
      ...(open === undefined ? {} : { openDatabase: open }),
    });
    this.saveState('retention', {
      recentHours: config.recentHours,
      minuteDays: config.minuteDays,
      processMinuteDays: config.processMinuteDays,
      blockDays: config.blockDays,
      hourDays: config.hourDays,
      decisionDays: config.decisionDays,
    });
    this.#lastWriteUnixSeconds = database.lastUnixSeconds;
    return database;
  }

  #enqueue(batch: SecondBatch): void {
    const pause = this.#backlog.isEmpty ? this.#pauseBefore(batch) : undefined;
    this.#backlog.add(pause === undefined ? batch : { ...batch, gaps: [pause, ...batch.gaps] });
  }

  /** Time in which no daemon ran, told once with the first second after it. */
  #pauseBefore(batch: SecondBatch): GapNote | undefined {
    if (this.#firstBatchSeen) return undefined;
    this.#firstBatchSeen = true;
    const last = this.#lastWriteUnixSeconds;
    if (last === undefined) return undefined;
    const seconds = batch.unixSeconds - last - 1;
    if (seconds < SHORTEST_PAUSE_SECONDS) return undefined;
    return { zone: '*', reason: 'not-running', seconds, startUnixSeconds: last + 1 };
  }

  /** One transaction; true if more waits. */
  #writeSome(open: HistoryDatabase): boolean {
    const batches = this.#backlog.oldest(BATCHES_PER_FLUSH);
    const states = [...this.#pendingState];
    const decisions = this.#decisions.oldest();
    if (batches.length === 0 && states.length === 0 && decisions.length === 0) return false;
    open.write({ batches, states, decisions });
    this.#backlog.remove(batches.length);
    this.#decisions.remove(decisions.length);
    for (const [key, value] of states) {
      if (this.#pendingState.get(key) === value) this.#pendingState.delete(key);
    }
    this.#lastWriteUnixSeconds = batches.at(-1)?.unixSeconds ?? this.#lastWriteUnixSeconds;
    return !this.#backlog.isEmpty || this.#decisions.size > 0;
  }

  /** One transaction; true if more waits. */
  #writeCluster(open: HistoryDatabase): boolean {
    const notes = this.#cluster.oldest();
    if (notes.length === 0) return false;
    open.writeCluster(notes);
    this.#cluster.remove(notes.length);
    return this.#cluster.size > 0;
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#options.log.info('history-writes-again', { failures: this.#failures });
    this.#failures = 0;
    this.#lastError = undefined;
  }

  #failed(error: unknown): boolean {
    const code = sqliteCode(error);
    if (code === undefined) throw error;
    this.#lastError = `${code}: ${error instanceof Error ? error.message : ''}`;
    if (this.#failures % LOG_FAILURE_EVERY_SECONDS === 0) {
      const found = `${this.#options.config.path}: ${this.#lastError}`;
      const coded = historyErrors.KISIM_E_HISTORY_WRITE(found, { cause: error });
      this.#options.log.error('history-not-written', { error: coded, ...this.#backlog.status });
    }
    this.#failures += 1;
    if (isDamage(code)) this.#beginAnew(this.#lastError);
    else if (!mayPass(code)) throw error;
    return false;
  }

  /** The database turned out to be damaged while it was in use: it is moved aside, the next write goes to a new one. */
  #beginAnew(damage: string): boolean {
    this.#damage = damage;
    this.#open?.abandon();
    try {
      this.#open = this.#openHistory(damage);
    } catch (error) {
      this.#options.log.error('history-not-begun-anew', { error });
      return false;
    }
    this.#damage = undefined;
    return true;
  }
}
