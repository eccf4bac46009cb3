import { readJob } from '../../kubernetes/collect/job-reader.ts';
import type { QueuedJobObject } from '../../kubernetes/queued-job-watcher.ts';
import { JOB_TYPES, type JobType } from '../../queueing/policy.ts';
import type { JobActor } from '../jobs/job-actor.ts';
import type { AdmissionResult, GangPlan, QueueSource, RunningItem, WaitingItem } from './queue-items.ts';

export interface JobQueueOptions {
  readonly jobs: { values(): Iterable<QueuedJobObject> };
  readonly actor: Pick<JobActor, 'free'>;
  /** Returns what ends it. */
  readonly subscribe: (changed: () => void) => () => void;
  /** Told of a Job that cannot be read; it waits. */
  readonly unread: (object: QueuedJobObject, error: unknown) => void;
}

/** Suspended Jobs as a queue: to admit one is to place and start it, in one write. */
export class JobQueue implements QueueSource {
  readonly #o: JobQueueOptions;
  /** One item for each version that the watch has told. */
  readonly #items = new WeakMap<QueuedJobObject, RunningItem | null>();

  constructor(options: JobQueueOptions) {
    this.#o = options;
  }

  *waiting(): Iterable<WaitingItem> {
    yield* this.#all('waiting');
  }

  *running(): Iterable<RunningItem> {
    yield* this.#all('running');
  }

  subscribe(changed: () => void): () => void {
    return this.#o.subscribe(changed);
  }

  async admit(item: WaitingItem, plan: GangPlan, signal: AbortSignal): Promise<AdmissionResult> {
    const result = await this.#o.actor.free({ uid: item.uid }, plan.names.join(','), signal);
    switch (result.outcome) {
      case 'placed':
        return { outcome: 'admitted' };
      case 'freed':
        return { outcome: 'admitted', withNodes: false, reason: 'the server would not have the nodes in it' };
      case 'already-free':
        return { outcome: 'gone', reason: 'somebody else has started it' };
      case 'gone':
      case 'conflict':
      case 'refused':
      case 'not-leader':
        return { outcome: result.outcome };
      case 'throttled':
        return { outcome: 'failed', reason: 'the server is busy' };
      case 'failed':
        return {
          outcome: 'failed',
          reason: result.error instanceof Error ? result.error.message : String(result.error),
        };
    }
  }

  *#all(state: QueuedJobObject['state']): Iterable<RunningItem> {
    for (const job of this.#o.jobs.values()) {
      if (job.state !== state) continue;
      let item = this.#items.get(job);
      if (item === undefined) {
        item = this.#read(job);
        this.#items.set(job, item);
      }
      if (item !== null) yield item;
    }
  }

  #read(job: QueuedJobObject): RunningItem | null {
    try {
      return itemOf(job);
    } catch (error) {
      this.#o.unread(job, error);
      return null;
    }
  }
}

function itemOf({ object, podsAtOnce, sinceUnixMilliseconds }: QueuedJobObject): RunningItem {
  const { type, priority = 0, expectedSeconds } = readJob(object);
  const { uid, name, namespace = 'default', resourceVersion } = object.metadata;
  const { activeDeadlineSeconds } = (object.spec ?? {}) as { readonly activeDeadlineSeconds?: number };
  // A time limit is the least that its owner says.
  const estimated = expectedSeconds ?? activeDeadlineSeconds;
  return {
    uid,
    jobUid: uid,
    kind: 'Job',
    namespace,
    name,
    resourceVersion,
    sinceUnixMilliseconds,
    admittedUnixMilliseconds: sinceUnixMilliseconds,
    priority,
    type: jobTypeOf(type),
    estimatedSeconds: estimated ?? Number.POSITIVE_INFINITY,
    estimateOrigin: estimated === undefined ? 'none' : 'declared',
    groups: [{ name: 'main', count: podsAtOnce, template: object.spec?.template ?? {} }],
  };
}

/** What is said of a kind that policies do not know is as good as nothing. */
export function jobTypeOf(said: string | undefined): JobType {
  return JOB_TYPES.find((type) => type === said) ?? 'generic';
}
