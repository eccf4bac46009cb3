import type { Pod } from '../cluster/pod.ts';

/**
 * What a pod will really do, which no policy sees. A batch pod has a fixed amount of work and takes longer where it
 * gets less than it could use; a service lives for a fixed time whatever it gets.
 */
export interface WorkItem {
  readonly pod: Pod;
  readonly arrivalSeconds: number;
  readonly kind: 'batch' | 'service';
  /** Milli-cores it uses when nothing slows it down. */
  readonly useMilli: number;
  /** Batch: time it takes when nothing slows it down. Service: its life. Infinity: stays to the end. */
  readonly seconds: number;
  /** Multiplies a service's use over time (a day's rhythm); left out: constant. */
  readonly rhythm?: Rhythm;
  /** Runs since before the beginning: placed first, at time 0, without waiting. */
  readonly prefill?: boolean;
  /** Share of its GPUs in use, 0 to 1; 1 where left out. */
  readonly gpuUse?: number;
}

/** 1 + amplitude x sin(2 pi (t + phase) / period), in steps of the simulation's tick. */
export interface Rhythm {
  readonly amplitude: number;
  readonly periodSeconds: number;
  readonly phaseSeconds: number;
}

export interface Workload {
  /** Prefilled first, then by arrival. Pod ids are the indices. */
  readonly items: readonly WorkItem[];
  /** Arrivals end here; energy of nodes that never sleep is counted up to here, whatever the policy. */
  readonly windowSeconds: number;
}
