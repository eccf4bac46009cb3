/** A time of a column in unix milliseconds as text, to the millisecond, UTC. */
function timeText(column: string): string {
  return `strftime('%Y-%m-%d %H:%M:%f', ${column} / 1000.0, 'unixepoch')`;
}

const GIB = 1_073_741_824;

/** Used CPU over requested CPU of a Job's pods, for the time in which they were metered; NULL: none of them was. */
const efficiencyOf = (cluster: string, job: string) => `(
    SELECT round(sum(r.cpu_us) * 1.0 / nullif(sum(r.cpu_m * r.cpu_ms), 0), 6) FROM job_pod q
    JOIN pod_run r ON r.cluster = q.cluster AND r.uid = q.uid
    WHERE q.cluster = ${cluster} AND q.job = ${job} AND r.cpu_ms > 0)`;

/** A column of `cluster_state`, or what is computed from it, as rows of metrics; where it is not known there is none. */
function stateMetric(name: string, value: string): string {
  return `SELECT 'state-' || s.id || '-${name}', ${timeText('s.ms')}, '${name}', ${value}, 'gauge', NULL, s.cluster, s.ms
    FROM cluster_state s WHERE ${value} IS NOT NULL`;
}

function nodeMetric(name: string, value: string): string {
  return `SELECT 'node-' || u.n || '-' || u.ms || '-${name}', ${timeText('u.ms')}, '${name}', ${value}, 'gauge',
      json_object('node', c.name, 'source', u.source), c.cluster, u.ms
    FROM node_use u JOIN cluster_node c ON c.id = u.n WHERE ${value} IS NOT NULL`;
}

/** Of Jobs that ended in the hour before a state was taken, the share of which a container was killed for want of memory. */
const oomRate = `(SELECT avg(EXISTS (SELECT 1 FROM job_pod p WHERE p.cluster = j.cluster AND p.job = j.uid AND p.oom_killed = 1))
    FROM job j WHERE j.cluster = s.cluster AND j.ended_ms > s.ms - 3600000 AND j.ended_ms <= s.ms)`;

/**
 * What `kisimd collect` records beside pods, nodes and their energy: Jobs, states of the whole cluster, events of scheduling,
 * measurements. The views have the names and columns that SKRueue's tables have, and more; what is not known is NULL.
 * Cores are fractions, memory is in GiB, `queue_wait_time` is in minutes, as there.
 */
export const collectionStatements: readonly string[] = [
  // One for each time that somebody began to collect. ended: NULL: is at it, or was killed.
  `CREATE TABLE collection (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    ended TEXT,
    interval_ms INTEGER NOT NULL,
    ns TEXT,
    strategy TEXT,
    seed INTEGER,
    workload TEXT,
    samples INTEGER NOT NULL DEFAULT 0,
    created_jobs INTEGER NOT NULL DEFAULT 0,
    UNIQUE (cluster, from_ms)
  ) STRICT`,
  // reason: not-running, watch-lost, not-written.
  `CREATE TABLE collection_gap (
    cluster TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (cluster, from_ms, reason)
  ) STRICT, WITHOUT ROWID`,
  // Requests and limits are those of one pod. started_ms: when the Job controller took it up, which it does once it is not suspended.
  `CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    uid TEXT NOT NULL,
    ns TEXT NOT NULL,
    name TEXT NOT NULL,
    submitted_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER,
    gone_ms INTEGER,
    status TEXT NOT NULL,
    reason TEXT,
    cpu_m INTEGER,
    memory INTEGER,
    gpu_count INTEGER,
    cpu_limit_m INTEGER,
    memory_limit INTEGER,
    parallelism INTEGER NOT NULL,
    completions INTEGER,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    priority INTEGER,
    priority_class TEXT,
    user_name TEXT,
    queue_name TEXT,
    type TEXT,
    expected_s REAL,
    seen_ms INTEGER NOT NULL,
    metadata TEXT,
    UNIQUE (cluster, uid)
  ) STRICT`,
  'CREATE INDEX job_status ON job (status)',
  'CREATE INDEX job_submitted ON job (submitted_ms)',
  'CREATE INDEX job_ended ON job (ended_ms)',
  'CREATE INDEX job_seen ON job (seen_ms)',
  // What `pod_run` does not say of the pods of Jobs.
  `CREATE TABLE job_pod (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    uid TEXT NOT NULL,
    job TEXT NOT NULL,
    scheduler TEXT NOT NULL,
    phase TEXT NOT NULL,
    scheduled_ms INTEGER,
    finished_ms INTEGER,
    exit_code INTEGER,
    oom_killed INTEGER,
    reason TEXT,
    seen_ms INTEGER NOT NULL,
    UNIQUE (cluster, uid)
  ) STRICT`,
  'CREATE INDEX job_pod_job ON job_pod (job)',
  'CREATE INDEX job_pod_seen ON job_pod (seen_ms)',
  // Totals are what nodes have to give; what was used is measured, and NULL where nothing measures it.
  `CREATE TABLE cluster_state (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    ms INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    ready_nodes INTEGER NOT NULL,
    cpu_m INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    gpus INTEGER NOT NULL,
    asked_cpu_m INTEGER NOT NULL,
    asked_memory INTEGER NOT NULL,
    asked_gpus REAL NOT NULL,
    used_cpu_m REAL,
    used_memory INTEGER,
    watts REAL,
    running_pods INTEGER NOT NULL,
    waiting_pods INTEGER NOT NULL,
    running_jobs INTEGER NOT NULL,
    pending_jobs INTEGER NOT NULL,
    suspended_jobs INTEGER NOT NULL,
    UNIQUE (cluster, ms)
  ) STRICT`,
  'CREATE INDEX cluster_state_time ON cluster_state (ms)',
  // told: what makes an event the same when it is told again.
  `CREATE TABLE scheduling_event (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    ms INTEGER NOT NULL,
    job TEXT,
    pod TEXT,
    ns TEXT NOT NULL,
    object TEXT NOT NULL,
    type TEXT NOT NULL,
    scheduler TEXT,
    wait_ms INTEGER,
    times INTEGER NOT NULL DEFAULT 1,
    reason TEXT,
    message TEXT,
    told TEXT NOT NULL,
    UNIQUE (cluster, told)
  ) STRICT`,
  'CREATE INDEX scheduling_event_job ON scheduling_event (job)',
  'CREATE INDEX scheduling_event_time ON scheduling_event (ms)',
  `CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    ms INTEGER NOT NULL,
    name TEXT NOT NULL,
    amount REAL NOT NULL,
    type TEXT NOT NULL,
    tags TEXT
  ) STRICT`,
  'CREATE INDEX metric_name ON metric (name, ms)',
  'CREATE INDEX metric_time ON metric (ms)',
  `CREATE TABLE node_use (
    ms INTEGER NOT NULL,
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    cpu_m REAL,
    memory INTEGER,
    PRIMARY KEY (ms, n, source)
  ) STRICT, WITHOUT ROWID`,
  `CREATE VIEW jobs AS
    SELECT j.uid AS job_id, j.name, j.ns AS namespace, ${timeText('j.submitted_ms')} AS submission_time,
      ${timeText('j.started_ms')} AS start_time, ${timeText('j.ended_ms')} AS completion_time,
      j.cpu_m / 1e3 AS cpu_request, j.memory * 1.0 / ${GIB} AS memory_request,
      j.cpu_limit_m / 1e3 AS cpu_limit, j.memory_limit * 1.0 / ${GIB} AS memory_limit,
      j.priority, j.user_name, j.queue_name, j.status, j.type AS job_type,
      (SELECT sum(r.restarts) FROM job_pod p JOIN pod_run r ON r.cluster = p.cluster AND r.uid = p.uid
        WHERE p.cluster = j.cluster AND p.job = j.uid) AS restart_count,
      (SELECT max(p.oom_killed) FROM job_pod p WHERE p.cluster = j.cluster AND p.job = j.uid) AS oom_killed,
      j.metadata, j.gpu_count AS gpu_request, j.parallelism, j.completions, j.succeeded, j.failed, j.reason,
      j.priority_class, j.expected_s AS expected_seconds,
      (SELECT ${timeText('min(r.started_ms)')} FROM job_pod p JOIN pod_run r ON r.cluster = p.cluster AND r.uid = p.uid
        WHERE p.cluster = j.cluster AND p.job = j.uid) AS first_container_time,
      (SELECT count(*) FROM job_pod p WHERE p.cluster = j.cluster AND p.job = j.uid) AS pods,
      round((j.started_ms - j.submitted_ms) / 1e3, 3) AS wait_seconds,
      round((j.ended_ms - j.started_ms) / 1e3, 3) AS run_seconds,
      ${timeText('j.gone_ms')} AS deletion_time, j.cluster, j.submitted_ms AS unix_ms
    FROM job j`,
  `CREATE VIEW cluster_states AS
    SELECT s.id, ${timeText('s.ms')} AS timestamp, s.cpu_m / 1e3 AS total_cpu_capacity, s.memory * 1.0 / ${GIB} AS total_memory_capacity,
      (s.cpu_m - s.asked_cpu_m) / 1e3 AS available_cpu, (s.memory - s.asked_memory) * 1.0 / ${GIB} AS available_memory,
      s.pending_jobs + s.suspended_jobs AS pending_jobs_count, s.running_jobs AS running_jobs_count,
      s.waiting_pods AS queue_length, s.nodes AS node_count,
      round(s.used_cpu_m / nullif(s.cpu_m, 0), 6) AS avg_cpu_utilization,
      round(s.used_memory * 1.0 / nullif(s.memory, 0), 6) AS avg_memory_utilization,
      NULL AS metadata, s.ready_nodes AS ready_node_count, s.gpus AS total_gpus, s.gpus - s.asked_gpus AS available_gpus,
      s.suspended_jobs AS suspended_jobs_count, s.running_pods AS running_pods_count,
      round(s.asked_cpu_m * 1.0 / nullif(s.cpu_m, 0), 6) AS cpu_request_share,
      round(s.asked_memory * 1.0 / nullif(s.memory, 0), 6) AS memory_request_share,
      s.watts, s.cluster, s.ms AS unix_ms
    FROM cluster_state s`,
  // Told by the API server; seen at the pods; decided here. An event may be told before its pod is known.
  `CREATE VIEW scheduling_events AS
    SELECT 'event-' || e.id AS id, ${timeText('e.ms')} AS timestamp,
      coalesce(e.job, (SELECT p.job FROM job_pod p WHERE p.cluster = e.cluster AND p.uid = e.pod)) AS job_id, e.type AS event_type, e.scheduler AS scheduler_name,
      round(e.wait_ms / 6e4, 6) AS queue_wait_time,
      CASE WHEN e.type IN ('completed', 'failed') THEN ${efficiencyOf('e.cluster', 'e.job')} END AS resource_efficiency,
      json_object('reason', e.reason, 'message', e.message) AS decision_metadata,
      e.pod AS pod_uid, e.ns AS namespace, e.object, e.times, NULL AS node, e.cluster, e.ms AS unix_ms
    FROM scheduling_event e
    UNION ALL
    SELECT 'scheduled-' || p.id, ${timeText('p.scheduled_ms')}, p.job, 'scheduled', p.scheduler,
      round((p.scheduled_ms - r.created_ms) / 6e4, 6), NULL, NULL,
      p.uid, r.ns, 'Pod/' || r.pod, 1, r.node, p.cluster, p.scheduled_ms
    FROM job_pod p LEFT JOIN pod_run r ON r.cluster = p.cluster AND r.uid = p.uid WHERE p.scheduled_ms IS NOT NULL
    UNION ALL
    SELECT 'decision-' || d.id, ${timeText('d.ms')}, p.job, 'decided-' || d.outcome, 'kisimd', round(d.held_ms / 6e4, 6), NULL,
      json_object('policy', d.policy, 'mode', d.mode, 'reason', d.reason, 'cost', d.cost, 'unit', d.unit, 'candidates', d.candidates),
      d.uid, d.ns, 'Pod/' || d.pod, 1, d.node, d.cluster, d.ms
    FROM decision d LEFT JOIN job_pod p ON p.cluster = d.cluster AND p.uid = d.uid`,
  `CREATE VIEW metrics AS
    SELECT 'metric-' || m.id AS id, ${timeText('m.ms')} AS timestamp, m.name AS metric_name, m.amount AS metric_value,
      m.type AS metric_type, m.tags, m.cluster, m.ms AS unix_ms
    FROM metric m
    UNION ALL ${stateMetric('cluster_cpu_utilization', 'round(s.used_cpu_m / nullif(s.cpu_m, 0), 6)')}
    UNION ALL ${stateMetric('cluster_memory_utilization', 'round(s.used_memory * 1.0 / nullif(s.memory, 0), 6)')}
    UNION ALL ${stateMetric('cluster_running_jobs', 's.running_jobs')}
    UNION ALL ${stateMetric('cluster_watts', 's.watts')}
    UNION ALL ${stateMetric('cluster_oom_rate', oomRate)}
    UNION ALL ${nodeMetric('node_cpu_cores', 'u.cpu_m / 1e3')}
    UNION ALL ${nodeMetric('node_memory_bytes', 'u.memory')}
    UNION ALL
    SELECT 'energy-' || e.n || '-' || e.ts || '-' || e.source, ${timeText('e.ts * 1000')}, 'node_energy_joules', e.uj / 1e6, 'delta',
      json_object('node', c.name, 'source', e.source, 'seconds', e.ms / 1e3), c.cluster, e.ts * 1000
    FROM node_energy e JOIN cluster_node c ON c.id = e.n`,
];
