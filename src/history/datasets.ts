/** text; whole numbers; numbers; yes or no (1, 0 in the database); an instant (text of UTC in the database). */
export type ColumnType = 'text' | 'integer' | 'real' | 'boolean' | 'time';

export interface DatasetColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** What can be taken out of a history as a table. */
export interface Dataset {
  readonly name: string;
  readonly says: string;
  readonly columns: readonly DatasetColumn[];
  /** A view, or a query in brackets, with all the columns and those two. */
  readonly from: string;
  /** A row's own time, in unix milliseconds: rows are told in its order. */
  readonly time: string;
}

/** `name: type` of each column, a line each or more on a line. */
function columns(text: string): readonly DatasetColumn[] {
  return text
    .trim()
    .split(/\s*[,\n]\s*/)
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [name, type] = entry.split(': ');
      return { name: name!, type: type as ColumnType };
    });
}

/** The state of the cluster that is nearest to when a Job was submitted, the earlier one of two that are as near. */
const NEAREST_STATE = `(SELECT id FROM (
    SELECT * FROM (SELECT id, ms FROM cluster_state WHERE cluster = j.cluster AND ms <= j.unix_ms ORDER BY ms DESC LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT id, ms FROM cluster_state WHERE cluster = j.cluster AND ms > j.unix_ms ORDER BY ms LIMIT 1))
  ORDER BY abs(ms - j.unix_ms), ms LIMIT 1)`;

/** The columns of SKRueue's export, and how far away the state was; what is not known is NULL. */
const TRAINING = `(SELECT j.job_id, j.name AS job_name, j.cpu_request AS job_cpu_request, j.memory_request AS job_memory_request,
    j.priority AS job_priority, j.job_type, s.available_cpu AS cluster_cpu_available, s.available_memory AS cluster_memory_available,
    s.avg_cpu_utilization AS cluster_cpu_utilization, s.avg_memory_utilization AS cluster_memory_utilization,
    s.queue_length AS cluster_queue_length, s.running_jobs_count AS cluster_running_jobs, j.status AS job_status,
    CASE j.status WHEN 'Succeeded' THEN 1 WHEN 'Failed' THEN 0 END AS execution_success, j.oom_killed AS oom_occurred,
    j.submission_time AS submission_timestamp, j.wait_seconds / 60 AS wait_time_minutes, j.run_seconds / 60 AS execution_time_minutes,
    j.namespace AS job_namespace, j.pods AS job_pods, s.timestamp AS state_timestamp, abs(s.unix_ms - j.unix_ms) / 1e3 AS state_distance_seconds,
    s.watts AS cluster_watts, j.cluster, j.unix_ms
  FROM jobs j LEFT JOIN cluster_states s ON s.id = ${NEAREST_STATE})`;

export const datasets: readonly Dataset[] = [
  {
    name: 'jobs',
    says: 'Jobs that were collected',
    from: 'jobs',
    time: 'unix_ms',
    columns: columns(`job_id: text, name: text, namespace: text
      submission_time: time, start_time: time, completion_time: time
      cpu_request: real, memory_request: real, cpu_limit: real, memory_limit: real
      priority: integer, user_name: text, queue_name: text, status: text, job_type: text
      restart_count: integer, oom_killed: boolean, metadata: text, gpu_request: integer
      parallelism: integer, completions: integer, succeeded: integer, failed: integer, reason: text
      priority_class: text, expected_seconds: real, first_container_time: time, pods: integer
      wait_seconds: real, run_seconds: real, deletion_time: time, cluster: text, unix_ms: integer`),
  },
  {
    name: 'cluster-states',
    says: 'the whole cluster, time after time',
    from: 'cluster_states',
    time: 'unix_ms',
    columns: columns(`id: integer, timestamp: time, total_cpu_capacity: real, total_memory_capacity: real
      available_cpu: real, available_memory: real, pending_jobs_count: integer, running_jobs_count: integer
      queue_length: integer, node_count: integer, avg_cpu_utilization: real, avg_memory_utilization: real
      metadata: text, ready_node_count: integer, total_gpus: integer, available_gpus: real
      suspended_jobs_count: integer, running_pods_count: integer, cpu_request_share: real, memory_request_share: real
      watts: real, cluster: text, unix_ms: integer`),
  },
  {
    name: 'scheduling-events',
    says: 'what happened to Jobs and their pods',
    from: 'scheduling_events',
    time: 'unix_ms',
    columns: columns(`id: text, timestamp: time, job_id: text, event_type: text, scheduler_name: text
      queue_wait_time: real, resource_efficiency: real, decision_metadata: text
      pod_uid: text, namespace: text, object: text, times: integer, node: text, cluster: text, unix_ms: integer`),
  },
  {
    name: 'metrics',
    says: 'what was measured of nodes and of the whole cluster',
    from: 'metrics',
    time: 'unix_ms',
    columns: columns(
      'id: text, timestamp: time, metric_name: text, metric_value: real, metric_type: text, tags: text, cluster: text, unix_ms: integer',
    ),
  },
  {
    name: 'training',
    says: 'each Job with the nearest state of the cluster',
    from: TRAINING,
    time: 'unix_ms',
    columns:
      columns(`job_id: text, job_name: text, job_cpu_request: real, job_memory_request: real, job_priority: integer
      job_type: text, cluster_cpu_available: real, cluster_memory_available: real, cluster_cpu_utilization: real
      cluster_memory_utilization: real, cluster_queue_length: integer, cluster_running_jobs: integer, job_status: text
      execution_success: boolean, oom_occurred: boolean, submission_timestamp: time, wait_time_minutes: real
      execution_time_minutes: real, job_namespace: text, job_pods: integer, state_timestamp: time
      state_distance_seconds: real, cluster_watts: real, cluster: text, unix_ms: integer`),
  },
  {
    name: 'decisions',
    says: 'decisions about pods',
    from: 'decisions',
    time: 'ts * 1000',
    columns:
      columns(`time: time, namespace: text, pod: text, node: text, bound: text, policy: text, outcome: text
      reason: text, mode: text, joules: real, reference: text, reference_node: text, reference_joules: real
      saved_joules: real, fell_back_from: text, candidates: integer, held_ms: integer, uid: text, ts: integer, cluster: text`),
  },
  {
    name: 'scalings',
    says: 'decisions about replicas',
    from: 'scalings',
    time: 'ts * 1000',
    columns:
      columns(`time: time, namespace: text, deployment: text, backend: text, before: integer, wanted: integer
      after: integer, ready: integer, outcome: text, policy: text, reason: text, mode: text, cluster: text, uid: text, ts: integer`),
  },
  {
    name: 'admissions',
    says: 'decisions about queues',
    from: 'admissions',
    time: 'ts * 1000',
    columns:
      columns(`time: time, namespace: text, kind: text, name: text, outcome: text, nodes: text, waited_seconds: real
      queued: integer, passed_over: integer, oldest: text, policy: text, reason: text, mode: text, cluster: text, uid: text, ts: integer`),
  },
  {
    name: 'pods',
    says: 'pods, from creation to end',
    from: 'pod_runs',
    time: 'ts * 1000',
    columns: columns(`created: time, namespace: text, pod: text, node: text, wait_seconds: real, ended: time
      run_seconds: real, end_is_a_guess: boolean, cores: real, memory: integer, gpus: integer, cpu_seconds: real
      mean_cores: real, restarts: integer, policy: text, mode: text, owner: text, cluster: text, uid: text, ts: integer`),
  },
  {
    name: 'node-energy',
    says: 'energy of each node by the minute',
    from: 'node_minute',
    time: 'ts * 1000',
    columns:
      columns(`time: time, node: text, joules: real, active_joules: real, watts: real, covered_seconds: real
      cpu_seconds: real, source: text, cluster: text, ts: integer`),
  },
];

export type DatasetValue = string | number | boolean | Date | null;

/** Columns of `energy`, which is no view: what the meter split, as `EnergyReport` tells it. */
export const energyColumns: readonly DatasetColumn[] =
  columns(`start: time, end: time, kind: text, namespace: text
  name: text, uid: text, pid: integer, joules: real, meanWatts: real, maxWatts: real, cpuSeconds: real, coverage: real
  source: text, estimated: boolean`);

/** A value of the database as a value of its column's type. */
export function datasetValue(type: ColumnType, stored: string | number | null): DatasetValue {
  if (stored === null) return null;
  if (type === 'boolean') return stored !== 0;
  if (type === 'time') return new Date(`${String(stored).replace(' ', 'T')}Z`);
  return stored;
}
