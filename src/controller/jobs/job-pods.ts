import type { PendingPod, PendingPods } from '../ports.ts';
import type { JobBook } from './job-book.ts';

/** Label that the Job controller gives its pods (Kubernetes 1.27): the uid of their Job. */
const CONTROLLER_UID_LABEL = 'batch.kubernetes.io/controller-uid';

/**
 * Follows the real pods of started Jobs to their nodes, so that they are not booked twice. One that has its node when it is first
 * seen is missed: what was planned for it ends with the time of the book.
 */
export class JobPods {
  readonly #pods: Pick<PendingPods, 'subscribe'>;
  readonly #book: Pick<JobBook, 'isStarted' | 'bound'>;
  readonly #jobs = new Map<string, string>();
  #end: (() => void) | undefined;

  constructor(pods: Pick<PendingPods, 'subscribe'>, book: Pick<JobBook, 'isStarted' | 'bound'>) {
    this.#pods = pods;
    this.#book = book;
  }

  start(): void {
    this.#end = this.#pods.subscribe({
      pending: (pod) => this.#pending(pod),
      settled: (uid, node) => this.#settled(uid, node),
    });
  }

  stop(): void {
    this.#end?.();
    this.#end = undefined;
    this.#jobs.clear();
  }

  #pending({ uid, pod }: PendingPod): void {
    const job = pod.scheduling?.labels[CONTROLLER_UID_LABEL];
    if (job !== undefined && this.#book.isStarted(job)) this.#jobs.set(uid, job);
  }

  #settled(uid: string, node: string | undefined): void {
    const job = this.#jobs.get(uid);
    if (job === undefined) return;
    this.#jobs.delete(uid);
    if (node !== undefined) this.#book.bound(job, node);
  }
}
