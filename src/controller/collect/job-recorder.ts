import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import type { CollectionSink, JobStatus } from '../../history/collection-record.ts';
import { type ReadEvent, readEvent } from '../../kubernetes/collect/event-reader.ts';
import { type ReadJobPod, readJobPod } from '../../kubernetes/collect/job-pod-reader.ts';
import { type ReadJob, readJob } from '../../kubernetes/collect/job-reader.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { KubeObject } from '../../kubernetes/kube-object.ts';
import { ListWatch, type ListWatchHandlers, type TroublePlace } from '../../kubernetes/list-watch.ts';
import { podHints } from '../../kubernetes/pod-hints.ts';
import { PodReader } from '../../kubernetes/pod-reader.ts';
import type { Clock } from '../../util/clock.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Nanoseconds } from '../../util/units.ts';
import { podRunOf } from '../run-recorder.ts';

export type RecordedKind = 'jobs' | 'job-pods' | 'events';

export interface JobRecorderOptions {
  readonly api: KubeApi;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly ownNamespace: string;
  readonly sink: CollectionSink & Pick<ClusterRecordSink, 'podRun'>;
  readonly trouble: (kind: RecordedKind, place: TroublePlace, error: unknown) => void;
  readonly random: RandomSource;
  readonly clock: Clock;
}

/** Every pod of a Job has it since Kubernetes 1.27. */
const OF_A_JOB = 'batch.kubernetes.io/job-name';

/**
 * Watches Jobs, their pods and the events of both, and hands to the history what becomes of them. It keeps ended pods and Jobs for as
 * long as the server does.
 */
export class JobRecorder {
  readonly #o: JobRecorderOptions;
  readonly #jobs: ListWatch<ReadJob>;
  readonly #pods: ListWatch<ReadJobPod>;
  readonly #events: readonly ListWatch<ReadEvent>[];
  readonly #podReader = new PodReader(podHints);
  readonly #podsOf = new Map<string, Set<string>>();
  /** As it was told last. */
  readonly #statuses = new Map<string, JobStatus>();
  readonly #seen = new Set<string>();

  constructor(options: JobRecorderOptions) {
    this.#o = options;
    const within = options.namespace === undefined ? '' : `/namespaces/${options.namespace}`;
    this.#jobs = this.#watch('jobs', `/apis/batch/v1${within}/jobs`, readJob, {
      applied: (job) => this.#jobApplied(job),
      deleted: (job) => this.#jobDeleted(job),
    });
    this.#pods = this.#watch(
      'job-pods',
      `/api/v1${within}/pods`,
      (object) => readJobPod(object, this.#podReader, this.#pods.get(object.metadata.uid)),
      { applied: (pod, before) => this.#podApplied(pod, before), deleted: (pod) => this.#podDeleted(pod) },
      { labelSelector: OF_A_JOB },
    );
    this.#events = ['Pod', 'Job'].map((kind) =>
      this.#watch(
        'events',
        `/api/v1${within}/events`,
        readEvent,
        { applied: (event) => this.#eventApplied(event), deleted: () => undefined },
        { fieldSelector: `involvedObject.kind=${kind}` },
      ),
    );
  }

  /** Events may be forbidden, and are told where they are not. */
  start(): void {
    this.#jobs.start();
    this.#pods.start();
    for (const events of this.#events) events.start();
  }

  /** True once all Jobs and pods that are there have been told; false where it was stopped before. */
  async synced(): Promise<boolean> {
    const synced = await Promise.all([this.#jobs.synced, this.#pods.synced]);
    if (!synced.every((each) => each)) return false;
    const uids = [...this.#jobs.values()].map(({ uid }) => uid);
    const unixMilliseconds = this.#o.clock.unixMilliseconds();
    this.#o.sink.collected({
      kind: 'jobs-present',
      record: { uids, namespace: this.#o.namespace, unixMilliseconds },
    });
    return true;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#jobs, this.#pods, ...this.#events].map((watch) => watch.stop()));
  }

  /** When the server was last heard of Jobs and of pods, of which it was heard of less. */
  get lastHeardNanoseconds(): Nanoseconds {
    return Math.min(this.#jobs.lastHeardNanoseconds, this.#pods.lastHeardNanoseconds);
  }

  /** Jobs that were seen since the start. */
  get seen(): number {
    return this.#seen.size;
  }

  hasSeen(uid: string): boolean {
    return this.#seen.has(uid);
  }

  /** Jobs that are there, by what they do. */
  get counts(): { readonly running: number; readonly pending: number; readonly suspended: number } {
    let [running, pending, suspended] = [0, 0, 0];
    for (const status of this.#statuses.values()) {
      if (status === 'Running') running++;
      else if (status === 'Pending') pending++;
      else if (status === 'Suspended') suspended++;
    }
    return { running, pending, suspended };
  }

  /** Whether a Job of a namespace is there and has not ended. */
  hasUnfinished(namespace: string): boolean {
    for (const job of this.#jobs.values())
      if (job.namespace === namespace && job.ended === undefined) return true;
    return false;
  }

  hasAny(namespace: string): boolean {
    for (const job of this.#jobs.values()) if (job.namespace === namespace) return true;
    return false;
  }

  #watch<T>(
    kind: RecordedKind,
    path: string,
    trim: (object: KubeObject) => T | undefined,
    handlers: ListWatchHandlers<T>,
    selectors: { readonly labelSelector?: string; readonly fieldSelector?: string } = {},
  ): ListWatch<T> {
    const { api, random, clock, trouble } = this.#o;
    return new ListWatch<T>({
      api,
      path,
      trim,
      handlers,
      random,
      clock,
      ...selectors,
      trouble: (place, error) => trouble(kind, place, error),
    });
  }

  #jobApplied(job: ReadJob): void {
    this.#seen.add(job.uid);
    this.#tellJob(job);
    const { uid: jobUid, namespace, name } = job;
    for (const event of job.events)
      this.#o.sink.collected({
        kind: 'scheduling-event',
        record: { ...event, jobUid, namespace, object: `Job/${name}` },
      });
  }

  #jobDeleted(job: ReadJob): void {
    const at = this.#o.clock.unixMilliseconds();
    this.#tellJob(job, at);
    this.#statuses.delete(job.uid);
    this.#o.sink.collected({
      kind: 'scheduling-event',
      record: {
        unixMilliseconds: at,
        jobUid: job.uid,
        namespace: job.namespace,
        object: `Job/${job.name}`,
        type: 'deleted',
        told: `${job.uid}/deleted`,
      },
    });
  }

  #tellJob(job: ReadJob, goneUnixMilliseconds?: number): void {
    const { isSuspended: _, active: __, ended: ___, events: ____, ...record } = job;
    const status = this.#statusOf(job);
    this.#statuses.set(job.uid, status);
    this.#o.sink.collected({
      kind: 'job',
      record: {
        ...record,
        status,
        priority: job.priority ?? this.#priorityOf(job.uid),
        goneUnixMilliseconds,
        seenUnixMilliseconds: this.#o.clock.unixMilliseconds(),
      },
    });
  }

  #statusOf({ uid, ended, isSuspended, active, succeeded, failed }: ReadJob): JobStatus {
    if (ended !== undefined) return ended;
    if (isSuspended) return 'Suspended';
    if (active > 0 && this.#podsIn(uid).some(({ isRunning }) => isRunning)) return 'Running';
    return active === 0 && succeeded + failed > 0 ? 'Running' : 'Pending';
  }

  #podsIn(jobUid: string): readonly ReadJobPod[] {
    return [...(this.#podsOf.get(jobUid) ?? [])].flatMap((uid) => this.#pods.get(uid) ?? []);
  }

  /** What admission wrote into its pods. */
  #priorityOf(jobUid: string): number | undefined {
    return this.#podsIn(jobUid).find(({ priority }) => priority !== undefined)?.priority;
  }

  #podApplied(pod: ReadJobPod, before: ReadJobPod | undefined): void {
    const { sink, ownNamespace, clock } = this.#o;
    const { watched, priority, oomUnixMilliseconds, isRunning, hasEnded, ...record } = pod;
    const now = clock.unixMilliseconds();
    const pods = this.#podsOf.get(pod.jobUid) ?? new Set();
    this.#podsOf.set(pod.jobUid, pods.add(pod.uid));
    sink.collected({ kind: 'job-pod', record: { ...record, seenUnixMilliseconds: now } });
    // One that ended while nobody looked no other watch tells of. An end that was seen is told by this host's clock, as its
    // beginning was: the server tells whole seconds, and short pods would end before they began.
    const sawEnd = before?.hasEnded === false;
    const endedUnixMilliseconds = !hasEnded ? undefined : sawEnd ? now : pod.finishedUnixMilliseconds;
    if (endedUnixMilliseconds !== undefined)
      sink.podRun({
        ...podRunOf(watched, ownNamespace),
        endedUnixMilliseconds,
        ...(sawEnd ? {} : { isEndCoarse: true }),
      });
    if (pod.isOomKilled === true && before?.isOomKilled !== true)
      sink.collected({
        kind: 'scheduling-event',
        record: {
          unixMilliseconds: oomUnixMilliseconds ?? now,
          jobUid: pod.jobUid,
          podUid: pod.uid,
          namespace: watched.pod.namespace,
          object: `Pod/${watched.pod.name}`,
          type: 'oom-killed',
          told: `${pod.uid}/oom-killed`,
        },
      });
    if (before === undefined || before.isRunning !== isRunning) {
      const job = this.#jobs.get(pod.jobUid);
      if (job !== undefined && (this.#statusOf(job) !== this.#statuses.get(job.uid) || before === undefined))
        this.#tellJob(job);
    }
  }

  #podDeleted({ uid, jobUid }: ReadJobPod): void {
    this.#podReader.forget(uid);
    const pods = this.#podsOf.get(jobUid);
    pods?.delete(uid);
    if (pods?.size === 0) this.#podsOf.delete(jobUid);
  }

  #eventApplied({ record }: ReadEvent): void {
    const { podUid } = record;
    const jobUid = record.jobUid ?? (podUid === undefined ? undefined : this.#pods.get(podUid)?.jobUid);
    this.#o.sink.collected({ kind: 'scheduling-event', record: { ...record, jobUid } });
  }
}
