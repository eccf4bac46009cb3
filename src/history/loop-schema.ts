/** Decisions of the loops beside placement: replicas of Deployments, jobs of queues; a row for each, and views to read them by. */
export const loopStatements: readonly string[] = [
  // seen and terms are JSON: [["latencyP95Milliseconds", 120.5, "ms"], ...]; null: not measured.
  `CREATE TABLE scaling (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    ms INTEGER NOT NULL,
    ns TEXT NOT NULL,
    deployment TEXT NOT NULL,
    uid TEXT NOT NULL,
    backend TEXT NOT NULL,
    policy TEXT NOT NULL,
    mode TEXT NOT NULL,
    before INTEGER,
    ready INTEGER,
    wanted INTEGER,
    after INTEGER,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    seen TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX scaling_time ON scaling (ms)',
  'CREATE INDEX scaling_deployment ON scaling (deployment, ns, ms)',
  `CREATE TABLE admission (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    ms INTEGER NOT NULL,
    ns TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    uid TEXT NOT NULL,
    policy TEXT NOT NULL,
    mode TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    nodes TEXT,
    waited_ms INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    passed_over INTEGER NOT NULL,
    oldest TEXT,
    terms TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX admission_time ON admission (ms)',
  'CREATE INDEX admission_name ON admission (name, ns, ms)',
  `CREATE VIEW scalings AS
    SELECT datetime(ms / 1000, 'unixepoch') AS time, ns AS namespace, deployment, backend, before, wanted, after, ready, outcome,
      policy, reason, mode, cluster, uid, ms / 1000 AS ts
    FROM scaling`,
  `CREATE VIEW admissions AS
    SELECT datetime(ms / 1000, 'unixepoch') AS time, ns AS namespace, kind, name, outcome, nodes, round(waited_ms / 1e3, 3) AS
      waited_seconds, queued, passed_over, oldest, policy, reason, mode, cluster, uid, ms / 1000 AS ts
    FROM admission`,
];
