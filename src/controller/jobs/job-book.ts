import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { ImaginedPods } from '../../kubernetes/pod-reader.ts';
import type { Milliseconds } from '../../util/units.ts';
import { DeadlineKeeper } from '../deadline-keeper.ts';
import type { BookObserver, ClusterBook, LoopTime } from '../ports.ts';
import type { JobPlan, PlannedPod } from './job-plan.ts';

/** Room that the pods of a started Job have not taken by then is free again. */
const STARTED_MILLISECONDS: Milliseconds = 60_000;

interface Started {
  /** Planned pods that have not been seen to run. */
  readonly left: PlannedPod[];
  /** Where pods of the Job run. */
  readonly nodes: string[];
}

export interface JobBookOptions {
  readonly book: ClusterBook;
  readonly imagined: Pick<ImaginedPods, 'forget'>;
  readonly time: LoopTime;
  /** Where the pods of a Job run, once that is known of them all, or long enough after its start. */
  readonly ran: (uid: string, nodes: string) => void;
}

/**
 * The room of Jobs in the book of the cluster: several pods for each, booked from the decision until the real ones have taken
 * their places. To the loop it is a book in which a Job is one pod.
 */
export class JobBook implements ClusterBook {
  readonly #o: JobBookOptions;
  readonly #plans = new Map<string, JobPlan>();
  /** Jobs whose start is under way or done, and whose pods do not all run yet. */
  readonly #started = new Map<string, Started>();
  readonly #expiries: DeadlineKeeper;

  constructor(options: JobBookOptions) {
    this.#o = options;
    this.#expiries = new DeadlineKeeper(options.time, (uid) => this.#end(uid));
  }

  get cluster(): ClusterState | undefined {
    return this.#o.book.cluster;
  }

  /** The loop of pods tells the time and what is pending; this one may only move it on. */
  setTime(now: number): void {
    const { book } = this.#o;
    const { cluster } = book;
    if (cluster !== undefined && now > cluster.now) book.setTime(now, cluster.pending);
  }

  planOf(uid: string): JobPlan | undefined {
    return this.#plans.get(uid);
  }

  /** Books a pod while those after it are decided. */
  tryOut({ key, pod, index, gpus }: PlannedPod): void {
    this.#o.book.assume(key, pod, index, gpus);
  }

  /** Pods that are not to be booked after all. */
  discard(pods: Iterable<{ readonly key: string }>): void {
    for (const { key } of pods) {
      this.#o.book.forget(key);
      this.#o.imagined.forget(key);
    }
  }

  /** Remembers what was tried out; booked again by `assume`. */
  plan(uid: string, plan: JobPlan): void {
    for (const { key } of plan.pods) this.#o.book.forget(key);
    // The keys are the same, and some may be left over from a longer plan.
    const keys = new Set(plan.pods.map(({ key }) => key));
    this.discard(this.#plans.get(uid)?.pods.filter(({ key }) => !keys.has(key)) ?? []);
    this.#plans.set(uid, plan);
  }

  /** Books the plan of a Job. */
  assume(uid: string): void {
    for (const pod of this.#plans.get(uid)?.pods ?? []) this.tryOut(pod);
  }

  /** Takes it back, unless the Job is being started. */
  forget(uid: string): void {
    if (!this.#started.has(uid)) this.#drop(uid);
  }

  observe(observer: BookObserver): void {
    this.#o.book.observe(observer);
  }

  tell(observer: BookObserver): void {
    this.#o.book.tell(observer);
  }

  /** A Job is being started by its plan. */
  starting(uid: string): void {
    this.#started.set(uid, { left: [...(this.#plans.get(uid)?.pods ?? [])], nodes: [] });
    this.#expiries.set(uid, this.#o.time.monotonicMilliseconds() + STARTED_MILLISECONDS);
  }

  /** It was not started, as far as is known. */
  notStarted(uid: string): void {
    this.#started.delete(uid);
    this.#expiries.clear(uid);
    this.#drop(uid);
  }

  /** Whether its pods are waited for. */
  isStarted(uid: string): boolean {
    return this.#started.has(uid);
  }

  /** A real pod of the Job has its node: one of those planned there, or any, has made room for it. */
  bound(uid: string, node: string): void {
    const started = this.#started.get(uid);
    if (started === undefined) return;
    const { left, nodes } = started;
    nodes.push(node);
    const at = left.findIndex((each) => each.node === node);
    this.discard(left.splice(Math.max(0, at), 1));
    if (left.length === 0) this.#end(uid);
  }

  stop(): void {
    this.#expiries.clearAll();
    this.#started.clear();
    for (const uid of [...this.#plans.keys()]) this.#drop(uid);
  }

  #end(uid: string): void {
    const ran = new Set(this.#started.get(uid)?.nodes);
    const planned = this.#plans.get(uid)?.nodes.split(',') ?? [];
    this.notStarted(uid);
    if (ran.size === 0) return;
    // In the order of the plan, so that what went as planned reads as it was planned.
    const others = [...ran].filter((node) => !planned.includes(node));
    this.#o.ran(uid, [...planned.filter((node) => ran.has(node)), ...others].join(','));
  }

  #drop(uid: string): void {
    this.discard(this.#plans.get(uid)?.pods ?? []);
    this.#plans.delete(uid);
  }
}
