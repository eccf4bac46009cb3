import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Labels } from '../cluster/labels.ts';
import type { Pod } from '../cluster/pod.ts';
import type { RandomStream } from '../util/rng.ts';

/** The pod stays in the queue for now; allowed only while it has slack left. */
export const WAIT = -1;

/**
 * Nobody has decided yet. Only what learns in a simulation says so: the simulation stops before the decision, and asks about the
 * same pod again when it goes on.
 */
export const UNDECIDED = -3;

/** The nodes that can take a pod: the first `count` of `nodes`, ascending indices into the cluster. */
export interface Candidates {
  readonly nodes: Int32Array;
  readonly count: number;
  /** Seconds that the pod may still be held back, now; 0: WAIT is not allowed. Left out: all of its own slack. */
  readonly slackLeft?: number;
}

/** One part of a score, for people: `kisimd explain`. */
export interface ExplainedTerm {
  readonly term: string;
  /** Greater is better in points; energy and power count against a node. */
  readonly amount: number;
  readonly unit: 'J' | 'W' | 'points';
}

/** How a node is chosen among those of equal score. Part of every experiment: it can be worth five points of a result. */
export type TieRule = 'lexicographic' | 'random' | 'first';

export interface PolicyContext {
  readonly cluster: ClusterState;
  readonly random: RandomStream;
  /** Labels of namespaces as they are at any time; left out: each has its name alone. */
  readonly namespaces?: ReadonlyMap<string, Labels>;
}

/** A way to place pods. Stateless description; what it remembers of one cluster is in the run that `start` makes. */
export interface Policy {
  /** Stable name for command lines, tables and records: `best-fit`. */
  readonly name: string;
  /** @throws KISIM_E_POLICY_... where the cluster lacks what the policy needs, such as power curves. */
  start(context: PolicyContext): PolicyRun;
}

/** A policy bound to one cluster, which it reads and never writes. */
export interface PolicyRun {
  /** Index of one of the candidates (there is at least one), or WAIT where the pod has slack. Must not allocate. */
  choose(pod: Pod, candidates: Candidates): number;
  /** The parts of the score that the last decision, or one made now, gives this node. */
  explain(pod: Pod, node: number): readonly ExplainedTerm[];
  /**
   * GPUs to take on the chosen node, as indices below its count written to `out`; returns how many.
   * Left out: the fullest that still have room, lowest index first.
   */
  chooseGpus?(pod: Pod, node: number, out: Int32Array): number;
  /** Writes what the policy thinks of candidate i to `out[i]`; greater is better. Left out: it ranks nothing. */
  scores?(pod: Pod, candidates: Candidates, out: Float64Array): void;
  /** Told after every change; runs that keep books of their own need them. */
  placed?(pod: Pod, node: number): void;
  removed?(pod: Pod, node: number): void;
  /** A namespace has other labels now, in the map of the context. */
  relabelled?(namespace: string): void;
  /** What it remembers beyond the cluster and the random stream, as JSON; a run that has nothing leaves both out. */
  save?(): unknown;
  restore?(saved: unknown): void;
}
