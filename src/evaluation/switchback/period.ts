import type { NodeEnergySource } from '../../cluster/node-energy.ts';
import type { Joules, Milliseconds } from '../../util/units.ts';
import type { Side } from './plan.ts';

/** Work done in a window by who placed the pod that did it, in CPU seconds. */
export interface WorkShares {
  readonly total: number;
  /** By pods that the experiment placed on the other side. */
  readonly other: number;
  /** By pods that were there before the experiment, or came while it was interrupted. */
  readonly before: number;
  /** By pods that nobody handed to the experiment: not opted in. */
  readonly untouched: number;
}

/** used: CPU seconds that pods used. requested: seconds that they ran, times the CPU that they asked for. */
export type WorkKind = 'used' | 'requested';

export interface WindowEnergy {
  /** Undefined where too much of it is missing. */
  readonly joules: Joules | undefined;
  /** Share of the window that is known, of the node of which least is known; 0 to 1. */
  readonly knownShare: number;
  /** The node of which least is known. */
  readonly leastKnown: string | undefined;
}

/** A part of a period: its energy, and its work by either measure. Used CPU is undefined where it is not known. */
export interface WindowMeasurement extends WindowEnergy {
  readonly used: WorkShares | undefined;
  readonly requested: WorkShares;
}

export interface PodCounts {
  readonly created: number;
  readonly completed: number;
  readonly failed: number;
  readonly evicted: number;
  readonly restarts: number;
}

export interface DecisionCounts {
  /** By the policy itself. */
  readonly own: number;
  /** By its stand-in, since it failed. */
  readonly fellBack: number;
  /** Freed without a node by a policy that was to choose one. */
  readonly freed: number;
}

/** One finished period: what is counted of it, after its wash-out. */
export interface PeriodMeasurement {
  readonly index: number;
  readonly pair: number;
  readonly side: Side;
  readonly policy: string;
  /** Of the window: the wash-out comes before it. */
  readonly fromUnixMilliseconds: Milliseconds;
  readonly toUnixMilliseconds: Milliseconds;
  readonly whole: WindowMeasurement;
  /** The same window, cut in the middle. */
  readonly halves: readonly [WindowMeasurement, WindowMeasurement];
  readonly sources: readonly NodeEnergySource[];
  readonly nodes: number;
  /** Seconds of the pods that were created in the window: from creation to a node, and from there to the start. */
  readonly boundAfterSeconds: readonly number[];
  readonly startedAfterSeconds: readonly number[];
  readonly pods: PodCounts;
  readonly decisions: DecisionCounts;
}

export function workOf(window: WindowMeasurement, kind: WorkKind): WorkShares | undefined {
  return kind === 'used' ? window.used : window.requested;
}
