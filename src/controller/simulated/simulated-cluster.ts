import type { Node } from '../../cluster/node.ts';
import type { NodeEnergyCounters, NodeEnergyReading, NodeJoules } from '../../cluster/node-energy.ts';
import type { Pod } from '../../cluster/pod.ts';
import { kubePolicy } from '../../policy/kube/kube-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Joules, Watts } from '../../util/units.ts';
import { LiveCluster } from '../live-cluster.ts';
import type { Actor, ActResult, LoopTime, PendingPod, PendingPodListener, PendingPods } from '../ports.ts';
import type { PodUseTotals, RecordedPod, RecordedPods } from '../run-recorder.ts';
import { ClusterTwin } from './cluster-twin.ts';
import { OwnScheduler } from './own-scheduler.ts';
import { PodStream, type StreamedPod } from './pod-stream.ts';
import { RunningPods } from './running-pods.ts';
import { SimulatedTime } from './simulated-time.ts';

export interface SimulatedClusterOptions {
  readonly time: LoopTime;
  readonly nodes: readonly Node[];
  readonly seed: number;
  /** Whether pods come with the gate, as in a namespace that is opted in; otherwise the cluster's own scheduler binds them. */
  readonly isGated: boolean;
  /** Rules that place the same pods on the same nodes beside this cluster. */
  readonly twins: readonly Policy[];
  /** A twin's rule has failed: the twin is not told of any more. The cluster goes on. */
  readonly twinFailed?: (policy: string, error: unknown) => void;
}

/** Energy of all nodes under one rule since the cluster began. */
export interface SimulatedEnergy {
  readonly joules: Joules;
  /** Above what the nodes take when they are idle. */
  readonly activeJoules: Joules;
  /** At this moment. */
  readonly watts: Watts;
}

export interface SimulatedSituation {
  readonly seconds: number;
  readonly nodes: number;
  readonly created: number;
  readonly running: number;
  /** Pods without a node. */
  readonly waiting: number;
  readonly energy: SimulatedEnergy;
  readonly twins: readonly (SimulatedEnergy & { readonly policy: string })[];
}

interface Unbound {
  readonly streamed: StreamedPod;
  readonly recorded: RecordedPod;
  pending: PendingPod;
}

type PodFollower = Parameters<RecordedPods['follow']>[0];

/**
 * A cluster that is not there, behind the same ports as a live one: nodes with the power curves of real server models, pods that
 * come, wait at the gate, are bound and end in real time, and a scheduler of its own for pods that are freed. Everything but the
 * moments of the loop's decisions follows from the seed.
 */
export class SimulatedCluster implements PendingPods, RecordedPods, Actor, NodeEnergyCounters {
  readonly book = new LiveCluster();
  readonly #o: SimulatedClusterOptions;
  readonly #clock: SimulatedTime;
  readonly #stream: PodStream;
  readonly #running: RunningPods;
  readonly #scheduler: OwnScheduler;
  #twins: readonly ClusterTwin[];
  readonly #nodeIndex: ReadonlyMap<string, number>;
  readonly #unbound = new Map<string, Unbound>();
  readonly #bound = new Map<string, RecordedPod>();
  readonly #listeners = new Set<PendingPodListener>();
  readonly #followers = new Set<PodFollower>();
  /** CPU time of the pods that were told to be gone last: whoever is told asks for it. */
  readonly #ended = new Map<
    string,
    { readonly usedMicroseconds: number; readonly meteredMilliseconds: number }
  >();
  /** Freed pods on their way to a node. */
  #binding: { readonly uid: string; readonly node: number | undefined }[] = [];
  #next: StreamedPod;
  #created = 0;
  #cancel: (() => void) | undefined;
  #cancelBinding: (() => void) | undefined;

  constructor(options: SimulatedClusterOptions) {
    const { nodes, seed, twins, time } = options;
    this.#o = options;
    this.#clock = new SimulatedTime(time);
    const random = new RandomStream(seed);
    this.#stream = new PodStream(random.fork('pods'));
    this.#running = new RunningPods(nodes);
    this.#scheduler = new OwnScheduler(
      this.#running,
      kubePolicy(),
      random.fork('scheduler'),
      (streamed, node) => this.#started(streamed, node),
    );
    this.#twins = twins.map((policy) => new ClusterTwin(nodes, policy, random.fork(`twin/${policy.name}`)));
    this.#nodeIndex = new Map(nodes.map(({ name }, i) => [name, i]));
    this.book.setNodes(nodes);
    this.#next = this.#stream.next();
  }

  start(): void {
    this.#clock.start();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancelBinding?.();
    this.#cancel = undefined;
    this.#cancelBinding = undefined;
    this.#clock.stop();
  }

  get situation(): SimulatedSituation {
    this.#advance();
    const now = this.#clock.seconds;
    return {
      seconds: now,
      nodes: this.#o.nodes.length,
      created: this.#created,
      running: this.#running.count,
      waiting: this.#unbound.size,
      energy: { ...this.#running.total(now), watts: this.#running.watts },
      twins: this.#twins.map((twin) => ({ policy: twin.policy, ...twin.energy(now) })),
    };
  }

  async read(signal?: AbortSignal): Promise<NodeEnergyReading> {
    signal?.throwIfAborted();
    this.#advance();
    const now = this.#clock.seconds;
    const unixMilliseconds = this.#o.time.unixMilliseconds();
    const nodes = new Map<string, NodeJoules>();
    this.#o.nodes.forEach(({ name }, i) => {
      const joules = this.#running.joules(i, now);
      nodes.set(name, { joules, source: 'simulated', asOfUnixMilliseconds: unixMilliseconds });
    });
    return { unixMilliseconds, nodes, missing: new Map() };
  }

  /** A pod that has no node yet. */
  podOf(uid: string): Pod | undefined {
    return this.#unbound.get(uid)?.streamed.pod;
  }

  *list(): Iterable<PendingPod> {
    for (const { pending } of this.#unbound.values()) yield pending;
  }

  subscribe(listener: PendingPodListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async free({ uid }: PendingPod, node: string | undefined): Promise<ActResult> {
    const unbound = this.#unbound.get(uid);
    if (unbound === undefined) return { outcome: 'gone' };
    if (!unbound.pending.isGated) return { outcome: 'already-free' };
    const index = node === undefined ? undefined : this.#nodeIndex.get(node);
    if (node !== undefined && index === undefined) return { outcome: 'refused' };
    unbound.pending = { ...unbound.pending, isGated: false };
    this.#bindSoon(uid, index);
    return node === undefined ? { outcome: 'freed' } : { outcome: 'placed', node };
  }

  *pods(): Iterable<RecordedPod> {
    for (const { recorded } of this.#unbound.values()) yield recorded;
    yield* this.#bound.values();
  }

  follow(follower: PodFollower): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** What pods have used, known at their end. */
  get use(): PodUseTotals {
    return { of: (uid) => this.#ended.get(uid), forget: (uid) => void this.#ended.delete(uid) };
  }

  /** A scheduler comes to it a moment later. */
  #bindSoon(uid: string, node: number | undefined): void {
    this.#binding.push({ uid, node });
    this.#cancelBinding ??= this.#o.time.after(0, () => {
      this.#cancelBinding = undefined;
      this.#advance();
      const binding = this.#binding;
      this.#binding = [];
      for (const each of binding) this.#bind(each.uid, each.node, this.#clock.seconds);
    });
  }

  /** One timer for all: waking a process costs as much as what it then does here. */
  #arm(): void {
    const next = Math.min(this.#next.atSeconds, this.#running.nextEndSeconds);
    // A millisecond more: timers may come a little early.
    const wait = Math.max(0, (next - this.#clock.seconds) * 1000) + 1;
    this.#cancel = this.#o.time.after(Math.min(wait, SimulatedTime.longestMilliseconds), () => {
      this.#advance();
      this.#arm();
    });
  }

  /** Everything up to now: ends make room, then new pods come. */
  #advance(): void {
    const now = this.#clock.seconds;
    this.#scheduler.advance(now, (streamed) => this.#gone(streamed));
    while (this.#next.atSeconds <= now) {
      const streamed = this.#next;
      this.#next = this.#stream.next();
      this.#twins = this.#twins.filter((twin) => this.#arrives(twin, streamed));
      this.#create(streamed);
    }
  }

  #arrives(twin: ClusterTwin, streamed: StreamedPod): boolean {
    try {
      twin.arrive(streamed);
      return true;
    } catch (error) {
      this.#o.twinFailed?.(twin.policy, error);
      return false;
    }
  }

  #create(streamed: StreamedPod): void {
    const { uid, pod, ownerKind } = streamed;
    this.#created++;
    const createdUnixMilliseconds = this.#o.time.unixMilliseconds();
    const ownerKinds = [ownerKind];
    const recorded: RecordedPod = {
      uid,
      pod,
      nodeName: undefined,
      createdUnixMilliseconds,
      startedUnixMilliseconds: undefined,
      restarts: 0,
      ownerKinds,
    };
    const pending: PendingPod = {
      uid,
      namespace: pod.namespace,
      name: pod.name,
      createdUnixMilliseconds,
      isGated: this.#o.isGated,
      isOptedIn: true,
      isDeleting: false,
      nodeName: undefined,
      ownerKinds,
      pod,
    };
    this.#unbound.set(uid, { streamed, recorded, pending });
    for (const follower of this.#followers) follower.applied(recorded, undefined);
    for (const listener of this.#listeners) listener.pending(pending);
    if (!this.#o.isGated) this.#bindSoon(uid, undefined);
  }

  /** As the default scheduler with a preferred node: that one where it has room, else any. */
  #bind(uid: string, node: number | undefined, now: number): void {
    const { streamed } = this.#unbound.get(uid)!;
    if (node !== undefined && this.#running.fits(streamed, node))
      this.#scheduler.startOn(streamed, node, now);
    else this.#scheduler.schedule(streamed, now);
  }

  #started({ uid, pod }: StreamedPod, node: number): void {
    const { name } = this.#o.nodes[node]!;
    const before = this.#unbound.get(uid)!.recorded;
    const startedUnixMilliseconds = this.#o.time.unixMilliseconds();
    const recorded: RecordedPod = { ...before, nodeName: name, startedUnixMilliseconds };
    this.#unbound.delete(uid);
    this.#bound.set(uid, recorded);
    this.book.bound(uid, pod, name);
    for (const follower of this.#followers) follower.applied(recorded, before);
    for (const listener of this.#listeners) listener.settled(uid, name);
  }

  #gone({ uid, useMilli, lifeSeconds }: StreamedPod): void {
    const recorded = this.#bound.get(uid)!;
    this.#bound.delete(uid);
    this.book.gone(uid);
    if (this.#followers.size === 0) return;
    const meteredMilliseconds = lifeSeconds * 1000;
    this.#ended.set(uid, { usedMicroseconds: useMilli * meteredMilliseconds, meteredMilliseconds });
    for (const follower of this.#followers) follower.gone(recorded);
    this.#ended.delete(uid);
  }
}
