import type { Node } from '../cluster/node.ts';
import type { Policy } from '../policy/policy.ts';
import type { Admission } from './admission.ts';
import type { Workload } from './workload.ts';

export interface SimulationOptions {
  /** Pending pods are looked at again at every departure, wake and tick. */
  readonly tickSeconds: number;
  /** Pods that chose to wait are asked again at ticks only, or at every departure too. */
  readonly reconsider: 'tick' | 'departure';
  /** A pod that does not fit now: waits in the queue, or is dropped for good (the openb protocol). */
  readonly unplaced: 'queue' | 'drop';
  /**
   * Nodes that may sleep do so before the beginning, and those that prefilled pods are placed on are up at time 0: the
   * awake nodes of the first hour are then the policy's own. Left out: all nodes are up.
   */
  readonly beginAsleep?: boolean;
  /** Seconds between points of the time series; 0: none. */
  readonly seriesSeconds: number;
  /** A job that waited longer than its slack and this has missed its objective. */
  readonly sloSeconds: number;
}

/** A cluster and what it is asked to run. */
export interface Situation {
  readonly nodes: readonly Node[];
  readonly workload: Workload;
  readonly options: SimulationOptions;
}

export interface SimulationInput extends Situation {
  readonly policy: Policy;
  /** Seeds ties and random policies, never the workload. */
  readonly seed: number;
  /** Left out: pods go to the policy when they arrive. A simulation with one can be neither copied nor saved. */
  readonly admission?: Admission;
}

export interface SimulationSeries {
  readonly seconds: readonly number[];
  readonly watts: readonly number[];
  /** Share of the CPU capacity of all nodes that is requested, and that is in use. */
  readonly requested: readonly number[];
  readonly used: readonly number[];
  readonly awakeNodes: readonly number[];
  readonly pending: readonly number[];
}

/** All figures of one run. Energies in joules; the same workload means the same work done. */
export interface SimulationResult {
  readonly policy: string;
  readonly energyJoules: number;
  /** Above idle of nodes that are on: what the pods themselves burnt. */
  readonly activeJoules: number;
  readonly idleJoules: number;
  readonly sleepJoules: number;
  readonly wakeJoules: number;
  readonly gpuJoules: number;
  readonly energyByNode: readonly number[];
  readonly wakes: number;
  readonly placed: number;
  readonly completed: number;
  readonly dropped: number;
  /** Core-seconds of work done by batch pods, and core-seconds of use that services were given. */
  readonly workCoreSeconds: number;
  /** Equal for runs that completed the same pods. */
  readonly completedDigest: string;
  /** Of every pod that arrived and was placed, in order of its id: seconds from arrival to running. */
  readonly waits: Float64Array;
  readonly meanWaitSeconds: number;
  readonly p95WaitSeconds: number;
  readonly sloMisses: number;
  /** How much longer batch pods took than undisturbed, mean of the ratio. */
  readonly meanStretch: number;
  readonly endSeconds: number;
  readonly decisions: number;
  readonly series: SimulationSeries | undefined;
}
