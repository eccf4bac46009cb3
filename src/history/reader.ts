import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { KisimError } from '../util/errors.ts';
import type { ClusterKind } from './cluster-kind.ts';
import {
  type ClusterEnergyStep,
  type ClusterHistory,
  type ClusterPeriod,
  readCluster,
  readClusterEnergySteps,
  watchedSpan,
} from './cluster-reader.ts';
import {
  type CollectedCounts,
  countCollected,
  readCollections,
  readJobsOfPods,
  type StoredCollection,
} from './collection-reader.ts';
import { type DatasetPeriod, readDataset } from './dataset-reader.ts';
import type { Dataset, DatasetValue } from './datasets.ts';
import { type DecisionQuery, readDecisions, type StoredDecision } from './decision-reader.ts';
import { type EnergyQuery, type EnergyReport, reportOf } from './energy-report.ts';
import { type EnergySeriesResult, energySeries } from './energy-series.ts';
import { historyErrors } from './errors.ts';
import {
  type LoopQuery,
  readAdmissions,
  readScalings,
  type StoredAdmission,
  type StoredScaling,
} from './loop-reader.ts';
import type { AdmissionRecord } from './loop-record.ts';
import { examineHeader } from './open-database.ts';
import { migrations } from './schema.ts';
import { isDamage, sqliteCode } from './sqlite-error.ts';

/** Reads a history while a daemon may be writing it. Never changes it. */
export interface HistoryReader {
  /** Columns: one series of buckets for each entity. The fast way to many values. */
  energySeries(query: EnergyQuery): EnergySeriesResult;
  /** Rows: one for each entity and bucket with energy or CPU time. */
  energyReport(query: EnergyQuery): EnergyReport;
  /** Decisions about pods, newest first. */
  decisions(query: DecisionQuery): readonly StoredDecision[];
  /** Decisions about the replicas of a Deployment, newest first. */
  scalings(query: LoopQuery): readonly StoredScaling[];
  /** Decisions about a Job or a Workload of Kueue in a queue, newest first. */
  admissions(query: LoopQuery & { readonly kind: AdmissionRecord['kind'] }): readonly StoredAdmission[];
  /** Pods, nodes and their energy in a period. */
  cluster(period: ClusterPeriod): ClusterHistory;
  /** What all its nodes together took, in steps of a multiple of 60 seconds. */
  clusterEnergySteps(period: ClusterPeriod, stepSeconds: number): readonly ClusterEnergyStep[];
  /** Unix milliseconds between which a cluster was watched at all; undefined: never. */
  clusterSpan(cluster: ClusterKind): { readonly from: number; readonly to: number } | undefined;
  /** The times in which `kisimd collect` ran, in order. */
  collections(cluster: ClusterKind): readonly StoredCollection[];
  /** Uids of Jobs by those of their pods, as it saw them. */
  jobsOfPods(cluster: ClusterKind): ReadonlyMap<string, string>;
  /** How much it has kept. */
  collectedCounts(cluster: ClusterKind): CollectedCounts;
  /** Rows of a table in pieces of some rows, in the order of time. Nothing else can be asked until it has been read. */
  rows(
    dataset: Dataset,
    period: DatasetPeriod,
    pieceRows: number,
  ): Iterable<readonly (readonly DatasetValue[])[]>;
  /** A JSON value kept by the daemon, undefined if there is none. */
  loadState(key: string): unknown;
  /** Unix seconds of the newest second in the history, undefined while it is empty. */
  newestUnixSeconds(): number | undefined;
  close(): void;
}

/**
 * @throws KISIM_E_HISTORY_OPEN, KISIM_E_HISTORY_FOREIGN, KISIM_E_HISTORY_NEWER, KISIM_E_HISTORY_CORRUPT
 *
 * @example
 * const reader = openHistoryReader('/var/lib/kisimd/energy.db');
 * reader.energyReport({ by: 'pod', sinceUnixMilliseconds, untilUnixMilliseconds, everyMilliseconds: 3_600_000 });
 */
export function openHistoryReader(path: string): HistoryReader {
  const header = examineHeader(path);
  if (header === 'absent') throw historyErrors.KISIM_E_HISTORY_OPEN(`${path} does not exist or is empty`);
  if (header === 'damaged') throw historyErrors.KISIM_E_HISTORY_CORRUPT(`${path}: the header is damaged`);
  const db = openReadOnly(path);
  const guarded = <T>(work: () => T): T => {
    try {
      // One snapshot for all statements of a question.
      return db.transaction(work)();
    } catch (cause) {
      throw explain(cause, path);
    }
  };
  return {
    energySeries: (query) => guarded(() => energySeries(db, query)),
    energyReport: (query) => guarded(() => reportOf(energySeries(db, query))),
    decisions: (query) => guarded(() => readDecisions(db, query)),
    scalings: (query) => guarded(() => readScalings(db, query)),
    admissions: (query) => guarded(() => readAdmissions(db, query)),
    cluster: (period) => guarded(() => readCluster(db, period)),
    clusterEnergySteps: (period, stepSeconds) =>
      guarded(() => readClusterEnergySteps(db, period, stepSeconds)),
    clusterSpan: (cluster) => guarded(() => watchedSpan(db, cluster)),
    collections: (cluster) => guarded(() => readCollections(db, cluster)),
    jobsOfPods: (cluster) => guarded(() => readJobsOfPods(db, cluster)),
    collectedCounts: (cluster) => guarded(() => countCollected(db, cluster)),
    rows: (dataset, period, pieceRows) => explained(readDataset(db, dataset, period, pieceRows), path),
    loadState: (key) =>
      guarded(() => {
        const row = db.prepare<[string], { value: string }>('SELECT value FROM state WHERE key = ?').get(key);
        return row === undefined ? undefined : (JSON.parse(row.value) as unknown);
      }),
    newestUnixSeconds: () =>
      guarded(
        () => db.prepare<[], { value: number }>("SELECT value FROM meta WHERE key = 'last_ts'").get()?.value,
      ),
    close: () => void db.close(),
  };
}

function openReadOnly(path: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
    checkVersion(db, path);
    return db;
  } catch (cause) {
    db?.close();
    if (!needsWal(cause, path)) throw explain(cause, path);
  }
  // WAL needs to write beside the database even for reading. Without a log there is nothing that it could add, and
  // no daemon writes here: the file itself is the whole truth.
  try {
    db = new Database(`${pathToFileURL(path).href}?immutable=1`, { readonly: true });
    checkVersion(db, path);
    return db;
  } catch (cause) {
    db?.close();
    throw explain(cause, path);
  }
}

function needsWal(error: unknown, path: string): boolean {
  const code = sqliteCode(error);
  if (code === undefined || !/^SQLITE_(CANTOPEN|READONLY)/.test(code)) return false;
  return !existsSync(`${path}-wal`) || statSync(`${path}-wal`).size === 0;
}

function checkVersion(db: Database.Database, path: string): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > migrations.length) {
    throw historyErrors.KISIM_E_HISTORY_NEWER(`${path} has schema ${version}, known is ${migrations.length}`);
  }
  if (version < migrations.length) {
    throw historyErrors.KISIM_E_HISTORY_MIGRATION(`${path} has schema ${version}`, {
      action: 'start the daemon once: it brings the history to the present schema',
    });
  }
  db.prepare('SELECT count(*) FROM meta').get();
}

function* explained<T>(iterable: Iterable<T>, path: string): Iterable<T> {
  try {
    yield* iterable;
  } catch (cause) {
    throw explain(cause, path);
  }
}

function explain(cause: unknown, path: string): unknown {
  const code = sqliteCode(cause);
  if (cause instanceof KisimError || code === undefined) return cause;
  const found = `${path}: ${code}`;
  if (isDamage(code)) return historyErrors.KISIM_E_HISTORY_CORRUPT(found, { cause });
  return historyErrors.KISIM_E_HISTORY_OPEN(found, { cause });
}
