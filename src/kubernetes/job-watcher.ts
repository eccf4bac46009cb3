import type { Milliseconds } from '../util/units.ts';
import type { ApiJob } from './api-objects.ts';
import type { KubeObject } from './kube-object.ts';
import { ListWatch, type WatchBase } from './list-watch.ts';
import { JOB_LABEL, JOB_LABEL_VALUE } from './names.ts';
import { type JobTemplateRule, jobLeftAlone } from './suspended-job-patch.ts';

/** A suspended Job that asks to be placed and started. */
export interface SuspendedJob {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Since it was made, or suspended again; by the API server's clock. */
  readonly waitingSinceUnixMilliseconds: Milliseconds;
  /** Pods that it has at a time, as far as it still needs them; at least 1. */
  readonly podsAtOnce: number;
  /** Without managed fields: what a patch is made from. */
  readonly object: ApiJob;
}

export interface SuspendedJobListener {
  /** It came or changed. */
  waits(job: SuspendedJob): void;
  /** It waits no more: started, gone, or not to be touched any more. */
  settled(job: SuspendedJob): void;
}

export interface JobWatcherOptions extends WatchBase {
  readonly rule: JobTemplateRule;
}

/** Suspended Jobs of all namespaces that carry the label; running and finished ones take no room. */
export class JobWatcher {
  readonly #jobs: ListWatch<SuspendedJob>;
  readonly #listeners = new Set<SuspendedJobListener>();

  constructor({ rule, ...base }: JobWatcherOptions) {
    this.#jobs = new ListWatch<SuspendedJob>({
      ...base,
      path: '/apis/batch/v1/jobs',
      labelSelector: `${JOB_LABEL}=${JOB_LABEL_VALUE}`,
      trim: (object) => suspendedJob(object, rule),
      handlers: {
        applied: (job) => this.#tell((listener) => listener.waits(job)),
        deleted: (job) => this.#tell((listener) => listener.settled(job)),
      },
    });
  }

  start(): void {
    this.#jobs.start();
  }

  stop(): Promise<void> {
    return this.#jobs.stop();
  }

  /** True once all that is there has been told; false where it was stopped before. */
  get synced(): Promise<boolean> {
    return this.#jobs.synced;
  }

  list(): IterableIterator<SuspendedJob> {
    return this.#jobs.values();
  }

  get(uid: string): SuspendedJob | undefined {
    return this.#jobs.get(uid);
  }

  /** Returns what ends it. */
  subscribe(listener: SuspendedJobListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(tell: (listener: SuspendedJobListener) => void): void {
    for (const listener of this.#listeners) tell(listener);
  }
}

/** Undefined for a Job that is to be left alone. */
export function suspendedJob(object: KubeObject, rule: JobTemplateRule): SuspendedJob | undefined {
  const job = object as ApiJob;
  if (jobLeftAlone(job, rule) !== undefined) return undefined;
  const { uid, name, namespace = 'default' } = object.metadata;
  return {
    uid,
    namespace,
    name,
    waitingSinceUnixMilliseconds: waitingSince(job),
    podsAtOnce: podsAtOnce(job),
    object: job,
  };
}

function waitingSince({ metadata, status }: ApiJob): Milliseconds {
  const made = Date.parse(metadata?.creationTimestamp ?? '');
  const suspended = status?.conditions?.find((each) => each.type === 'Suspended' && each.status === 'True');
  const again = Date.parse(suspended?.lastTransitionTime ?? '');
  return Number.isNaN(again) || again < made ? made : again;
}

function podsAtOnce({ spec, status }: ApiJob): number {
  const parallelism = spec?.parallelism ?? 1;
  const left = (spec?.completions ?? Number.POSITIVE_INFINITY) - (status?.succeeded ?? 0);
  return Math.max(1, Math.min(parallelism, left));
}
