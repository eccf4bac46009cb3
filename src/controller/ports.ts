import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Labels } from '../cluster/labels.ts';
import type { Pod } from '../cluster/pod.ts';
import type { DecisionRecord } from '../history/decision-record.ts';
import type { Milliseconds } from '../util/units.ts';

/** A pod without a node, with what decides whether it is the program's to place. */
export interface PendingPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** By the API server's clock. */
  readonly createdUnixMilliseconds: Milliseconds;
  /** Whether it carries the program's own scheduling gate. */
  readonly isGated: boolean;
  /** Whether its namespace is opted in and it does not opt out itself. */
  readonly isOptedIn: boolean;
  readonly isDeleting: boolean;
  readonly nodeName: string | undefined;
  /** Kinds of its owners: `ReplicaSet`, `DaemonSet`, `Node` for a static pod. */
  readonly ownerKinds: readonly string[];
  readonly pod: Pod;
}

export interface PendingPodListener {
  /** It came or changed; may be told more than once, and late. */
  pending(pod: PendingPod): void;
  /** It waits no more: freed, bound or deleted. `node`: where it was bound. */
  settled(uid: string, node: string | undefined): void;
}

/** The pods that wait, as the watch knows them. */
export interface PendingPods {
  list(): Iterable<PendingPod>;
  /** Returns what ends it. */
  subscribe(listener: PendingPodListener): () => void;
}

/** What keeps books of its own beside a cluster: told of everything, in order. */
export interface BookObserver {
  /** Another cluster from now on: nodes came, went or changed. Its pods are told after it, each by `placed`. */
  rebuilt(cluster: ClusterState, namespaces: ReadonlyMap<string, Labels>): void;
  placed(pod: Pod, node: number): void;
  removed(pod: Pod, node: number): void;
  /** A namespace has other labels now, in the map that was told with the cluster. */
  relabelled?(namespace: string): void;
}

/** The cluster as decisions see it: what runs, and what was decided and has not been seen to run yet. */
export interface ClusterBook {
  /** Undefined while no node is known. */
  readonly cluster: ClusterState | undefined;
  /** @param now seconds on the cluster's clock; @param pending pods that wait for a decision */
  setTime(now: number, pending: number): void;
  /** Books a decided pod until the watch tells where it runs, or `forget`. */
  assume(uid: string, pod: Pod, node: number, gpus: Int32Array | undefined): void;
  /** Takes an assumption back; nothing where the watch has confirmed it, or there is none. */
  forget(uid: string): void;
  observe(observer: BookObserver): void;
  /** Tells all that is booked now, once. */
  tell(observer: BookObserver): void;
}

/** Nodes that sleep. A pod that was decided for one is held, within its deadline, until the node is up. */
export interface SleepingNodes {
  /** `asleep`: not up yet, and it can be had; `lost`: it sleeps and does not wake. */
  readiness(node: string): 'ready' | 'asleep' | 'lost';
  /** The node is to be woken for a pod, and to stay awake until the pod is there or lets go of it. */
  want(uid: string, node: string): void;
  release(uid: string): void;
}

/** What became of a pod that was handed to the actor. */
export type ActResult =
  | { readonly outcome: 'placed'; readonly node: string }
  /** Without its gate, otherwise as it was. */
  | { readonly outcome: 'freed'; readonly why?: string }
  /** Somebody else took the gate away, or the pod does not exist any more. */
  | { readonly outcome: 'already-free' | 'gone' }
  /** The pod has changed since, and was not written. */
  | { readonly outcome: 'conflict' }
  /** The server will not have this change. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'throttled'; readonly retryAfterMilliseconds: Milliseconds }
  | { readonly outcome: 'not-leader' }
  /** It still waits, as far as is known. */
  | { readonly outcome: 'failed'; readonly error: unknown };

/** Writes to the cluster. */
export interface Actor {
  /**
   * Frees a gated pod: with affinity to `node`, or unmodified where that is undefined. The write must be conditional on the
   * version of the pod and on the present term of the lease. Settles soon after `signal` is aborted.
   */
  free(pod: PendingPod, node: string | undefined, signal: AbortSignal): Promise<ActResult>;
}

export interface Leadership {
  readonly isLeader: boolean;
  /** Called after every change. */
  subscribe(listener: () => void): () => void;
}

/** Says who stops all placement, and why; undefined: nobody. */
export interface PauseSource {
  readonly reason: string | undefined;
  subscribe(listener: () => void): () => void;
}

/** Where decisions are kept. Must neither throw nor wait. */
export interface DecisionSink {
  record(decision: DecisionRecord): void;
  /** Where a pod that was decided on runs in the end. */
  bound(uid: string, node: string): void;
}

/** Time and timers, monotonic, as the loop needs them; played in tests. */
export interface LoopTime {
  monotonicMilliseconds(): Milliseconds;
  unixMilliseconds(): Milliseconds;
  /** Returns what takes it back. 0: as soon as events that are there already have been seen to. */
  after(milliseconds: Milliseconds, call: () => void): () => void;
}
