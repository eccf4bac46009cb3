/** Decisions of the placement loop: a row for each, and a view to read them by. */
export const decisionStatements: readonly string[] = [
  // terms, others and ref_terms are JSON: [["active-energy", 3.2, "J"], ...] and [["node-a", [...]], ...].
  `CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    ms INTEGER NOT NULL,
    ns TEXT NOT NULL,
    pod TEXT NOT NULL,
    uid TEXT NOT NULL,
    node TEXT,
    bound TEXT,
    policy TEXT NOT NULL,
    fell_back_from TEXT,
    fell_back_why TEXT,
    unit TEXT,
    cost REAL,
    ref_policy TEXT,
    ref_node TEXT,
    ref_cost REAL,
    candidates INTEGER NOT NULL,
    mode TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    held_ms INTEGER NOT NULL,
    terms TEXT NOT NULL,
    others TEXT NOT NULL,
    ref_terms TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX decision_time ON decision (ms)',
  'CREATE INDEX decision_pod ON decision (pod, ns, ms)',
  'CREATE INDEX decision_uid ON decision (uid)',
  // Joules are costs: what the reference rule would have cost more is what was saved, as predicted.
  `CREATE VIEW decisions AS
    SELECT datetime(ms / 1000, 'unixepoch') AS time, ns AS namespace, pod, node, bound, policy, outcome, reason, mode,
      CASE WHEN unit = 'J' THEN round(cost, 3) END AS joules,
      ref_policy AS reference, ref_node AS reference_node,
      CASE WHEN unit = 'J' THEN round(ref_cost, 3) END AS reference_joules,
      CASE WHEN unit = 'J' THEN round(ref_cost - cost, 3) END AS saved_joules,
      fell_back_from, candidates, held_ms, uid, ms / 1000 AS ts
    FROM decision`,
];
