import type { Milliseconds } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';

/**
 * The life of one pod as far as it is known. The same pod is told again, whole or in part, whenever more is known of it: what is
 * undefined leaves what was kept before. Times are unix milliseconds.
 */
export interface PodRunRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  /** Kinds of its owners, joined by commas: `ReplicaSet`, `Job`, `DaemonSet`; empty: none. */
  readonly owner?: string | undefined;
  /** Whether the placement loop could ever place it: no DaemonSet, no static pod, not kube-system. */
  readonly placeable: boolean;
  /** By the API server's clock. */
  readonly createdUnixMilliseconds: Milliseconds;
  readonly node?: string | undefined;
  /** When it was seen to have its node. Undefined where it had one already when watching began. */
  readonly boundUnixMilliseconds?: Milliseconds | undefined;
  /** When its first container ran. */
  readonly startedUnixMilliseconds?: Milliseconds | undefined;
  /** When it had ended or was gone; undefined while it is there. */
  readonly endedUnixMilliseconds?: Milliseconds | undefined;
  /** The end was told afterwards, to the second: one that was seen is better, and is kept. */
  readonly isEndCoarse?: true;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly gpuCount?: number | undefined;
  readonly gpuMilliEach?: number | undefined;
  readonly extended?: Readonly<Record<string, number>> | undefined;
  /** How long it may be held back. */
  readonly slackSeconds: number;
  /** How long it is expected to run, as it says itself; undefined: it does not. */
  readonly expectedSeconds?: number | undefined;
  /**
   * `PodScheduling` of `cluster/`, from before it had a node: kept as JSON, and without it a replay leaves the pod where it
   * ran; empty: it asks for resources alone. One object for pods that are alike.
   */
  readonly scheduling?: object | undefined;
  /** The rule and the mode of the decision that placed it; undefined: the default scheduler alone. */
  readonly policy?: string | undefined;
  readonly mode?: string | undefined;
  /** CPU time that it has really used, and the time over which that was metered; undefined: not known. */
  readonly cpu?:
    | { readonly usedMicroseconds: number; readonly meteredMilliseconds: Milliseconds }
    | undefined;
  readonly restarts?: number | undefined;
}
