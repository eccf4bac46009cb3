import type { ClusterState } from '../cluster/cluster-state.ts';

/** No pod is let go now. */
export const NOBODY = -1;

export interface AdmissionContext {
  readonly cluster: ClusterState;
  /** Of the simulation; seeds whatever the admission draws. */
  readonly seed: number;
}

/**
 * Holds pods back when they arrive, until it lets them go to the placement policy: queues of jobs stand behind it. Prefilled pods are
 * not held.
 */
export interface Admission {
  /** Stable name, for records. */
  readonly name: string;
  start(context: AdmissionContext): AdmissionRun;
}

/** An admission at work in one simulation. Pods are named by their ids. */
export interface AdmissionRun {
  /** From now on it is held. */
  arrived(pod: number, now: number): void;
  /**
   * The pod that is placed next, which must fit somewhere that `narrow` leaves; NOBODY; or UNDECIDED. Asked at the end of each
   * instant until it says NOBODY.
   *
   * @param mayWait false where nothing runs and nothing is to come: whoever is held then is held for good
   */
  next(now: number, mayWait: boolean): number;
  /** Keeps those of the nodes, ascending, that the pod it has just let go may be placed on; returns how many. */
  narrow(pod: number, nodes: Int32Array, count: number): number;
  placed(pod: number, node: number, now: number): void;
  /** Later than `placed` on a node that had to wake. */
  started(pod: number, now: number): void;
  ended(pod: number, now: number): void;
}
