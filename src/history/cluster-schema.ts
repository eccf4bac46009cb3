/** What a replay is made of: pods with their lives, nodes as they were, their energy, and when anybody looked. */
export const clusterStatements: readonly string[] = [
  "ALTER TABLE decision ADD COLUMN cluster TEXT NOT NULL DEFAULT 'live'",
  'DROP VIEW decisions',
  // Joules are costs: what the reference rule would have cost more is what was saved, as predicted.
  `CREATE VIEW decisions AS
    SELECT datetime(ms / 1000, 'unixepoch') AS time, ns AS namespace, pod, node, bound, policy, outcome, reason, mode,
      CASE WHEN unit = 'J' THEN round(cost, 3) END AS joules,
      ref_policy AS reference, ref_node AS reference_node,
      CASE WHEN unit = 'J' THEN round(ref_cost, 3) END AS reference_joules,
      CASE WHEN unit = 'J' THEN round(ref_cost - cost, 3) END AS saved_joules,
      fell_back_from, candidates, held_ms, uid, ms / 1000 AS ts, cluster
    FROM decision`,
  // What pods asked of nodes, once for all that are alike. seen_ms: when it was last used, for retention.
  `CREATE TABLE pod_shape (
    id INTEGER PRIMARY KEY,
    scheduling TEXT NOT NULL UNIQUE,
    seen_ms INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX pod_shape_seen ON pod_shape (seen_ms)',
  // ended_after_ms: the end was not seen, and lies between it and ended_ms.
  `CREATE TABLE pod_run (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    uid TEXT NOT NULL,
    ns TEXT NOT NULL,
    pod TEXT NOT NULL,
    node TEXT,
    owner TEXT NOT NULL,
    placeable INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    bound_ms INTEGER,
    started_ms INTEGER,
    ended_ms INTEGER,
    ended_after_ms INTEGER,
    cpu_m INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    gpu_count INTEGER,
    gpu_milli INTEGER,
    extended TEXT,
    slack_s REAL NOT NULL,
    expected_s REAL,
    shape INTEGER,
    policy TEXT,
    mode TEXT,
    cpu_us INTEGER,
    cpu_ms INTEGER,
    restarts INTEGER,
    UNIQUE (cluster, uid)
  ) STRICT`,
  'CREATE INDEX pod_run_ended ON pod_run (ended_ms)',
  'CREATE INDEX pod_run_shape ON pod_run (shape)',
  // Of the simulated cluster little is kept: these find it among the rows of a live one.
  "CREATE INDEX pod_run_simulated ON pod_run (ended_ms) WHERE cluster = 'simulated'",
  "CREATE INDEX decision_simulated ON decision (ms) WHERE cluster = 'simulated'",
  `CREATE TABLE cluster_node (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (cluster, name)
  ) STRICT`,
  // A row a minute and node, and one more where the source changed within the minute.
  `CREATE TABLE node_energy (
    n INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    source TEXT NOT NULL,
    uj INTEGER NOT NULL,
    active_uj INTEGER,
    ms INTEGER NOT NULL,
    cpu_us INTEGER,
    PRIMARY KEY (ts, n, source)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE node_seen (
    n INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    cpu_m INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    labels TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (n, first_ms)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE cluster_watch (
    cluster TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    PRIMARY KEY (cluster, from_ms)
  ) STRICT, WITHOUT ROWID`,
  `CREATE VIEW pod_runs AS
    SELECT datetime(created_ms / 1000, 'unixepoch') AS created, ns AS namespace, pod, node,
      round((bound_ms - created_ms) / 1e3, 3) AS wait_seconds,
      datetime(ended_ms / 1000, 'unixepoch') AS ended,
      round((ended_ms - coalesce(started_ms, bound_ms, created_ms)) / 1e3, 3) AS run_seconds,
      ended_after_ms IS NOT NULL AS end_is_a_guess,
      cpu_m / 1e3 AS cores, memory, gpu_count AS gpus, cpu_us / 1e6 AS cpu_seconds,
      CASE WHEN cpu_ms > 0 THEN round(cpu_us / 1e3 / cpu_ms, 6) END AS mean_cores,
      restarts, policy, mode, owner, cluster, uid, created_ms / 1000 AS ts
    FROM pod_run`,
  `CREATE VIEW node_minute AS
    SELECT datetime(e.ts, 'unixepoch') AS time, c.name AS node, e.uj / 1e6 AS joules, e.active_uj / 1e6 AS active_joules,
      CASE WHEN e.ms > 0 THEN round(e.uj / 1e3 / e.ms, 6) END AS watts,
      round(e.ms / 1e3, 3) AS covered_seconds, e.cpu_us / 1e6 AS cpu_seconds, e.source, c.cluster, e.ts
    FROM node_energy e JOIN cluster_node c ON c.id = e.n`,
];
