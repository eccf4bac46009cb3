import type Database from 'better-sqlite3';
import type { ClusterKind } from './cluster-kind.ts';
import type { ClusterNote } from './cluster-notes.ts';
import { CollectionWriter } from './collection-writer.ts';
import type { NodeEnergyRecord } from './node-energy-record.ts';
import type { ClusterWatchedRecord, NodeSeenRecord, PodsPresentRecord } from './node-seen-record.ts';
import type { PodRunRecord } from './pod-run-record.ts';

/** A shape that is in use is marked as used at least so often: retention keeps those of the last day at the least. */
const MARK_SHAPES_MILLISECONDS = 3_600_000;

/** Writes pods' lives, nodes, their energy and what else is collected, to be called inside a transaction. */
export class ClusterWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #collection: CollectionWriter;
  #shapes = new WeakMap<object, { readonly id: number; readonly markedAt: number }>();
  readonly #nodes = new Map<string, number>();
  /** Of descriptions that were told before: a node that stays the same is told every minute. */
  readonly #texts = new WeakMap<object, string>();
  /** What the newest row of each node says. */
  readonly #seen = new Map<number, { readonly firstMilliseconds: number; readonly text: string }>();

  constructor(db: Database.Database) {
    this.#statements = prepareStatements(db);
    this.#collection = new CollectionWriter(db, (cluster, name) => this.#nodeOf(cluster, name));
  }

  write(notes: readonly ClusterNote[]): void {
    for (const note of notes) {
      if (note.kind === 'pod-run') this.#podRun(note.record);
      else if (note.kind === 'node-energy') this.#nodeEnergy(note.record);
      else if (note.kind === 'node-seen') this.#nodeSeen(note.record);
      else if (note.kind === 'pods-present') this.#podsPresent(note.record);
      else if (note.kind === 'watched') this.#watched(note.record);
      else this.#collection.write(note);
    }
  }

  /** The transaction of the last call was rolled back: ids that were given in it are not to be trusted. */
  rolledBack(): void {
    this.#shapes = new WeakMap();
    this.#nodes.clear();
    this.#seen.clear();
  }

  #podRun(pod: PodRunRecord): void {
    const { cpu, extended, scheduling, boundUnixMilliseconds, createdUnixMilliseconds } = pod;
    const seenAt = pod.endedUnixMilliseconds ?? boundUnixMilliseconds ?? createdUnixMilliseconds;
    const sawEnd =
      pod.isEndCoarse === true && this.#statements.seenEnd.get(kind(pod.cluster), pod.uid) !== undefined;
    const decision = pod.policy === undefined ? this.#decisionOf(pod) : pod;
    // In the order of `podRunColumns`: by position this takes half of the time that names take.
    this.#statements.podRun.run(
      kind(pod.cluster),
      pod.uid,
      pod.namespace,
      pod.pod,
      pod.node ?? null,
      pod.owner ?? '',
      pod.placeable ? 1 : 0,
      Math.round(createdUnixMilliseconds),
      rounded(boundUnixMilliseconds),
      rounded(pod.startedUnixMilliseconds),
      sawEnd ? null : rounded(pod.endedUnixMilliseconds),
      // Kubernetes rounds amounts up.
      Math.ceil(pod.cpuMilli),
      Math.ceil(pod.memoryBytes),
      pod.gpuCount ?? null,
      pod.gpuMilliEach ?? null,
      extended === undefined ? null : JSON.stringify(extended),
      pod.slackSeconds,
      pod.expectedSeconds ?? null,
      scheduling === undefined ? null : this.#shapeOf(scheduling, Math.round(seenAt)),
      decision?.policy ?? null,
      decision?.mode ?? null,
      rounded(cpu?.usedMicroseconds),
      rounded(cpu?.meteredMilliseconds),
      pod.restarts ?? null,
    );
  }

  /** The decision that sent it where it is: the rule placed it, where the pod has followed. */
  #decisionOf({ cluster, uid, node }: PodRunRecord): Pick<PodRunRecord, 'policy' | 'mode'> | undefined {
    return node === undefined ? undefined : this.#statements.decision.get(uid, node, kind(cluster));
  }

  #shapeOf(scheduling: object, seenAt: number): number {
    const known = this.#shapes.get(scheduling);
    if (known !== undefined && seenAt - known.markedAt < MARK_SHAPES_MILLISECONDS) return known.id;
    const { id } = this.#statements.shape.get(JSON.stringify(scheduling), seenAt)!;
    this.#shapes.set(scheduling, { id, markedAt: seenAt });
    return id;
  }

  #nodeEnergy(record: NodeEnergyRecord): void {
    this.#statements.nodeEnergy.run(
      this.#nodeOf(record.cluster, record.node),
      record.unixSeconds,
      record.source,
      Math.round(record.microjoules),
      rounded(record.activeMicrojoules),
      Math.round(record.coveredMilliseconds),
      rounded(record.cpuBusyMicroseconds),
    );
  }

  #nodeSeen(record: NodeSeenRecord): void {
    const n = this.#nodeOf(record.cluster, record.node);
    const at = Math.round(record.unixMilliseconds);
    const cpu = Math.floor(record.cpuMilli);
    const memory = Math.floor(record.memoryBytes);
    const labels = JSON.stringify(record.labels);
    const description = this.#texts.get(record.description) ?? JSON.stringify(record.description);
    this.#texts.set(record.description, description);
    const text = `${cpu} ${memory} ${labels} ${description}`;
    const s = this.#statements;
    let last = this.#seen.get(n);
    if (last === undefined) {
      const row = s.newestSeen.get(n);
      if (row !== undefined)
        last = {
          firstMilliseconds: row.first_ms,
          text: `${row.cpu_m} ${row.memory} ${row.labels} ${row.description}`,
        };
    }
    if (last?.text === text) s.seenAgain.run(at, n, last.firstMilliseconds);
    else {
      s.nodeSeen.run(n, at, at, cpu, memory, labels, description);
      last = { firstMilliseconds: at, text };
    }
    this.#seen.set(n, last);
  }

  #podsPresent({ cluster, uids, unixMilliseconds }: PodsPresentRecord): void {
    const at = Math.round(unixMilliseconds);
    this.#statements.endOthers.run({ at, cluster: kind(cluster), uids: JSON.stringify(uids) });
  }

  #watched({ cluster, fromUnixMilliseconds, toUnixMilliseconds }: ClusterWatchedRecord): void {
    this.#statements.watched.run(
      kind(cluster),
      Math.round(fromUnixMilliseconds),
      Math.round(toUnixMilliseconds),
    );
  }

  #nodeOf(cluster: ClusterKind | undefined, name: string): number {
    const key = `${kind(cluster)} ${name}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const { id } = this.#statements.node.get(kind(cluster), name)!;
    this.#nodes.set(key, id);
    return id;
  }
}

function kind(cluster: ClusterKind | undefined): ClusterKind {
  return cluster ?? 'live';
}

function rounded(amount: number | undefined): number | null {
  return amount === undefined ? null : Math.round(amount);
}

interface SeenRow {
  readonly first_ms: number;
  readonly cpu_m: number;
  readonly memory: number;
  readonly labels: string;
  readonly description: string;
}

const podRunColumns = [
  'cluster',
  'uid',
  'ns',
  'pod',
  'node',
  'owner',
  'placeable',
  'created_ms',
  'bound_ms',
  'started_ms',
  'ended_ms',
  'cpu_m',
  'memory',
  'gpu_count',
  'gpu_milli',
  'extended',
  'slack_s',
  'expected_s',
  'shape',
  'policy',
  'mode',
  'cpu_us',
  'cpu_ms',
  'restarts',
] as const;

function prepareStatements(db: Database.Database) {
  return {
    decision: db.prepare<[string, string, string], { policy: string; mode: string }>(
      `SELECT policy, mode FROM decision WHERE uid = ? AND outcome = 'placed' AND node = ? AND cluster = ?
       ORDER BY id DESC LIMIT 1`,
    ),
    seenEnd: db.prepare<[string, string], unknown>(
      'SELECT 1 FROM pod_run WHERE cluster = ? AND uid = ? AND ended_ms IS NOT NULL AND ended_after_ms IS NULL',
    ),
    podRun: db.prepare(
      `INSERT INTO pod_run (${podRunColumns.join(', ')}) VALUES (${podRunColumns.map(() => '?').join(', ')})
       ON CONFLICT (cluster, uid) DO UPDATE SET
         node = coalesce(excluded.node, node), placeable = excluded.placeable,
         bound_ms = coalesce(bound_ms, excluded.bound_ms), started_ms = coalesce(started_ms, excluded.started_ms),
         ended_ms = coalesce(excluded.ended_ms, ended_ms),
         ended_after_ms = CASE WHEN excluded.ended_ms IS NULL THEN ended_after_ms END,
         cpu_m = excluded.cpu_m, memory = excluded.memory, gpu_count = coalesce(excluded.gpu_count, gpu_count),
         gpu_milli = coalesce(excluded.gpu_milli, gpu_milli), extended = coalesce(excluded.extended, extended),
         slack_s = excluded.slack_s, expected_s = coalesce(excluded.expected_s, expected_s), shape = coalesce(shape, excluded.shape),
         policy = coalesce(excluded.policy, policy), mode = coalesce(excluded.mode, mode),
         cpu_us = coalesce(excluded.cpu_us, cpu_us), cpu_ms = coalesce(excluded.cpu_ms, cpu_ms),
         restarts = coalesce(excluded.restarts, restarts)`,
    ),
    shape: db.prepare<[string, number], { id: number }>(
      `INSERT INTO pod_shape (scheduling, seen_ms) VALUES (?, ?)
       ON CONFLICT (scheduling) DO UPDATE SET seen_ms = max(seen_ms, excluded.seen_ms) RETURNING id`,
    ),
    node: db.prepare<[string, string], { id: number }>(
      `INSERT INTO cluster_node (cluster, name) VALUES (?, ?)
       ON CONFLICT (cluster, name) DO UPDATE SET name = name RETURNING id`,
    ),
    // A part of which something is not known makes the whole not known.
    nodeEnergy: db.prepare(
      `INSERT INTO node_energy (n, ts, source, uj, active_uj, ms, cpu_us) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (ts, n, source) DO UPDATE SET uj = uj + excluded.uj, active_uj = active_uj + excluded.active_uj,
         ms = ms + excluded.ms, cpu_us = cpu_us + excluded.cpu_us`,
    ),
    newestSeen: db.prepare<[number], SeenRow>(
      'SELECT first_ms, cpu_m, memory, labels, description FROM node_seen WHERE n = ? ORDER BY first_ms DESC LIMIT 1',
    ),
    seenAgain: db.prepare<[number, number, number]>(
      'UPDATE node_seen SET last_ms = max(last_ms, ?) WHERE n = ? AND first_ms = ?',
    ),
    nodeSeen: db.prepare(
      `INSERT INTO node_seen (n, first_ms, last_ms, cpu_m, memory, labels, description) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (n, first_ms) DO UPDATE SET cpu_m = excluded.cpu_m, memory = excluded.memory, labels = excluded.labels,
         description = excluded.description`,
    ),
    endOthers: db.prepare(
      `UPDATE pod_run SET ended_ms = $at, ended_after_ms = max(created_ms, coalesce(bound_ms, 0), coalesce(
           (SELECT max(to_ms) FROM cluster_watch w WHERE w.cluster = $cluster AND w.to_ms <= $at), 0))
       WHERE cluster = $cluster AND ended_ms IS NULL AND created_ms <= $at
         AND uid NOT IN (SELECT value FROM json_each($uids))`,
    ),
    watched: db.prepare(
      `INSERT INTO cluster_watch (cluster, from_ms, to_ms) VALUES (?, ?, ?)
       ON CONFLICT (cluster, from_ms) DO UPDATE SET to_ms = max(to_ms, excluded.to_ms)`,
    ),
  };
}
