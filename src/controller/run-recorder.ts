import type { Node } from '../cluster/node.ts';
import { type NodeDescription, nodeDescription } from '../cluster/node-description.ts';
import type { NodeEnergyCounters } from '../cluster/node-energy.ts';
import type { Pod } from '../cluster/pod.ts';
import type { ClusterKind } from '../history/cluster-kind.ts';
import type { ClusterRecordSink } from '../history/cluster-record-sink.ts';
import type { PodRunRecord } from '../history/pod-run-record.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds } from '../util/units.ts';
import { NodeEnergyMinutes } from './node-energy-minutes.ts';
import type { LoopTime } from './ports.ts';

/** A pod as whoever watches a cluster knows it. */
export interface RecordedPod {
  readonly uid: string;
  readonly pod: Pod;
  readonly nodeName: string | undefined;
  readonly createdUnixMilliseconds: Milliseconds;
  readonly startedUnixMilliseconds: Milliseconds | undefined;
  readonly restarts: number;
  readonly ownerKinds: readonly string[];
}

export interface RecordedPods {
  pods(): Iterable<RecordedPod>;
  /** Tells of all pods from now on; returns what ends it. */
  follow(follower: {
    applied(pod: RecordedPod, before: RecordedPod | undefined): void;
    gone(pod: RecordedPod): void;
  }): () => void;
}

/** CPU time of pods since their beginning, as far as it was metered. */
export interface PodUseTotals {
  of(uid: string): NonNullable<PodRunRecord['cpu']> | undefined;
  /** It is asked for no more. */
  forget(uid: string): void;
}

export interface RunRecorderOptions {
  readonly cluster: ClusterKind;
  readonly pods: RecordedPods;
  /** As they are now. */
  readonly nodes: () => readonly Node[];
  /** Whether the server was heard lately: what is not watched is told as such. */
  readonly isCurrent: () => boolean;
  readonly sink: ClusterRecordSink;
  readonly energy: NodeEnergyCounters | undefined;
  readonly use: PodUseTotals | undefined;
  /**
   * Tells of pods that had a node already what they ask of nodes, which a watch does not hold: asked once, at the start. Left out:
   * that stays unknown.
   */
  readonly wishes?:
    | ((signal: AbortSignal) => Promise<Iterable<{ readonly uid: string; readonly pod: Pod }>>)
    | undefined;
  readonly ownNamespace: string;
  readonly time: LoopTime;
  readonly log: Logger;
}

const MINUTE = 60_000;
/** What a pod without wishes asks of nodes; of one whose wishes are not known nothing is told. */
const NO_WISHES = {};
/** A pod that is seen with its node only, and is younger, has got it just now. */
const BOUND_JUST_NOW = 60_000;
/** How often the use of pods that run is told. */
const USE_EVERY_MINUTES = 15;

/** Hands the lives of pods, the nodes and their energy to the history, for as long as it runs. */
export class RunRecorder {
  readonly #o: RunRecorderOptions;
  readonly #minutes = new NodeEnergyMinutes();
  readonly #ending = new AbortController();
  /** Descriptions are told every minute: those of a node that is the same are the same. */
  readonly #descriptions = new WeakMap<Node, NodeDescription>();
  #present = new Map<string, Node>();
  #watchedFrom: Milliseconds | undefined;
  #unfollow: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #ticks = 0;
  #reading: Promise<void> | undefined;
  #asking: Promise<void> | undefined;

  constructor(options: RunRecorderOptions) {
    this.#o = options;
  }

  /** All pods must be known. */
  start(): void {
    const { cluster, pods, sink, time } = this.#o;
    const now = time.unixMilliseconds();
    this.#unfollow = pods.follow({
      applied: (pod, before) => this.#applied(pod, before),
      gone: (pod) => {
        this.#tell(pod, { endedUnixMilliseconds: this.#o.time.unixMilliseconds() });
        this.#o.use?.forget(pod.uid);
      },
    });
    const uids: string[] = [];
    for (const pod of pods.pods()) {
      uids.push(pod.uid);
      this.#tell(pod, {});
    }
    sink.podsPresent({ cluster, uids, unixMilliseconds: now });
    this.#tellWatched(now);
    this.#tellNodes(now);
    this.#reading = this.#readEnergy();
    this.#asking = this.#askWishes();
    this.#nextMinute();
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#unfollow?.();
    this.#ending.abort();
    await Promise.all([this.#reading, this.#asking]);
    const now = this.#o.time.unixMilliseconds();
    this.#tellUse();
    this.#tellWatched(now);
    this.#tellNodes(now);
  }

  #nextMinute(): void {
    const { time } = this.#o;
    this.#cancel = time.after(MINUTE - (time.unixMilliseconds() % MINUTE), () => this.#minute());
  }

  #minute(): void {
    const now = this.#o.time.unixMilliseconds();
    this.#tellWatched(now);
    this.#tellNodes(now);
    if (++this.#ticks % USE_EVERY_MINUTES === 0) this.#tellUse();
    // A source that takes longer than a minute is not asked twice at a time: its next answer holds all joules since.
    this.#reading ??= this.#readEnergy();
    this.#nextMinute();
  }

  #applied(pod: RecordedPod, before: RecordedPod | undefined): void {
    const isBound = pod.nodeName !== undefined && before?.nodeName === undefined;
    if (before !== undefined && !isBound && isSame(pod, before)) return;
    const now = this.#o.time.unixMilliseconds();
    // One that was not known and is older came to light when a broken watch was mended.
    const sawIt = before !== undefined || now - pod.createdUnixMilliseconds < BOUND_JUST_NOW;
    this.#tell(pod, isBound && sawIt ? { boundUnixMilliseconds: now } : {});
  }

  #tell(recorded: RecordedPod, more: Partial<PodRunRecord>): void {
    const { cluster, sink, use, ownNamespace } = this.#o;
    sink.podRun({ cluster, ...podRunOf(recorded, ownNamespace), cpu: use?.of(recorded.uid), ...more });
  }

  #tellUse(): void {
    const { pods, use } = this.#o;
    if (use === undefined) return;
    for (const pod of pods.pods()) if (use.of(pod.uid) !== undefined) this.#tell(pod, {});
  }

  #tellWatched(now: Milliseconds): void {
    const { cluster, sink, isCurrent } = this.#o;
    if (!isCurrent()) {
      this.#watchedFrom = undefined;
      return;
    }
    this.#watchedFrom ??= now;
    sink.clusterWatched({ cluster, fromUnixMilliseconds: this.#watchedFrom, toUnixMilliseconds: now });
  }

  #tellNodes(now: Milliseconds): void {
    const nodes = this.#o.nodes();
    const present = new Map(nodes.map((node) => [node.name, node]));
    // Last seen in this minute.
    for (const [name, node] of this.#present) if (!present.has(name)) this.#tellNode(node, now);
    for (const node of nodes) this.#tellNode(node, now);
    this.#present = present;
  }

  #tellNode(node: Node, unixMilliseconds: Milliseconds): void {
    const { cluster, sink } = this.#o;
    const { name, cpuMilli, memoryBytes, labels } = node;
    const description = this.#descriptions.get(node) ?? nodeDescription(node);
    this.#descriptions.set(node, description);
    sink.nodeSeen({ cluster, node: name, unixMilliseconds, cpuMilli, memoryBytes, labels, description });
  }

  async #askWishes(): Promise<void> {
    const { wishes, pods, log } = this.#o;
    try {
      const listed = await wishes?.(this.#ending.signal);
      if (listed === undefined) return;
      const there = new Map<string, RecordedPod>();
      for (const pod of pods.pods()) there.set(pod.uid, pod);
      for (const { uid, pod } of listed) {
        const recorded = there.get(uid);
        // Of those that wait it is told anyway.
        if (recorded?.nodeName !== undefined)
          this.#tell(recorded, { scheduling: pod.scheduling ?? NO_WISHES });
      }
    } catch (error) {
      if (!this.#ending.signal.aborted) log.warn('pod-wishes-not-read', { error });
    }
  }

  async #readEnergy(): Promise<void> {
    const { energy, cluster, sink, log } = this.#o;
    try {
      const reading = await energy?.read(this.#ending.signal);
      if (reading !== undefined)
        for (const record of this.#minutes.take(reading)) sink.nodeEnergy({ ...record, cluster });
    } catch (error) {
      if (!this.#ending.signal.aborted) log.error('node-energy-not-read', { error });
    } finally {
      this.#reading = undefined;
    }
  }
}

/** What a pod as it is tells of its life. */
export function podRunOf(recorded: RecordedPod, ownNamespace: string): PodRunRecord {
  const { uid, pod, nodeName, createdUnixMilliseconds, startedUnixMilliseconds, ownerKinds } = recorded;
  const { predictedSeconds, scheduling } = pod;
  return {
    uid,
    namespace: pod.namespace,
    pod: pod.name,
    owner: ownerKinds.join(),
    placeable: isPlaceable(recorded, ownNamespace),
    createdUnixMilliseconds,
    node: nodeName,
    startedUnixMilliseconds,
    cpuMilli: pod.cpuMilli,
    memoryBytes: pod.memoryBytes,
    gpuCount: pod.gpu?.count,
    gpuMilliEach: pod.gpu?.milliEach,
    extended: pod.extended,
    slackSeconds: pod.slackSeconds,
    expectedSeconds: predictedSeconds === Number.POSITIVE_INFINITY ? undefined : predictedSeconds,
    // Of a pod on a node, what it asked of nodes is not held any more.
    scheduling: nodeName === undefined ? (scheduling ?? NO_WISHES) : undefined,
    restarts: recorded.restarts,
  };
}

/** As the placement loop would be allowed to, were the namespace opted in. */
function isPlaceable({ pod, ownerKinds }: RecordedPod, ownNamespace: string): boolean {
  return (
    pod.namespace !== 'kube-system' &&
    pod.namespace !== ownNamespace &&
    !ownerKinds.includes('DaemonSet') &&
    !ownerKinds.includes('Node')
  );
}

/** Whether a change says nothing that is kept. */
function isSame(a: RecordedPod, b: RecordedPod): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.pod === b.pod &&
    a.startedUnixMilliseconds === b.startedUnixMilliseconds &&
    a.restarts === b.restarts
  );
}
