import type { Pod } from '../../cluster/pod.ts';
import type { SuspendedJob, SuspendedJobListener } from '../../kubernetes/job-watcher.ts';
import type { ImaginedPods } from '../../kubernetes/pod-reader.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { LoopTime, PendingPod, PendingPodListener, PendingPods } from '../ports.ts';
import { jobRecordName } from './record-name.ts';

/** A Job that is older than its deadline when it is first seen has so long to be decided once. */
const LATE_MILLISECONDS: Milliseconds = 5_000;

/** Stands for a template that cannot be read. */
const UNREAD = { containers: [{ image: 'unread' }] };

/** Suspended Jobs as the watch knows them. */
export interface SuspendedJobs {
  list(): Iterable<SuspendedJob>;
  get(uid: string): SuspendedJob | undefined;
  /** Returns what ends it. */
  subscribe(listener: SuspendedJobListener): () => void;
}

export interface WaitingJobsOptions {
  readonly jobs: SuspendedJobs;
  readonly imagined: Pick<ImaginedPods, 'imagine' | 'forget'>;
  readonly time: Pick<LoopTime, 'unixMilliseconds'>;
  readonly deadlineMilliseconds: Milliseconds;
  readonly longestSlackMilliseconds: Milliseconds;
  readonly log: Logger;
}

/**
 * Suspended Jobs in the form in which the loop knows what waits: each as one gated pod of its template. A Job is opted in by its
 * own label, whatever its namespace says.
 */
export class WaitingJobs implements PendingPods {
  readonly #o: WaitingJobsOptions;
  readonly #waiting = new Map<string, PendingPod>();
  readonly #byPod = new Map<number, string>();
  readonly #since = new Map<string, Milliseconds>();
  readonly #listeners = new Set<PendingPodListener>();
  #end: (() => void) | undefined;

  constructor(options: WaitingJobsOptions) {
    this.#o = options;
  }

  /** Takes in all that are there, and follows them. */
  start(): void {
    const { jobs } = this.#o;
    this.#end = jobs.subscribe({
      waits: (job) => this.#waits(job),
      settled: ({ uid }) => this.#settled(uid),
    });
    for (const job of jobs.list()) this.#waits(job);
  }

  stop(): void {
    this.#end?.();
    this.#end = undefined;
    for (const uid of [...this.#waiting.keys()]) this.#settled(uid);
  }

  list(): Iterable<PendingPod> {
    return this.#waiting.values();
  }

  subscribe(listener: PendingPodListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The Job whose template a pod is; undefined where the template could not be read. */
  jobOf({ id }: Pod): SuspendedJob | undefined {
    const uid = this.#byPod.get(id);
    return uid === undefined ? undefined : this.#o.jobs.get(uid);
  }

  #waits(job: SuspendedJob): void {
    const { uid, namespace, name } = job;
    const pod = this.#podOf(job);
    const since = this.#since.get(uid) ?? this.#waitsSince(job, pod.slackSeconds * 1000);
    this.#since.set(uid, since);
    const pending: PendingPod = {
      uid,
      namespace,
      name: jobRecordName(name),
      createdUnixMilliseconds: since,
      isGated: true,
      isOptedIn: true,
      isDeleting: false,
      nodeName: undefined,
      ownerKinds: [],
      pod,
    };
    this.#waiting.set(uid, pending);
    for (const listener of this.#listeners) listener.pending(pending);
  }

  #settled(uid: string): void {
    const waiting = this.#waiting.get(uid);
    if (waiting === undefined) return;
    this.#waiting.delete(uid);
    this.#since.delete(uid);
    this.#byPod.delete(waiting.pod.id);
    this.#o.imagined.forget(uid);
    for (const listener of this.#listeners) listener.settled(uid, undefined);
  }

  /** The template as a pod; what the Job itself says goes before what its template says. */
  #podOf({ uid, namespace, name, object }: SuspendedJob): Pod {
    const template = object.spec?.template;
    const annotations = { ...template?.metadata?.annotations, ...object.metadata?.annotations };
    const { resourceVersion = '' } = object.metadata ?? {};
    const metadata = { ...template?.metadata, uid, namespace, name, resourceVersion, annotations };
    const { imagined, log } = this.#o;
    try {
      const pod = imagined.imagine({ metadata, spec: template?.spec });
      this.#byPod.set(pod.id, uid);
      return pod;
    } catch (error) {
      log.error('job-not-read', { namespace, job: name, uid, error });
      // It is held all the same, and nobody else would start it: what cannot be decided is started as it is.
      const pod = imagined.imagine({ metadata: { ...metadata, annotations: {} }, spec: UNREAD });
      this.#byPod.delete(pod.id);
      return pod;
    }
  }

  /**
   * A Job may be told to wait for a placement long after it was made; it is then decided at once, rather than started as it is
   * because its deadline has gone by.
   */
  #waitsSince({ waitingSinceUnixMilliseconds }: SuspendedJob, slack: Milliseconds): Milliseconds {
    const { time, deadlineMilliseconds, longestSlackMilliseconds } = this.#o;
    const patience = deadlineMilliseconds + Math.min(longestSlackMilliseconds, Math.max(0, slack));
    const latest = Math.min(LATE_MILLISECONDS, deadlineMilliseconds) - patience;
    return Math.max(waitingSinceUnixMilliseconds, time.unixMilliseconds() + latest);
  }
}
