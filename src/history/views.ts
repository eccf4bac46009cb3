import { sourceSql, unionOfSourcesSql } from './source-bits.ts';

/*
 * The views for people in the sqlite3 shell. They use nothing newer than SQLite 3.40 (Debian 12). Closed hours come
 * from `hour`; what is still open (coverage.state = 0) is summed from `minute` and, for the last minute or two, from
 * `recent`. Each row exists in exactly one of the three ways.
 */

/** Sums of the minutes that are not rolled up yet; `entityFilter` is a condition on `x`, the entity. */
function openMinutes(entityFilter: string, hourOpen: boolean): string {
  const from = hourOpen
    ? 'coverage o CROSS JOIN coverage m CROSS JOIN coverage s CROSS JOIN recent r CROSS JOIN entity x'
    : 'coverage m CROSS JOIN coverage s CROSS JOIN recent r CROSS JOIN entity x';
  const within = hourOpen
    ? 'o.period = 3600 AND o.state = 0 AND m.ts >= o.ts AND m.ts < o.ts + 3600 AND '
    : '';
  return `SELECT r.e AS e, m.ts AS ts, sum(r.uj) AS uj, sum(r.cpu_us) AS cpu_us,
      max(r.uj / max(s.ms, 1)) AS max_mw, ${unionOfSourcesSql('r.src')} AS src
    FROM ${from}
    WHERE ${within}m.period = 60 AND m.state = 0 AND s.period = 1 AND s.ts >= m.ts AND s.ts < m.ts + 60
      AND r.ts = s.ts AND x.id = r.e AND ${entityFilter}
    GROUP BY m.ts, r.e`;
}

/** Sums of the hours that are not rolled up yet. Exported for the reader, which asks the same question. */
export function openHours(entityFilter: string): string {
  return `SELECT u.e AS e, u.ts AS ts, sum(u.uj) AS uj, sum(u.cpu_us) AS cpu_us, max(u.max_mw) AS max_mw,
      c.ms AS ms, ${unionOfSourcesSql('u.src')} AS src
    FROM (
      SELECT m.e AS e, o.ts AS ts, m.uj AS uj, m.cpu_us AS cpu_us, m.max_mw AS max_mw, m.src AS src
      FROM coverage o CROSS JOIN entity x CROSS JOIN minute m
      WHERE o.period = 3600 AND o.state = 0 AND x.last_ts >= o.ts AND ${entityFilter}
        AND m.e = x.id AND m.ts >= o.ts AND m.ts < o.ts + 3600
      UNION ALL
      SELECT l.e, l.ts - l.ts % 3600, l.uj, l.cpu_us, l.max_mw, l.src FROM (${openMinutes(entityFilter, true)}) l
    ) u JOIN coverage c ON c.period = 3600 AND c.ts = u.ts
    GROUP BY u.ts, u.e`;
}

/** Minutes not rolled up yet; like `openHours`. */
export function openMinutesOf(entityFilter: string): string {
  return openMinutes(entityFilter, false);
}

const quantities = (row: string, milliseconds: string) => `${row}.uj / 1e6 AS joules,
      round(${row}.uj / 3.6e9, 9) AS wh,
      CASE WHEN ${milliseconds} > 0 THEN round(${row}.uj / 1e3 / ${milliseconds}, 6) END AS watts,
      ${row}.max_mw / 1e3 AS max_watts,
      ${row}.cpu_us / 1e6 AS cpu_seconds,
      round(${milliseconds} / 1e3, 3) AS metered_seconds,
      ${sourceSql(`${row}.src`)} AS source,
      ${row}.ts AS ts,
      ${row}.e AS entity_id`;

function hourView(name: string, kind: string, columns: string): string {
  const filter = `x.kind = '${kind}'`;
  const select = `SELECT datetime(h.ts, 'unixepoch') AS time, ${columns}, ${quantities('h', 'h.ms')}`;
  return `CREATE VIEW ${name} AS
    ${select} FROM entity x CROSS JOIN hour h WHERE ${filter} AND h.e = x.id
    UNION ALL
    ${select} FROM (${openHours(filter)}) h JOIN entity x ON x.id = h.e`;
}

const podColumns = 'x.ns AS namespace, x.name AS pod, x.uid AS uid';

const podDay = `CREATE VIEW pod_day AS
  SELECT date(d.day * 86400, 'unixepoch') AS day, d.namespace AS namespace, d.pod AS pod, d.uid AS uid,
    d.uj / 1e6 AS joules, round(d.uj / 3.6e9, 9) AS wh,
    CASE WHEN d.ms > 0 THEN round(d.uj / 1e3 / d.ms, 6) END AS watts,
    d.max_mw / 1e3 AS max_watts, d.cpu_us / 1e6 AS cpu_seconds, round(d.ms / 1e3, 3) AS metered_seconds,
    ${sourceSql('d.src')} AS source, d.day * 86400 AS ts, d.e AS entity_id
  FROM (
    SELECT u.e AS e, u.ts / 86400 AS day, x.ns AS namespace, x.name AS pod, x.uid AS uid, sum(u.uj) AS uj,
      sum(u.cpu_us) AS cpu_us, max(u.max_mw) AS max_mw, sum(u.ms) AS ms, ${unionOfSourcesSql('u.src')} AS src
    FROM entity x CROSS JOIN (
      SELECT e, ts, uj, cpu_us, max_mw, ms, src FROM hour
      UNION ALL
      SELECT e, ts, uj, cpu_us, max_mw, ms, src FROM (${openHours("x.kind = 'pod'")})
    ) u
    WHERE x.kind = 'pod' AND u.e = x.id
    GROUP BY u.e, u.ts / 86400
  ) d`;

const processColumns = `x.pid AS pid, x.name AS process, x.exe AS exe, x.container_id AS container_id,
      x.pod_uid AS pod_uid, x.vm_id AS vm_id`;
const processSelect = `SELECT datetime(p.ts, 'unixepoch') AS time, ${processColumns}, ${quantities('p', 'c.ms')}`;
const processMinute = `CREATE VIEW process_minute AS
  ${processSelect}
  FROM entity x CROSS JOIN minute p JOIN coverage c ON c.period = 60 AND c.ts = p.ts
  WHERE x.kind = 'process' AND p.e = x.id
  UNION ALL
  ${processSelect}
  FROM (${openMinutesOf("x.kind = 'process'")}) p JOIN entity x ON x.id = p.e
    JOIN coverage c ON c.period = 60 AND c.ts = p.ts`;

const nodeTotals = (e: number) => `SELECT ts, uj, cpu_us, max_mw, ms, src FROM hour WHERE e = ${e}
    UNION ALL SELECT ts, uj, cpu_us, max_mw, ms, src FROM (${openHours(`x.id = ${e}`)})`;
const nodeHour = `CREATE VIEW node_hour AS
  SELECT datetime(n.ts, 'unixepoch') AS time, n.uj / 1e6 AS joules, coalesce(i.uj, 0) / 1e6 AS idle_joules,
    (n.uj - coalesce(i.uj, 0) - coalesce(u.uj, 0)) / 1e6 AS active_joules, coalesce(u.uj, 0) / 1e6 AS unattributed_joules,
    round(n.uj / 3.6e9, 9) AS wh, CASE WHEN n.ms > 0 THEN round(n.uj / 1e3 / n.ms, 6) END AS watts,
    n.max_mw / 1e3 AS max_watts, n.cpu_us / 1e6 AS cpu_seconds, round(n.ms / 1e3, 3) AS metered_seconds,
    ${sourceSql('(n.src | coalesce(i.src, 0))')} AS source, n.ts AS ts
  FROM (${nodeTotals(1)}) n LEFT JOIN (${nodeTotals(2)}) i ON i.ts = n.ts LEFT JOIN (${nodeTotals(3)}) u ON u.ts = n.ts`;

const energyNow = `CREATE VIEW energy_now AS
  SELECT datetime(r.ts, 'unixepoch') AS time, x.kind AS kind, x.ns AS namespace, x.name AS name, x.pid AS pid,
    CASE WHEN c.ms > 0 THEN round(r.uj / 1e3 / c.ms, 6) END AS watts, r.uj / 1e6 AS joules,
    CASE WHEN c.ms > 0 THEN round(r.cpu_us / 10.0 / c.ms, 2) END AS cpu_percent,
    ${sourceSql('r.src')} AS source, r.ts AS ts, r.e AS entity_id
  FROM meta l CROSS JOIN recent r CROSS JOIN entity x CROSS JOIN coverage c
  WHERE l.key = 'last_ts' AND r.ts = l.value AND x.id = r.e AND c.period = 1 AND c.ts = r.ts`;

export const viewStatements: readonly string[] = [
  energyNow,
  processMinute,
  hourView('pod_hour', 'pod', podColumns),
  hourView('vm_hour', 'vm', 'x.name AS vm, x.uid AS uid'),
  hourView(
    'container_hour',
    'container',
    'x.ns AS namespace, x.name AS container, x.pod_uid AS pod_uid, x.runtime AS runtime, x.uid AS uid',
  ),
  hourView('unit_hour', 'unit', 'x.name AS unit, x.uid AS cgroup'),
  podDay,
  nodeHour,
];
