import type Database from 'better-sqlite3';
import type { ClusterKind } from './cluster-kind.ts';
import type {
  ClusterStateRecord,
  CollectionNote,
  JobPodRecord,
  JobRecord,
  SchedulingEventRecord,
} from './collection-record.ts';

/** The id of a node's row. */
export type NodeId = (cluster: ClusterKind | undefined, name: string) => number;

/** Writes what is collected of a cluster, to be called inside a transaction. */
export class CollectionWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #nodeOf: NodeId;

  constructor(db: Database.Database, nodeOf: NodeId) {
    this.#statements = prepareStatements(db);
    this.#nodeOf = nodeOf;
  }

  write(note: CollectionNote): void {
    const s = this.#statements;
    switch (note.kind) {
      case 'job':
        this.#job(note.record);
        return;
      case 'job-pod':
        this.#jobPod(note.record);
        return;
      case 'jobs-present': {
        const { cluster = 'live', uids, namespace, unixMilliseconds } = note.record;
        const at = Math.round(unixMilliseconds);
        s.goneJobs.run({ at, cluster, ns: namespace ?? null, uids: JSON.stringify(uids) });
        return;
      }
      case 'cluster-state':
        this.#state(note.record);
        return;
      case 'scheduling-event':
        this.#event(note.record);
        return;
      case 'metric': {
        const { cluster = 'live', unixMilliseconds, name, amount, type, tags } = note.record;
        s.metric.run(cluster, Math.round(unixMilliseconds), name, amount, type, jsonOf(tags));
        return;
      }
      case 'node-use': {
        const { cluster, unixMilliseconds, node, source, cpuMilli, memoryBytes } = note.record;
        s.nodeUse.run(
          Math.round(unixMilliseconds),
          this.#nodeOf(cluster, node),
          source,
          cpuMilli ?? null,
          rounded(memoryBytes),
        );
        return;
      }
      case 'collection': {
        const c = note.record;
        s.collection.run(
          c.cluster ?? 'live',
          Math.round(c.fromUnixMilliseconds),
          Math.round(c.toUnixMilliseconds),
          c.ended ?? null,
          Math.round(c.intervalMilliseconds),
          c.namespace ?? null,
          c.strategy ?? null,
          c.seed ?? null,
          jsonOf(c.workload),
          c.samples,
          c.createdJobs,
        );
        return;
      }
      case 'collection-gap': {
        const { cluster = 'live', fromUnixMilliseconds, toUnixMilliseconds, reason } = note.record;
        s.gap.run(cluster, Math.round(fromUnixMilliseconds), Math.round(toUnixMilliseconds), reason);
        return;
      }
      default:
        note satisfies never;
    }
  }

  #job(j: JobRecord): void {
    this.#statements.job.run(
      j.cluster ?? 'live',
      j.uid,
      j.namespace,
      j.name,
      Math.round(j.submittedUnixMilliseconds),
      rounded(j.startedUnixMilliseconds),
      rounded(j.endedUnixMilliseconds),
      rounded(j.goneUnixMilliseconds),
      j.status,
      j.reason ?? null,
      // Kubernetes rounds amounts up.
      roundedUp(j.cpuMilli),
      roundedUp(j.memoryBytes),
      j.gpuCount ?? null,
      roundedUp(j.cpuLimitMilli),
      roundedUp(j.memoryLimitBytes),
      j.parallelism,
      j.completions ?? null,
      j.succeeded,
      j.failed,
      j.priority ?? null,
      j.priorityClass ?? null,
      j.userName ?? null,
      j.queueName ?? null,
      j.type ?? null,
      j.expectedSeconds ?? null,
      Math.round(j.seenUnixMilliseconds),
      jsonOf(j.metadata),
    );
  }

  #jobPod(p: JobPodRecord): void {
    this.#statements.jobPod.run(
      p.cluster ?? 'live',
      p.uid,
      p.jobUid,
      p.scheduler,
      p.phase,
      rounded(p.scheduledUnixMilliseconds),
      rounded(p.finishedUnixMilliseconds),
      p.exitCode ?? null,
      p.isOomKilled === undefined ? null : Number(p.isOomKilled),
      p.reason ?? null,
      Math.round(p.seenUnixMilliseconds),
    );
  }

  #state(c: ClusterStateRecord): void {
    this.#statements.state.run(
      c.cluster ?? 'live',
      Math.round(c.unixMilliseconds),
      c.nodes,
      c.readyNodes,
      Math.floor(c.cpuMilli),
      Math.floor(c.memoryBytes),
      c.gpus,
      Math.ceil(c.askedCpuMilli),
      Math.ceil(c.askedMemoryBytes),
      c.askedGpus,
      c.usedCpuMilli ?? null,
      rounded(c.usedMemoryBytes),
      c.watts ?? null,
      c.runningPods,
      c.waitingPods,
      c.runningJobs,
      c.pendingJobs,
      c.suspendedJobs,
    );
  }

  #event(e: SchedulingEventRecord): void {
    this.#statements.event.run(
      e.cluster ?? 'live',
      Math.round(e.unixMilliseconds),
      e.jobUid ?? null,
      e.podUid ?? null,
      e.namespace,
      e.object,
      e.type,
      e.scheduler ?? null,
      rounded(e.waitMilliseconds),
      e.times ?? 1,
      e.reason ?? null,
      e.message ?? null,
      e.told,
    );
  }
}

function rounded(amount: number | undefined): number | null {
  return amount === undefined ? null : Math.round(amount);
}

function roundedUp(amount: number | undefined): number | null {
  return amount === undefined ? null : Math.ceil(amount);
}

function jsonOf(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function insert(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}

/** What was known stays where nothing is told. */
function keep(columns: readonly string[]): string {
  return columns.map((column) => `${column} = coalesce(excluded.${column}, ${column})`).join(', ');
}

function replace(columns: readonly string[]): string {
  return columns.map((column) => `${column} = excluded.${column}`).join(', ');
}

function prepareStatements(db: Database.Database) {
  const jobFirst = ['cluster', 'uid', 'ns', 'name', 'submitted_ms'];
  const jobKept = ['started_ms', 'ended_ms', 'gone_ms'];
  const jobNew = [
    'status',
    'reason',
    'cpu_m',
    'memory',
    'gpu_count',
    'cpu_limit_m',
    'memory_limit',
    'parallelism',
    'completions',
    'succeeded',
    'failed',
    'priority',
    'priority_class',
    'user_name',
    'queue_name',
    'type',
    'expected_s',
    'seen_ms',
    'metadata',
  ];
  const podKept = ['scheduled_ms', 'finished_ms', 'exit_code', 'reason'];
  return {
    job: db.prepare(
      `${insert('job', [...jobFirst, ...jobKept, ...jobNew])}
       ON CONFLICT (cluster, uid) DO UPDATE SET ${keep(jobKept)}, ${replace(jobNew)}`,
    ),
    goneJobs: db.prepare(
      `UPDATE job SET gone_ms = $at WHERE cluster = $cluster AND ended_ms IS NULL AND gone_ms IS NULL AND submitted_ms <= $at
         AND ($ns IS NULL OR ns = $ns) AND uid NOT IN (SELECT value FROM json_each($uids))`,
    ),
    jobPod: db.prepare(
      `INSERT INTO job_pod (cluster, uid, job, scheduler, phase, scheduled_ms, finished_ms, exit_code, oom_killed, reason, seen_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (cluster, uid) DO UPDATE SET phase = excluded.phase, seen_ms = excluded.seen_ms, ${keep(podKept)},
         oom_killed = max(coalesce(excluded.oom_killed, oom_killed), coalesce(oom_killed, excluded.oom_killed))`,
    ),
    state: db.prepare(
      `${insert('cluster_state', [
        'cluster',
        'ms',
        'nodes',
        'ready_nodes',
        'cpu_m',
        'memory',
        'gpus',
        'asked_cpu_m',
        'asked_memory',
        'asked_gpus',
        'used_cpu_m',
        'used_memory',
        'watts',
        'running_pods',
        'waiting_pods',
        'running_jobs',
        'pending_jobs',
        'suspended_jobs',
      ])} ON CONFLICT DO NOTHING`,
    ),
    event: db.prepare(
      `${insert('scheduling_event', [
        'cluster',
        'ms',
        'job',
        'pod',
        'ns',
        'object',
        'type',
        'scheduler',
        'wait_ms',
        'times',
        'reason',
        'message',
        'told',
      ])} ON CONFLICT (cluster, told) DO UPDATE SET ms = max(ms, excluded.ms), times = max(times, excluded.times),
        ${keep(['job', 'message'])}`,
    ),
    metric: db.prepare(insert('metric', ['cluster', 'ms', 'name', 'amount', 'type', 'tags'])),
    nodeUse: db.prepare(
      `${insert('node_use', ['ms', 'n', 'source', 'cpu_m', 'memory'])} ON CONFLICT DO NOTHING`,
    ),
    collection: db.prepare(
      `${insert('collection', [
        'cluster',
        'from_ms',
        'to_ms',
        'ended',
        'interval_ms',
        'ns',
        'strategy',
        'seed',
        'workload',
        'samples',
        'created_jobs',
      ])} ON CONFLICT (cluster, from_ms) DO UPDATE SET to_ms = max(to_ms, excluded.to_ms), ended = excluded.ended,
        samples = excluded.samples, created_jobs = excluded.created_jobs`,
    ),
    gap: db.prepare(
      `${insert('collection_gap', ['cluster', 'from_ms', 'to_ms', 'reason'])}
       ON CONFLICT DO UPDATE SET to_ms = max(to_ms, excluded.to_ms)`,
    ),
  };
}
