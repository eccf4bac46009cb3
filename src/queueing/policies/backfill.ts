import { slotsNow } from '../gang.ts';
import {
  type AdmissionPolicy,
  type AdmissionReason,
  NONE,
  type QueuedJob,
  type QueueState,
} from '../policy.ts';
import { FreeProfile, type Reservation } from './free-profile.ts';

/** Which of the jobs that may go past the head is taken: the greatest, the earliest of equals. Left out: the earliest. */
export type BackfillOrder = (job: QueuedJob, state: QueueState) => number;

/**
 * EASY backfilling (Lifka, "The ANL/IBM SP scheduling system", 1995; Mu'alem and Feitelson, TPDS 2001): the head of the queue has a
 * reservation at the earliest time at which estimates give it room, and others go past it where they do not move that time. On nodes, not on a
 * number of processors: what goes past the head is kept off the room that the head needs then.
 */
export class EasyBackfill implements AdmissionPolicy {
  readonly name: string;
  podsPerNode: Int32Array | undefined;
  /** Of the head that was asked about last, for tests and for people; undefined where the head fits or there is none. */
  reservation: (Reservation & { readonly jobId: number }) | undefined;
  readonly #order: BackfillOrder | undefined;
  readonly #profile = new FreeProfile();
  #room = new Int32Array(0);

  constructor(name = 'easy', order?: BackfillOrder) {
    this.name = name;
    this.#order = order;
  }

  reset(): void {
    this.podsPerNode = undefined;
    this.reservation = undefined;
  }

  choose(state: QueueState): number {
    const { jobs, fitsNow, cluster } = state;
    this.podsPerNode = undefined;
    this.reservation = undefined;
    const head = jobs[0];
    if (head === undefined) return NONE;
    if (fitsNow[0] === 1) return 0;
    const profile = this.#profile;
    profile.begin(state);
    const reservation = profile.earliest(head);
    if (reservation !== undefined) {
      this.reservation = { ...reservation, jobId: head.id };
      profile.book(head, reservation, -1);
    }
    let best = NONE;
    let greatest = 0;
    for (let i = 1; i < jobs.length; i++) {
      if (fitsNow[i] !== 1) continue;
      const value = this.#order?.(jobs[i]!, state) ?? -i;
      if (best !== NONE && !(value > greatest)) continue;
      if (!this.#mayPass(jobs[i]!, state)) continue;
      best = i;
      greatest = value;
      if (this.#order === undefined) break;
    }
    if (best === NONE) return NONE;
    if (this.#room.length !== cluster.size) this.#room = new Int32Array(cluster.size);
    for (let node = 0; node < cluster.size; node++) this.#room[node] = this.#slots(node, jobs[best]!, state);
    this.podsPerNode = this.#room;
    return best;
  }

  explain(state: QueueState, index: number): readonly AdmissionReason[] {
    const head = state.jobs[0];
    const waited: AdmissionReason = {
      term: 'waited',
      amount: state.nowSeconds - state.jobs[index]!.arrivalSeconds,
      unit: 's',
    };
    if (index === 0 || head === undefined)
      return [{ term: 'head of the queue', amount: 1, unit: 'points' }, waited];
    this.#profile.begin(state);
    const start = this.#profile.earliest(head)?.startSeconds;
    return [
      { term: 'goes past the head, which is not held up', amount: 1, unit: 'points' },
      ...(start === undefined
        ? []
        : [{ term: 'head can start in', amount: start - state.nowSeconds, unit: 's' } as const]),
      { term: 'estimate', amount: state.jobs[index]!.estimatedSeconds, unit: 's' },
      waited,
    ];
  }

  #mayPass(job: QueuedJob, state: QueueState): boolean {
    let left = job.pods;
    for (let node = 0; node < state.cluster.size && left > 0; node++) left -= this.#slots(node, job, state);
    return left <= 0;
  }

  #slots(node: number, job: QueuedJob, state: QueueState): number {
    return Math.min(
      slotsNow(state.cluster, node, job),
      this.#profile.slots(node, job, state.nowSeconds),
      job.pods,
    );
  }
}

/**
 * Conservative backfilling (Mu'alem and Feitelson, TPDS 2001): every job has a reservation from its arrival on, and a job goes past others
 * only where it moves none of them. When something ends early, jobs are moved forward one by one in the order of their arrival, each
 * keeping its place where it finds no earlier one, so that with estimates that are never too low nobody starts later than it was promised.
 */
export class ConservativeBackfill implements AdmissionPolicy {
  readonly name = 'conservative';
  podsPerNode: Int32Array | undefined;
  /** By the id of the job. */
  readonly reservations = new Map<number, Reservation>();
  readonly #profile = new FreeProfile();
  readonly #depth: number;
  /** What the plan was made of: it holds on through the admissions that it asks for. */
  #planned = { nowSeconds: Number.NaN, waiting: 0, running: 0 };

  /** @param depth only so many of the longest waiting are planned for; later ones are looked at when their turn comes */
  constructor(depth = 50) {
    this.#depth = depth;
  }

  reset(): void {
    this.podsPerNode = undefined;
    this.reservations.clear();
    this.#planned = { nowSeconds: Number.NaN, waiting: 0, running: 0 };
  }

  choose(state: QueueState): number {
    const { jobs, fitsNow, nowSeconds } = state;
    this.podsPerNode = undefined;
    const last = this.#planned;
    const { running } = state;
    if (last.nowSeconds !== nowSeconds || last.waiting !== jobs.length || last.running !== running.length)
      this.#plan(state);
    const count = Math.min(this.#depth, jobs.length);
    for (let i = 0; i < count; i++) {
      const reservation = this.reservations.get(jobs[i]!.id);
      if (fitsNow[i] !== 1 || reservation === undefined || reservation.startSeconds > nowSeconds) continue;
      this.podsPerNode = reservation.podsPerNode;
      this.reservations.delete(jobs[i]!.id);
      this.#planned = { nowSeconds, waiting: jobs.length - 1, running: running.length + 1 };
      return i;
    }
    this.#planned = { nowSeconds, waiting: jobs.length, running: running.length };
    return NONE;
  }

  explain(state: QueueState, index: number): readonly AdmissionReason[] {
    const job = state.jobs[index]!;
    return [
      { term: 'its reservation begins now', amount: 1, unit: 'points' },
      { term: 'jobs with a reservation ahead of it', amount: index, unit: 'count' },
      { term: 'estimate', amount: job.estimatedSeconds, unit: 's' },
      { term: 'waited', amount: state.nowSeconds - job.arrivalSeconds, unit: 's' },
    ];
  }

  /** Brings the reservations up to now. */
  #plan(state: QueueState): void {
    const { jobs, nowSeconds } = state;
    const profile = this.#profile;
    const { reservations } = this;
    profile.begin(state);
    const planned = jobs.slice(0, this.#depth);
    const still = new Set(planned.map(({ id }) => id));
    for (const id of reservations.keys()) if (!still.has(id)) reservations.delete(id);
    for (const job of planned) {
      const held = reservations.get(job.id);
      if (held === undefined) continue;
      // Whoever runs longer than estimated takes the place of those who counted on it.
      if (profile.holds(job, held)) {
        held.startSeconds = Math.max(nowSeconds, held.startSeconds);
        profile.book(job, held, -1);
      } else reservations.delete(job.id);
    }
    for (const job of planned) {
      const held = reservations.get(job.id);
      if (held !== undefined) profile.book(job, held, 1);
      const kept = profile.earliest(job, held?.startSeconds) ?? held;
      if (kept === undefined) continue;
      reservations.set(job.id, kept);
      profile.book(job, kept, -1);
    }
  }
}
