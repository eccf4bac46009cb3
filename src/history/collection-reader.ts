import type Database from 'better-sqlite3';
import type { ClusterKind } from './cluster-kind.ts';
import type { CollectionRecord } from './collection-record.ts';

export interface StoredCollection extends CollectionRecord {
  readonly cluster: ClusterKind;
}

interface Row {
  readonly cluster: ClusterKind;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly ended: CollectionRecord['ended'] | null;
  readonly interval_ms: number;
  readonly ns: string | null;
  readonly strategy: string | null;
  readonly seed: number | null;
  readonly workload: string | null;
  readonly samples: number;
  readonly created_jobs: number;
}

/** The times in which a cluster was collected, in order. */
export function readCollections(db: Database.Database, cluster: ClusterKind): readonly StoredCollection[] {
  return db
    .prepare<[string], Row>('SELECT * FROM collection WHERE cluster = ? ORDER BY from_ms')
    .all(cluster)
    .map((row) => ({
      cluster: row.cluster,
      fromUnixMilliseconds: row.from_ms,
      toUnixMilliseconds: row.to_ms,
      ended: row.ended ?? undefined,
      intervalMilliseconds: row.interval_ms,
      namespace: row.ns ?? undefined,
      strategy: row.strategy ?? undefined,
      seed: row.seed ?? undefined,
      workload: row.workload === null ? undefined : (JSON.parse(row.workload) as object),
      samples: row.samples,
      createdJobs: row.created_jobs,
    }));
}

/** Uids of Jobs by those of their pods. */
export function readJobsOfPods(db: Database.Database, cluster: ClusterKind): ReadonlyMap<string, string> {
  const rows = db
    .prepare<[string], [string, string]>('SELECT uid, job FROM job_pod WHERE cluster = ?')
    .raw()
    .all(cluster);
  return new Map(rows);
}

/** How much there is by now. */
export interface CollectedCounts {
  readonly jobs: number;
  readonly jobPods: number;
  readonly states: number;
  readonly events: number;
  readonly metrics: number;
}

export function countCollected(db: Database.Database, cluster: ClusterKind): CollectedCounts {
  const count = (table: string) =>
    db.prepare<[string], number>(`SELECT count(*) FROM ${table} WHERE cluster = ?`).pluck().get(cluster)!;
  return {
    jobs: count('job'),
    jobPods: count('job_pod'),
    states: count('cluster_state'),
    events: count('scheduling_events'),
    metrics: count('metrics'),
  };
}
