import type { Milliseconds } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';

/**
 * A node that is there, as it is. Told when watching begins, when the node changes, and from time to time: the row of the
 * same description is made longer.
 */
export interface NodeSeenRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly node: string;
  readonly unixMilliseconds: Milliseconds;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Whatever else a replay needs of it, kept as JSON: pods, GPUs, taints, power, sleep. */
  readonly description: object;
}

/** A stretch of time in which the cluster was watched without a break: told again while it grows, with the same beginning. */
export interface ClusterWatchedRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly fromUnixMilliseconds: Milliseconds;
  readonly toUnixMilliseconds: Milliseconds;
}

/** All pods that are there at an instant: whatever was not known to have ended and is not among them has ended since. */
export interface PodsPresentRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  readonly uids: readonly string[];
  readonly unixMilliseconds: Milliseconds;
}
