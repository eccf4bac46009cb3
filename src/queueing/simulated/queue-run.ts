import type { ClusterState } from '../../cluster/cluster-state.ts';
import { UNDECIDED } from '../../policy/policy.ts';
import { type AdmissionRun, NOBODY } from '../../simulation/admission.ts';
import { errors } from '../errors.ts';
import { gangFits } from '../gang.ts';
import { type AdmissionPolicy, NONE, type QueuedJob, type QueueState, type RunningJob } from '../policy.ts';
import { SLOWDOWN_BOUND_SECONDS } from '../slowdown.ts';
import { runSeconds, type SimulatedJob } from '../workload/job.ts';
import { JobTimes } from './job-times.ts';
import type { PodsOfJobs } from './pods-of-jobs.ts';

const HOUR = 3600;

/** Chooses as an admission policy does, or says UNDECIDED: then the simulation stops, and asks again when it goes on. */
export type Chooser = Pick<AdmissionPolicy, 'name' | 'choose' | 'podsPerNode'>;

interface Running extends RunningJob {
  readonly podNodes: Int32Array;
  readonly admittedSeconds: number;
  placed: number;
  left: number;
}

/** The queue in front of a simulated cluster: a policy sees it, and what the policy chooses the engine places. */
export class QueueRun implements AdmissionRun, QueueState {
  readonly cluster: ClusterState;
  readonly jobs: SimulatedJob[] = [];
  readonly running: Running[] = [];
  readonly times: JobTimes;
  fitsNow: Uint8Array = new Uint8Array(64);
  nowSeconds = 0;
  /** Whether the policy may say NONE, at this question. */
  mayWait = true;
  readonly #plan: PodsOfJobs;
  readonly #chooser: Chooser;
  readonly #cpuCapacity: number;
  readonly #memoryCapacity: number;
  readonly #runningOf = new Map<number, Running>();
  /** By job; those that ended too. */
  readonly #nodesOf: Int32Array[] = [];
  /** Pods that the nodes may still take of the job in hand. */
  readonly #room: Int32Array;
  #hasRoom = false;
  #nextPod = 0;
  #podsLeft = 0;
  /** Bytes that running pods will come to hold, each its peak. */
  #memoryUsed = 0;
  #kills: number[] = [];
  #hasChanged = false;
  /** By how much a second makes the slowdowns of all waiting jobs greater, and by how much they were made so until a time. */
  #slowdownRate = 0;
  #slowdown = 0;
  #slowdownSince = 0;

  constructor(plan: PodsOfJobs, cluster: ClusterState, chooser: Chooser) {
    this.#plan = plan;
    this.cluster = cluster;
    this.#chooser = chooser;
    this.times = new JobTimes(plan.jobs);
    this.#cpuCapacity = cluster.cpuCapacity.reduce((sum, each) => sum + each, 0);
    this.#memoryCapacity = cluster.memoryCapacity.reduce((sum, each) => sum + each, 0);
    this.#room = new Int32Array(cluster.size);
  }

  get cpuUtilisation(): number {
    let used = 0;
    for (let node = 0; node < this.cluster.size; node++) used += this.cluster.measuredUse[node]!;
    return used / this.#cpuCapacity;
  }

  get memoryUtilisation(): number {
    return this.#memoryUsed / this.#memoryCapacity;
  }

  get oomKillsLastHour(): number {
    const since = this.nowSeconds - HOUR;
    let gone = 0;
    while (gone < this.#kills.length && this.#kills[gone]! < since) gone++;
    if (gone > 0) this.#kills = this.#kills.slice(gone);
    return this.#kills.length;
  }

  /** Pods that were killed for their memory since the beginning. */
  kills = 0;

  /** Nodes of the pods of a job that was admitted. */
  nodesOf(job: number): Int32Array {
    return this.#nodesOf[job]!;
  }

  /** Sum of what waiting has added to the slowdowns of all jobs until now; those below 1 count too. */
  slowdownUntil(now: number): number {
    return this.#slowdown + this.#slowdownRate * (now - this.#slowdownSince);
  }

  arrived(pod: number, now: number): void {
    const job = this.#plan.jobOf[pod]!;
    if (this.#plan.firstPod[job] !== pod) return;
    this.jobs.push(this.#plan.jobs[job]!);
    this.#changeSlowdown(this.#plan.jobs[job]!, 1, now);
    this.#hasChanged = true;
  }

  next(now: number, mayWait: boolean): number {
    if (this.#podsLeft > 0) {
      this.#podsLeft--;
      return this.#nextPod++;
    }
    // Its last pods are still to come: they arrive at the same instant, in front of this.
    if (!this.#hasChanged) return NOBODY;
    this.nowSeconds = now;
    this.mayWait = mayWait;
    if (!this.#lookWhoFits()) {
      this.#hasChanged = false;
      return NOBODY;
    }
    const choice = this.#chooser.choose(this);
    if (choice === UNDECIDED) return UNDECIDED;
    if (choice === NONE) {
      if (!mayWait)
        throw errors.KISIM_E_QUEUE_CHOICE(
          `${this.#chooser.name} admits nobody at ${now} s, where nothing runs and nothing is to come`,
        );
      this.#hasChanged = false;
      return NOBODY;
    }
    this.#take(choice, now);
    this.#podsLeft--;
    return this.#nextPod++;
  }

  narrow(pod: number, nodes: Int32Array, count: number): number {
    if (!this.#hasRoom) return count;
    let kept = 0;
    for (let i = 0; i < count; i++) if (this.#room[nodes[i]!]! > 0) nodes[kept++] = nodes[i]!;
    if (kept === 0)
      throw errors.KISIM_E_QUEUE_CHOICE(
        `${this.#chooser.name} leaves no node to a pod of ${this.#plan.jobs[this.#plan.jobOf[pod]!]!.name}`,
      );
    return kept;
  }

  placed(pod: number, node: number): void {
    const running = this.#runningOf.get(this.#plan.jobOf[pod]!)!;
    running.podNodes[running.placed++] = node;
    if (this.#hasRoom) this.#room[node]!--;
  }

  started(pod: number, now: number): void {
    const id = this.#plan.jobOf[pod]!;
    const { startSeconds, jobs } = this.times;
    this.#memoryUsed += Math.min(jobs[id]!.peakMemoryBytesPerPod, jobs[id]!.memoryBytesPerPod);
    // The last one's time stays.
    startSeconds[id] = now;
  }

  ended(pod: number, now: number): void {
    const id = this.#plan.jobOf[pod]!;
    const running = this.#runningOf.get(id)!;
    const { jobs, endSeconds, killed } = this.times;
    this.#memoryUsed -= Math.min(jobs[id]!.peakMemoryBytesPerPod, jobs[id]!.memoryBytesPerPod);
    this.#hasChanged = true;
    if (killed[id] === 1) {
      this.#kills.push(now);
      this.kills++;
    }
    if (--running.left > 0) return;
    endSeconds[id] = now;
    this.#runningOf.delete(id);
    this.running.splice(this.running.indexOf(running), 1);
  }

  #changeSlowdown(job: SimulatedJob, sign: 1 | -1, now: number): void {
    this.#slowdown = this.slowdownUntil(now);
    this.#slowdownSince = now;
    this.#slowdownRate += sign / Math.max(runSeconds(job), SLOWDOWN_BOUND_SECONDS);
    // What sums of differences leave behind is nobody's waiting.
    if (this.jobs.length === 0) this.#slowdownRate = 0;
  }

  /** Whether anybody fits. */
  #lookWhoFits(): boolean {
    if (this.fitsNow.length < this.jobs.length) this.fitsNow = new Uint8Array(2 * this.jobs.length);
    let any = false;
    for (let i = 0; i < this.jobs.length; i++) {
      const fits = gangFits(this.cluster, this.jobs[i]!);
      this.fitsNow[i] = fits ? 1 : 0;
      any ||= fits;
    }
    return any;
  }

  #take(choice: number, now: number): void {
    const job: QueuedJob | undefined = this.jobs[choice];
    if (job === undefined || this.fitsNow[choice] !== 1) {
      const what =
        job === undefined ? `job ${choice} of ${this.jobs.length}` : `${job.name}, which does not fit`;
      throw errors.KISIM_E_QUEUE_CHOICE(`${this.#chooser.name} chose ${what} at ${now} s`);
    }
    const room = this.#chooser.podsPerNode;
    this.#hasRoom = room !== undefined;
    if (room !== undefined) this.#room.set(room);
    this.jobs.splice(choice, 1);
    this.#changeSlowdown(this.#plan.jobs[job.id]!, -1, now);
    const running: Running = {
      job,
      admittedSeconds: now,
      podNodes: new Int32Array(job.pods).fill(-1),
      placed: 0,
      left: job.pods,
    };
    this.running.push(running);
    this.#nodesOf[job.id] = running.podNodes;
    this.#runningOf.set(job.id, running);
    this.times.admittedSeconds[job.id] = now;
    this.#nextPod = this.#plan.firstPod[job.id]!;
    this.#podsLeft = job.pods;
    this.#hasChanged = true;
  }
}
