import type { QueuedJob } from '../policy.ts';

/** A job and what it will really do, which no policy sees. */
export interface SimulatedJob extends QueuedJob {
  /** From the start of its pods to their end, where nothing kills them. */
  readonly seconds: number;
  /** Milli-cores that each pod uses. */
  readonly useMilliPerPod: number;
  /** The most memory that each pod ever holds. Above its request the job is killed. */
  readonly peakMemoryBytesPerPod: number;
  /** Where in its run, 0 to 1, memory passes the request; of meaning only where it does. */
  readonly peakAtShare: number;
}

/** Jobs in the order of their arrival; ids are the indices. */
export interface JobWorkload {
  readonly name: string;
  readonly jobs: readonly SimulatedJob[];
  /** Arrivals end here. */
  readonly windowSeconds: number;
  /** What was assumed of a log that does not tell it; told beside every result. */
  readonly notes: readonly string[];
}

/**
 * Whether the kernel kills the job for its memory. Requests are limits here, as in Kubernetes' Guaranteed class: a container that
 * holds more than its limit is killed whatever its neighbours do, and a Job without retries has failed with it.
 */
export function isKilledForMemory(job: SimulatedJob): boolean {
  return job.peakMemoryBytesPerPod > job.memoryBytesPerPod;
}

/** How long its pods really run. */
export function runSeconds(job: SimulatedJob): number {
  return isKilledForMemory(job) ? Math.max(1, job.seconds * job.peakAtShare) : job.seconds;
}
