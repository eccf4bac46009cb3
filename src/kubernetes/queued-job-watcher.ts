import type { ApiJob } from './api-objects.ts';
import { suspendedJob } from './job-watcher.ts';
import type { KubeObject } from './kube-object.ts';
import { ListWatch, type WatchBase } from './list-watch.ts';
import { JOB_LABEL, QUEUED_LABEL_VALUE } from './names.ts';
import type { JobTemplateRule } from './suspended-job-patch.ts';

/** A Job that asks to be admitted from the queue, or was. */
export interface QueuedJobObject {
  readonly state: 'waiting' | 'running';
  /** Pods that it has at a time. */
  readonly podsAtOnce: number;
  /** Since it waits, or since it was started; by the API server's clock. */
  readonly sinceUnixMilliseconds: number;
  /** Without managed fields. */
  readonly object: ApiJob & KubeObject;
}

/**
 * Jobs of all namespaces that carry the label of the queue, until they have ended.
 *
 * @param changed called after each change
 */
export function watchQueuedJobs(
  base: WatchBase,
  rule: JobTemplateRule,
  changed: () => void,
): ListWatch<QueuedJobObject> {
  return new ListWatch<QueuedJobObject>({
    ...base,
    path: '/apis/batch/v1/jobs',
    labelSelector: `${JOB_LABEL}=${QUEUED_LABEL_VALUE}`,
    trim: (object) => queuedJob(object, rule),
    handlers: { applied: changed, deleted: changed },
  });
}

/** Undefined for a Job that neither waits nor runs, and for one that is to be left alone. */
export function queuedJob(object: KubeObject, rule: JobTemplateRule): QueuedJobObject | undefined {
  const waiting = suspendedJob(object, rule);
  const job = object as ApiJob & KubeObject;
  if (waiting !== undefined) {
    const { podsAtOnce, waitingSinceUnixMilliseconds } = waiting;
    return { state: 'waiting', podsAtOnce, sinceUnixMilliseconds: waitingSinceUnixMilliseconds, object: job };
  }
  const { spec, status } = job;
  const hasEnded = status?.conditions?.some(
    ({ type, status: holds }) => (type === 'Complete' || type === 'Failed') && holds === 'True',
  );
  const started = Date.parse(status?.startTime ?? '');
  if (spec?.suspend === true || hasEnded === true || Number.isNaN(started)) return undefined;
  return {
    state: 'running',
    podsAtOnce: spec?.parallelism ?? 1,
    sinceUnixMilliseconds: started,
    object: job,
  };
}
