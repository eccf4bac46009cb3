import type Database from 'better-sqlite3';
import type { Joules, Milliseconds } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';
import type { NodeEnergyOrigin } from './node-energy-record.ts';
import type { PodRunRecord } from './pod-run-record.ts';

export interface ClusterPeriod {
  readonly cluster: ClusterKind;
  readonly fromUnixMilliseconds: Milliseconds;
  readonly toUnixMilliseconds: Milliseconds;
}

export interface StoredPodRun extends PodRunRecord {
  readonly cluster: ClusterKind;
  /** Where the end was not seen: it lies between this and `endedUnixMilliseconds`. */
  readonly endedAfterUnixMilliseconds: Milliseconds | undefined;
}

export interface StoredNode {
  readonly node: string;
  readonly firstUnixMilliseconds: Milliseconds;
  readonly lastUnixMilliseconds: Milliseconds;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: unknown;
}

/** All that was counted of one node in a period, from one source. */
export interface StoredNodeEnergy {
  readonly node: string;
  readonly source: NodeEnergyOrigin;
  readonly joules: Joules;
  /** Undefined where any part of it is not known. */
  readonly activeJoules: Joules | undefined;
  readonly coveredMilliseconds: Milliseconds;
  readonly cpuBusySeconds: number | undefined;
}

/** What the history holds of a cluster in a period. */
export interface ClusterHistory {
  /** That were there at any time of it, by creation. */
  readonly pods: readonly StoredPodRun[];
  /** Each node as it was, one after the other where it changed. */
  readonly nodes: readonly StoredNode[];
  readonly energy: readonly StoredNodeEnergy[];
  /** When somebody looked, in order; not cut at the ends of the period. */
  readonly watched: readonly { readonly from: Milliseconds; readonly to: Milliseconds }[];
}

interface PodRow {
  readonly cluster: ClusterKind;
  readonly uid: string;
  readonly ns: string;
  readonly pod: string;
  readonly node: string | null;
  readonly owner: string;
  readonly placeable: number;
  readonly created_ms: number;
  readonly bound_ms: number | null;
  readonly started_ms: number | null;
  readonly ended_ms: number | null;
  readonly ended_after_ms: number | null;
  readonly cpu_m: number;
  readonly memory: number;
  readonly gpu_count: number | null;
  readonly gpu_milli: number | null;
  readonly extended: string | null;
  readonly slack_s: number;
  readonly expected_s: number | null;
  readonly shape: number | null;
  readonly policy: string | null;
  readonly mode: string | null;
  readonly cpu_us: number | null;
  readonly cpu_ms: number | null;
  readonly restarts: number | null;
}

/** Reads a period of a cluster, pods that are alike with one `scheduling` object. */
export function readCluster(db: Database.Database, period: ClusterPeriod): ClusterHistory {
  const { cluster, fromUnixMilliseconds: from, toUnixMilliseconds: to } = period;
  const shapes = new Map<number, object>();
  const shape = db.prepare<[number], string>('SELECT scheduling FROM pod_shape WHERE id = ?').pluck();
  const schedulingOf = (id: number | null): object | undefined => {
    if (id === null) return undefined;
    const known = shapes.get(id);
    if (known !== undefined) return known;
    const text = shape.get(id);
    if (text === undefined) return undefined;
    const scheduling = JSON.parse(text) as object;
    shapes.set(id, scheduling);
    return scheduling;
  };
  const pods = db
    .prepare<[string, number, number], PodRow>(
      `SELECT * FROM pod_run WHERE cluster = ? AND created_ms < ? AND (ended_ms IS NULL OR ended_ms > ?)
       ORDER BY created_ms, uid`,
    )
    .all(cluster, to, from)
    .map((row) => podOf(row, schedulingOf(row.shape)));
  return {
    pods,
    nodes: readNodes(db, cluster, from, to),
    energy: readEnergy(db, cluster, from, to),
    watched: db
      .prepare<[string, number, number], { readonly from: number; readonly to: number }>(
        `SELECT from_ms AS "from", to_ms AS "to" FROM cluster_watch
         WHERE cluster = ? AND from_ms < ? AND to_ms > ? ORDER BY from_ms`,
      )
      .all(cluster, to, from),
  };
}

/** What all nodes together took in a step of time. */
export interface ClusterEnergyStep {
  readonly unixSeconds: number;
  readonly joules: Joules;
  /** Added up over the nodes. */
  readonly coveredMilliseconds: Milliseconds;
  /** Whether all of it was: nothing modelled, played or simulated. */
  readonly isMeasured: boolean;
}

/** @param stepSeconds a multiple of 60; steps without a record are missing */
export function readClusterEnergySteps(
  db: Database.Database,
  { cluster, fromUnixMilliseconds, toUnixMilliseconds }: ClusterPeriod,
  stepSeconds: number,
): readonly ClusterEnergyStep[] {
  return db
    .prepare<
      [number, number, string, number, number],
      { readonly ts: number; readonly uj: number; readonly ms: number; readonly measured: number }
    >(
      `SELECT e.ts / ? * ? AS ts, sum(e.uj) AS uj, sum(e.ms) AS ms, min(e.source IN ('metered', 'prometheus')) AS measured
       FROM node_energy e JOIN cluster_node c ON c.id = e.n
       WHERE c.cluster = ? AND e.ts >= ? AND e.ts < ? GROUP BY 1 ORDER BY 1`,
    )
    .all(
      stepSeconds,
      stepSeconds,
      cluster,
      Math.ceil(fromUnixMilliseconds / 1000),
      Math.floor(toUnixMilliseconds / 1000),
    )
    .map((row) => ({
      unixSeconds: row.ts,
      joules: row.uj / 1e6,
      coveredMilliseconds: row.ms,
      isMeasured: row.measured === 1,
    }));
}

/** Unix milliseconds between which a cluster was watched at all; undefined: never. */
export function watchedSpan(
  db: Database.Database,
  cluster: ClusterKind,
): { readonly from: Milliseconds; readonly to: Milliseconds } | undefined {
  const row = db
    .prepare<[string], { readonly from: number | null; readonly to: number | null }>(
      'SELECT min(from_ms) AS "from", max(to_ms) AS "to" FROM cluster_watch WHERE cluster = ?',
    )
    .get(cluster);
  return row?.from == null || row.to === null ? undefined : { from: row.from, to: row.to };
}

function podOf(row: PodRow, scheduling: object | undefined): StoredPodRun {
  const known = row.cpu_us !== null && row.cpu_ms !== null;
  return {
    cluster: row.cluster,
    uid: row.uid,
    namespace: row.ns,
    pod: row.pod,
    node: row.node ?? undefined,
    owner: row.owner,
    placeable: row.placeable === 1,
    createdUnixMilliseconds: row.created_ms,
    boundUnixMilliseconds: row.bound_ms ?? undefined,
    startedUnixMilliseconds: row.started_ms ?? undefined,
    endedUnixMilliseconds: row.ended_ms ?? undefined,
    endedAfterUnixMilliseconds: row.ended_after_ms ?? undefined,
    cpuMilli: row.cpu_m,
    memoryBytes: row.memory,
    gpuCount: row.gpu_count ?? undefined,
    gpuMilliEach: row.gpu_milli ?? undefined,
    extended: row.extended === null ? undefined : (JSON.parse(row.extended) as Record<string, number>),
    slackSeconds: row.slack_s,
    expectedSeconds: row.expected_s ?? undefined,
    scheduling,
    policy: row.policy ?? undefined,
    mode: row.mode ?? undefined,
    cpu: known ? { usedMicroseconds: row.cpu_us!, meteredMilliseconds: row.cpu_ms! } : undefined,
    restarts: row.restarts ?? undefined,
  };
}

function readNodes(
  db: Database.Database,
  cluster: ClusterKind,
  from: number,
  to: number,
): readonly StoredNode[] {
  return db
    .prepare<
      [string, number, number],
      {
        readonly name: string;
        readonly first_ms: number;
        readonly last_ms: number;
        readonly cpu_m: number;
        readonly memory: number;
        readonly labels: string;
        readonly description: string;
      }
    >(
      `SELECT c.name, s.* FROM cluster_node c JOIN node_seen s ON s.n = c.id
       WHERE c.cluster = ? AND s.first_ms < ? AND s.last_ms >= ? ORDER BY c.name, s.first_ms`,
    )
    .all(cluster, to, from)
    .map((row) => ({
      node: row.name,
      firstUnixMilliseconds: row.first_ms,
      lastUnixMilliseconds: row.last_ms,
      cpuMilli: row.cpu_m,
      memoryBytes: row.memory,
      labels: JSON.parse(row.labels) as Record<string, string>,
      description: JSON.parse(row.description) as unknown,
    }));
}

/** Whole minutes that begin in the period. */
function readEnergy(
  db: Database.Database,
  cluster: ClusterKind,
  from: number,
  to: number,
): readonly StoredNodeEnergy[] {
  return db
    .prepare<
      [string, number, number],
      {
        readonly name: string;
        readonly source: NodeEnergyOrigin;
        readonly uj: number;
        readonly active_uj: number | null;
        readonly ms: number;
        readonly cpu_us: number | null;
      }
    >(
      `SELECT c.name, e.source, sum(e.uj) AS uj, sum(e.ms) AS ms,
         CASE WHEN count(e.active_uj) = count(*) THEN sum(e.active_uj) END AS active_uj,
         CASE WHEN count(e.cpu_us) = count(*) THEN sum(e.cpu_us) END AS cpu_us
       FROM node_energy e JOIN cluster_node c ON c.id = e.n
       WHERE c.cluster = ? AND e.ts >= ? AND e.ts < ? GROUP BY e.n, e.source ORDER BY c.name, e.source`,
    )
    .all(cluster, Math.ceil(from / 1000), Math.floor(to / 1000))
    .map((row) => ({
      node: row.name,
      source: row.source,
      joules: row.uj / 1e6,
      activeJoules: row.active_uj === null ? undefined : row.active_uj / 1e6,
      coveredMilliseconds: row.ms,
      cpuBusySeconds: row.cpu_us === null ? undefined : row.cpu_us / 1e6,
    }));
}
