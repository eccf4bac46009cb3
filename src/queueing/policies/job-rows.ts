import { ln } from '../../util/portable-math.ts';
import { slotsNow } from '../gang.ts';
import { type AdmissionReason, JOB_TYPES, NONE, type QueuedJob, type QueueState } from '../policy.ts';
import { FreeProfile } from './free-profile.ts';
import { capacityOf, dominantShare } from './ordered.ts';

/** Jobs that the policy is shown: those of the greatest urgency that fit. */
export const SHOWN_JOBS = 16;
/** One row each, and a last one for admitting nobody. */
export const ROWS = SHOWN_JOBS + 1;

/** Numbers of a row, by place. Shares and logarithms, all about 1 in size; those of the queue stand in every row. */
export const ROW_NAMES = [
  'is a job',
  'estimate (log)',
  'share asked for (log)',
  'waited (log)',
  'slowdown so far (log)',
  'priority',
  'pods (log)',
  'spark',
  'realtime',
  'ml',
  'etl',
  'batch',
  'delays the reservation',
  'watts a core where it lands (log)',
  'urgency against the reservation',
  'CPU free',
  'memory free',
  'jobs waiting (log)',
  'work waiting (log)',
  'a reservation',
  'reservation begins in (log)',
  'share of the waiting that fits',
  'CPU free on cheap nodes',
  'slowdown of the waiting a second (log)',
  'long work waiting (log)',
] as const;
export const ROW_WIDTH = ROW_NAMES.length;

const TYPES = 7;
const DELAYS = 12;
const LANDING = 13;
const AGAINST = 14;
const QUEUE = 15;

/** Estimates beyond it are as good as none. */
const LONGEST_SECONDS = 1e7;
const SHORTEST_SECONDS = 10;
const LONG_SECONDS = 3600;
/** Nodes of up to so many times the watts a core of the best are cheap. */
const CHEAP = 2;

interface JobFacts {
  readonly lnSeconds: number;
  readonly lnShare: number;
  /** What delays the sum of slowdowns least, by Smith's rule on the area: greater goes first. */
  readonly urgency: number;
}

/**
 * The queue as rows: one for each of the most urgent jobs that fit, and one for admitting nobody. The most urgent job that does not fit has a
 * reservation, and what is admitted past it is kept off its room where that can be done; a row tells where it cannot. So one network is shared
 * over the rows, and how many jobs wait or nodes there are does not matter to it.
 */
export class JobRows {
  readonly rows = new Float32Array(ROWS * ROW_WIDTH);
  readonly mask = new Uint8Array(ROWS);
  /** Index into `state.jobs` of each row. */
  readonly jobOf = new Int32Array(SHOWN_JOBS);
  count = 0;
  readonly #profile = new FreeProfile();
  #facts = new WeakMap<QueuedJob, JobFacts>();
  #cluster: object | undefined;
  #wattsPerCore: readonly number[] = [];
  #best = 0;
  #byCost: readonly number[] = [];
  #room = new Int32Array(0);
  #shadow = 0;
  #blocked = NONE;

  /** Reads a state in which at least one job fits. */
  fill(state: QueueState): void {
    if (this.#cluster !== state.cluster) this.#meet(state);
    const { rows } = this;
    rows.fill(0);
    this.mask.fill(0);
    this.#reserve(state);
    this.#pick(state);
    for (let row = 0; row < this.count; row++) this.#writeJob(row, state);
    this.mask[SHOWN_JOBS] = state.running.length > 0 ? 1 : 0;
    this.#writeQueue(state);
  }

  /** What the chosen row leaves to each node; undefined where it takes no heed of the reservation. */
  roomOf(row: number, state: QueueState): Int32Array | undefined {
    if (this.#blocked === NONE || this.rows[row * ROW_WIDTH + DELAYS] === 1) return undefined;
    this.#lookWhere(state.jobs[this.jobOf[row]!]!, state, true);
    return this.#room;
  }

  reasons(row: number): readonly AdmissionReason[] {
    return ROW_NAMES.map((term, i) => ({
      term,
      amount: this.rows[row * ROW_WIDTH + i]!,
      unit: 'points' as const,
    })).filter(({ amount }) => amount !== 0);
  }

  /** Whether it would take the room that is reserved. */
  delays(row: number): boolean {
    return this.rows[row * ROW_WIDTH + DELAYS] === 1;
  }

  /** Logarithm of the watts a core where it would land, against the best node. */
  dearness(row: number): number {
    return this.rows[row * ROW_WIDTH + LANDING]!;
  }

  #meet(state: QueueState): void {
    const { cluster } = state;
    this.#cluster = cluster;
    this.#facts = new WeakMap();
    // Where the power of a node is not known all nodes are as one: a constant, which says nothing.
    const watts = cluster.nodes.map(({ power, cpuMilli }) =>
      power === undefined ? undefined : (power.watts(1) - power.idleWatts) / (cpuMilli / 1000),
    );
    const known = watts.every((each) => each !== undefined && each > 0);
    this.#wattsPerCore = known ? (watts as number[]) : cluster.nodes.map(() => 1);
    this.#best = this.#wattsPerCore.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
    this.#byCost = cluster.nodes
      .map((_, node) => node)
      .sort((a, b) => this.#wattsPerCore[a]! - this.#wattsPerCore[b]!);
    this.#room = new Int32Array(cluster.size);
  }

  #factsOf(job: QueuedJob, state: QueueState): JobFacts {
    const known = this.#facts.get(job);
    if (known !== undefined) return known;
    const lnSeconds = ln(Math.min(LONGEST_SECONDS, Math.max(1, job.estimatedSeconds)));
    const lnShare = ln(Math.max(1e-6, dominantShare(job, state)));
    const facts = { lnSeconds, lnShare, urgency: -2 * lnSeconds - lnShare };
    this.#facts.set(job, facts);
    return facts;
  }

  #reserve(state: QueueState): void {
    const { jobs, fitsNow } = state;
    this.#blocked = NONE;
    let greatest = 0;
    for (let i = 0; i < jobs.length; i++) {
      if (fitsNow[i] === 1) continue;
      const { urgency } = this.#factsOf(jobs[i]!, state);
      if (this.#blocked !== NONE && !(urgency > greatest)) continue;
      this.#blocked = i;
      greatest = urgency;
    }
    if (this.#blocked === NONE) return;
    this.#profile.begin(state);
    const reservation = this.#profile.earliest(jobs[this.#blocked]!);
    if (reservation === undefined) {
      this.#blocked = NONE;
      return;
    }
    this.#shadow = reservation.startSeconds - state.nowSeconds;
    this.#profile.book(jobs[this.#blocked]!, reservation, -1);
  }

  /** The most urgent that fit, the most urgent first. */
  #pick(state: QueueState): void {
    const { jobs, fitsNow } = state;
    const { jobOf } = this;
    this.count = 0;
    for (let i = 0; i < jobs.length; i++) {
      if (fitsNow[i] !== 1) continue;
      const { urgency } = this.#factsOf(jobs[i]!, state);
      let at = this.count;
      while (at > 0 && urgency > this.#factsOf(jobs[jobOf[at - 1]!]!, state).urgency) at--;
      if (at >= SHOWN_JOBS) continue;
      const last = Math.min(this.count, SHOWN_JOBS - 1);
      jobOf.copyWithin(at + 1, at, last);
      jobOf[at] = i;
      if (this.count < SHOWN_JOBS) this.count++;
    }
  }

  /** Writes where a job could go to `#room`; false where that is not enough for all of its pods. */
  #lookWhere(job: QueuedJob, state: QueueState, keepsReservation: boolean): boolean {
    let left = job.pods;
    for (let node = 0; node < state.cluster.size; node++) {
      let slots = Math.min(job.pods, slotsNow(state.cluster, node, job));
      if (keepsReservation && slots > 0)
        slots = Math.min(slots, this.#profile.slots(node, job, state.nowSeconds));
      this.#room[node] = slots;
      left -= slots;
    }
    return left <= 0;
  }

  #writeJob(row: number, state: QueueState): void {
    const { rows } = this;
    const at = row * ROW_WIDTH;
    const job = state.jobs[this.jobOf[row]!]!;
    const { lnSeconds, lnShare, urgency } = this.#factsOf(job, state);
    const waited = Math.max(0, state.nowSeconds - job.arrivalSeconds);
    const hasReservation = this.#blocked !== NONE;
    const passes = this.#lookWhere(job, state, hasReservation);
    if (!passes) this.#lookWhere(job, state, false);
    this.mask[row] = 1;
    rows[at] = 1;
    rows[at + 1] = (lnSeconds - 6.4) / 3;
    rows[at + 2] = (lnShare + 4) / 2;
    rows[at + 3] = ln(1 + waited / 600) / 3;
    rows[at + 4] = ln(1 + waited / Math.max(10, Math.min(LONGEST_SECONDS, job.estimatedSeconds))) / 2;
    rows[at + 5] = Math.min(2, job.priority / 10);
    rows[at + 6] = ln(job.pods) / 2;
    const type = JOB_TYPES.indexOf(job.type);
    if (type < DELAYS - TYPES) rows[at + TYPES + type] = 1;
    rows[at + DELAYS] = passes ? 0 : 1;
    rows[at + LANDING] = ln(this.#landing(job) / this.#best);
    if (hasReservation) {
      const other = this.#factsOf(state.jobs[this.#blocked]!, state).urgency;
      rows[at + AGAINST] = Math.max(-2, Math.min(2, (urgency - other) / 4));
    }
  }

  /** Watts a core of the cheapest nodes that have room for it: where a placement that looks at energy will put it. */
  #landing(job: QueuedJob): number {
    let left = job.pods;
    let sum = 0;
    for (let i = 0; i < this.#byCost.length && left > 0; i++) {
      const node = this.#byCost[i]!;
      const taken = Math.min(left, this.#room[node]!);
      sum += taken * this.#wattsPerCore[node]!;
      left -= taken;
    }
    return sum / job.pods;
  }

  #writeQueue(state: QueueState): void {
    const { rows, mask } = this;
    const { jobs, cluster, fitsNow } = state;
    const { cpu, memory } = capacityOf(state);
    let [freeCpu, freeMemory, cheap] = [0, 0, 0];
    for (let node = 0; node < cluster.size; node++) {
      freeCpu += cluster.freeCpu[node]!;
      freeMemory += cluster.freeMemory[node]!;
      if (this.#wattsPerCore[node]! <= CHEAP * this.#best) cheap += cluster.freeCpu[node]!;
    }
    let [work, long, pressure, fitting] = [0, 0, 0, 0];
    for (let i = 0; i < jobs.length; i++) {
      const { estimatedSeconds, pods, cpuMilliPerPod } = jobs[i]!;
      const seconds = Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, estimatedSeconds));
      work += seconds * pods * cpuMilliPerPod;
      if (seconds > LONG_SECONDS) long += seconds * pods * cpuMilliPerPod;
      pressure += 1 / seconds;
      fitting += fitsNow[i]!;
    }
    const first = SHOWN_JOBS * ROW_WIDTH + QUEUE;
    rows[first] = freeCpu / cpu;
    rows[first + 1] = freeMemory / memory;
    rows[first + 2] = ln(1 + jobs.length) / 4;
    rows[first + 3] = ln(1 + work / (cpu * 3600)) / 1.5;
    rows[first + 4] = this.#blocked === NONE ? 0 : 1;
    rows[first + 5] = this.#blocked === NONE ? 0 : ln(1 + Math.max(0, this.#shadow) / 60) / 4;
    rows[first + 6] = fitting / jobs.length;
    rows[first + 7] = cheap / cpu;
    rows[first + 8] = ln(1 + 600 * pressure) / 3;
    rows[first + 9] = ln(1 + long / (cpu * 3600)) / 1.5;
    for (let row = 0; row < SHOWN_JOBS; row++)
      if (mask[row] === 1) rows.copyWithin(row * ROW_WIDTH + QUEUE, first, first + ROW_WIDTH - QUEUE);
  }
}
