import { isKilledForMemory, type SimulatedJob } from '../workload/job.ts';

/** What became of the jobs of one run. Times are NaN until they come. */
export class JobTimes {
  readonly jobs: readonly SimulatedJob[];
  readonly admittedSeconds: Float64Array;
  /** When the last of its pods began. */
  readonly startSeconds: Float64Array;
  /** When the last of its pods ended. */
  readonly endSeconds: Float64Array;
  readonly killed: Uint8Array;

  constructor(jobs: readonly SimulatedJob[]) {
    this.jobs = jobs;
    this.admittedSeconds = new Float64Array(jobs.length).fill(Number.NaN);
    this.startSeconds = new Float64Array(jobs.length).fill(Number.NaN);
    this.endSeconds = new Float64Array(jobs.length).fill(Number.NaN);
    this.killed = Uint8Array.from(jobs, (job) => (isKilledForMemory(job) ? 1 : 0));
  }
}
