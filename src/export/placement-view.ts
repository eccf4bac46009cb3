import type { ClusterKind } from '../history/cluster-kind.ts';
import type { DecisionMode } from '../history/decision-record.ts';
import type { Joules, Milliseconds, Watts } from '../util/units.ts';

/** One of the last decisions. Joules are what the pod is predicted to add to its node until it ends; null: not known. */
export interface ViewedDecision {
  readonly unixMilliseconds: Milliseconds;
  readonly namespace: string;
  readonly pod: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly policy: string;
  readonly node: string | null;
  readonly predictedJoules: Joules | null;
  /** What the rule that is compared with would have done. */
  readonly reference: {
    readonly policy: string;
    readonly node: string;
    readonly predictedJoules: Joules | null;
  } | null;
}

/** Energy of all nodes since the cluster began; `activeJoules` is what is above idle. */
export interface ViewedEnergy {
  readonly policy: string;
  readonly joules: Joules;
  readonly activeJoules: Joules;
  readonly watts: Watts;
}

/** What only the simulated cluster can tell: the same pods, placed by other rules on the same nodes. */
export interface SimulatedView {
  readonly seed: number;
  readonly seconds: number;
  readonly created: number;
  readonly running: number;
  readonly waiting: number;
  /** Whether one policy has placed all of it: only then it is compared with the twins. */
  readonly isOnePolicy: boolean;
  readonly placed: ViewedEnergy;
  readonly twins: readonly ViewedEnergy[];
}

/** The answer of `GET /v1/placement`: what the placement loop is at. null: not known, or none. */
export interface PlacementView {
  readonly schema: 1;
  /** `simulated`: nothing here is of a real cluster. */
  readonly cluster: ClusterKind;
  readonly server: string | null;
  readonly state: string;
  readonly trouble: string | null;
  readonly mode: DecisionMode;
  readonly policy: string;
  /** Why `auto` came to it. */
  readonly policyReason: string | null;
  readonly paused: string | null;
  readonly nodes: number;
  readonly pods: number;
  readonly held: number;
  readonly placed: number;
  readonly observed: number;
  readonly freed: Readonly<Record<string, number>>;
  /** Newest first. */
  readonly recent: readonly ViewedDecision[];
  readonly simulated: SimulatedView | null;
}
