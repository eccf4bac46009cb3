import type { ClusterState } from '../cluster/cluster-state.ts';

/** No job is admitted now. */
export const NONE = -1;

/** What a job does; admission policies that learned know these and no others. */
export const JOB_TYPES = ['spark', 'realtime', 'ml', 'etl', 'batch', 'generic'] as const;
export type JobType = (typeof JOB_TYPES)[number];

/**
 * Where an estimate of a duration comes from: the job says so itself (an annotation, a time limit), jobs like it took so long, it is
 * what its kind takes on average, or a simulation drew it; `none`: nothing says how long it takes, and the estimate is Infinity.
 */
export type EstimateOrigin = 'declared' | 'history' | 'kind' | 'simulated' | 'none';

/** A job as an admission policy sees it: what it asks for and what is believed of it, never what it will really do. */
export interface QueuedJob {
  /** Told apart by it as long as it waits; any number. */
  readonly id: number;
  readonly name: string;
  readonly namespace: string;
  readonly type: JobType;
  /** From 0, greater first; SKRueue's go to 10. */
  readonly priority: number;
  readonly arrivalSeconds: number;
  /** Pods that start together or not at all, all of the same size. */
  readonly pods: number;
  readonly cpuMilliPerPod: number;
  readonly memoryBytesPerPod: number;
  /** Whole GPUs; 0 for nearly all. */
  readonly gpusPerPod: number;
  /** From the start of its pods to their end; Infinity where `estimateOrigin` is none. */
  readonly estimatedSeconds: number;
  readonly estimateOrigin: EstimateOrigin;
}

/** An admitted job that has not ended. */
export interface RunningJob {
  readonly job: QueuedJob;
  readonly admittedSeconds: number;
  /** Node index of each pod in the cluster's columns; -1: its pod has no node yet. */
  readonly podNodes: Int32Array;
}

/**
 * The queue and the cluster at one instant. It belongs to whoever asks; a policy reads it while it is asked and keeps nothing of it. A
 * simulation hands out the same object each time.
 */
export interface QueueState {
  /** Seconds since the beginning, as `cluster.now` and all times of jobs. */
  readonly nowSeconds: number;
  /** Waiting jobs in the order of their arrival. */
  readonly jobs: readonly QueuedJob[];
  /** Whether all pods of a job have room now, by its index in `jobs`. What is 0 here must not be chosen. */
  readonly fitsNow: Uint8Array;
  readonly running: readonly RunningJob[];
  /** What is free where; a policy never writes it. */
  readonly cluster: ClusterState;
  /** CPU in use as a share of the capacity, 0 to 1; undefined where nothing measures it. */
  readonly cpuUtilisation: number | undefined;
  readonly memoryUtilisation: number | undefined;
  /** Pods that were killed for their memory in the last hour; undefined where nothing watches it. */
  readonly oomKillsLastHour: number | undefined;
}

/** A part of why a job was chosen, for people. */
export interface AdmissionReason {
  readonly term: string;
  readonly amount: number;
  /** Greater speaks for the job in points; seconds, share and count are facts. */
  readonly unit: 'points' | 's' | 'share' | 'count';
}

/**
 * Says which waiting job is admitted next: asked again after each admission until it says NONE. The same object serves a simulation
 * and a live cluster.
 */
export interface AdmissionPolicy {
  /** Stable name for command lines, tables and records: `easy`. */
  readonly name: string;
  /**
   * Forgets everything; a run begins.
   *
   * @param seed of all that it draws
   */
  reset(seed: number): void;
  /**
   * Index into `state.jobs` of a job that fits now, or NONE.
   *
   * @throws KISIM_E_QUEUE_... where the state lacks what it needs
   */
  choose(state: QueueState): number;
  /**
   * How many pods of the job that was just chosen a node may take at most, by node index: backfilling keeps a reservation free with it.
   * Undefined: as many as fit. Read before the next call of `choose`; who cannot tell pods where to go must not admit a job for which
   * it is not undefined.
   */
  readonly podsPerNode?: Int32Array | undefined;
  /** Why `choose` would take this job now. */
  explain(state: QueueState, index: number): readonly AdmissionReason[];
}
