import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { KisimError } from '../../util/errors.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { Slumber } from '../live-cluster.ts';
import type { BookObserver } from '../ports.ts';
import type { Resident } from '../resident.ts';
import type { SleepMark } from './sleep-mark.ts';

/** A node, as far as its sleep is concerned, as the watch last told it. */
export interface NodeFacts {
  readonly name: string;
  readonly uid: string;
  /** By whomever. */
  readonly isCordoned: boolean;
  readonly isReady: boolean;
  /** Since when it is ready or not, by the cluster's clock. */
  readonly readinessSince: Milliseconds | undefined;
  /** When its kubelet last said that it is ready, by the cluster's clock: every five minutes where nothing changes. */
  readonly heardAt: Milliseconds | undefined;
  readonly isControlPlane: boolean;
  /** `kisimd.io/keep-awake` on the node. */
  readonly keepsAwake: boolean;
  /** Whether a taint keeps off pods that do not tolerate it, that of the cordon aside. */
  readonly isTainted: boolean;
  readonly mark: SleepMark | 'unreadable' | undefined;
  /** The mark as it is written there. */
  readonly markText: string | undefined;
}

export interface NodeStates {
  list(): Iterable<NodeFacts>;
  /** Told after every change. Returns what ends it. */
  subscribe(listener: () => void): () => void;
}

/** Mark and cordon of a node, in one write. */
export interface MarkChange {
  /** What must stand there, or nothing is written. */
  readonly expected: string | undefined;
  /** Undefined: the mark is taken away. */
  readonly mark: SleepMark | undefined;
  readonly cordoned: boolean;
}

export type MarkResult =
  | { readonly outcome: 'written' }
  /** Somebody else has changed mark or cordon since. */
  | { readonly outcome: 'changed' | 'gone' | 'not-leader' }
  | { readonly outcome: 'failed'; readonly error: KisimError };

export interface NodeWrites {
  /** Conditional on the version of the node and on the present term of the lease. Settles soon after `signal` is aborted. */
  mark(node: NodeFacts, change: MarkChange, signal: AbortSignal): Promise<MarkResult>;
}

export type EvictResult =
  | { readonly outcome: 'evicted' | 'gone' | 'not-leader' }
  /** A disruption budget forbids it now, or the server is busy. */
  | { readonly outcome: 'blocked'; readonly retryAfterMilliseconds: Milliseconds }
  | { readonly outcome: 'failed'; readonly error: KisimError };

export interface Evictions {
  /** @param dryRun asks only whether it would be allowed */
  evict(
    pod: Pick<Resident, 'uid' | 'namespace' | 'name'>,
    options: { readonly dryRun: boolean; readonly signal: AbortSignal },
  ): Promise<EvictResult>;
}

/** The pods on nodes. */
export interface Residents {
  /** All of them, by node, as the watch knows them. */
  byNode(): ReadonlyMap<string, readonly Resident[]>;
  /**
   * Those of one node as the server knows them now: what was bound a moment ago is among them. Pods that have ended are not.
   *
   * @throws KISIM_E_KUBE_...
   */
  readOn(node: string, signal: AbortSignal): Promise<readonly Pick<Resident, 'name' | 'ownerKinds'>[]>;
}

export type PowerResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly error: KisimError;
      /** It was ended half-way: the machine may be in any state. */
      readonly isHalfDone: boolean;
    };

/** What switches nodes, as the operator has told. Both may be asked again for what is done already. */
export interface NodePower {
  sleep(node: string, signal: AbortSignal): Promise<PowerResult>;
  wake(node: string, signal: AbortSignal): Promise<PowerResult>;
}

/** The book, as far as sleep is concerned. */
export interface SleepBook {
  readonly cluster: ClusterState | undefined;
  setSlumber(slumber: ReadonlyMap<string, Slumber>): void;
  assumedOn(node: string): number;
  observe(observer: BookObserver): void;
}
