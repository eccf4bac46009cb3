import type { JobRecord, SchedulingEventRecord } from '../../history/collection-record.ts';
import { Located } from '../../simulation/inputs/manifests/located.ts';
import { type PodSurroundings, readPodSpec } from '../../simulation/inputs/manifests/pod-manifest.ts';
import { effectiveRequests, readAmounts } from '../../simulation/inputs/manifests/resources.ts';
import { tryParseDuration } from '../../util/duration.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { ApiCondition, ApiJob, ObjectMeta } from '../api-objects.ts';
import type { KubeObject } from '../kube-object.ts';
import { DURATION_ANNOTATION, JOB_TYPE_ANNOTATION } from '../names.ts';

type Unseen = 'status' | 'seenUnixMilliseconds' | 'goneUnixMilliseconds' | 'priority';

/** A Job as its object tells it; whether its pods run the object does not tell. */
export interface ReadJob extends Omit<JobRecord, Unseen> {
  readonly priority: number | undefined;
  readonly isSuspended: boolean;
  /** Pods that are there and have not ended. */
  readonly active: number;
  readonly ended: 'Succeeded' | 'Failed' | undefined;
  readonly events: readonly JobEvent[];
}

export type JobEvent = Pick<
  SchedulingEventRecord,
  'unixMilliseconds' | 'type' | 'waitMilliseconds' | 'reason' | 'message' | 'told'
>;

const around: PodSurroundings = { runtimeClasses: new Map(), priorityClasses: new Map(), defaultPriority: 0 };
const GPU = 'nvidia.com/gpu';

interface RawJob extends ApiJob {
  readonly status?: NonNullable<ApiJob['status']> & {
    readonly completionTime?: string;
    readonly failed?: number;
  };
}

/**
 * Labels that others use are understood too: those of Kueue for queue and priority, and the plain ones (`queue`, `user`, `priority`)
 * and the annotation that SKRueue reads.
 *
 * @throws KISIM_E_MANIFEST_... naming the Job and the field
 */
export function readJob(object: KubeObject): ReadJob {
  const { uid, name, namespace = 'default' } = object.metadata;
  const { spec, status } = object as RawJob;
  const { labels = {}, annotations = {} } = object.metadata as unknown as ObjectMeta;
  const submitted = timeOf(String(object.metadata['creationTimestamp']))!;
  const conditions = status?.conditions ?? [];
  const end = conditions.find(
    (each) => (each.type === 'Complete' || each.type === 'Failed') && each.status === 'True',
  );
  const suspension = conditions.find(({ type }) => type === 'Suspended');
  const started = timeOf(status?.startTime);
  const ended =
    end === undefined ? undefined : (timeOf(status?.completionTime) ?? timeOf(end.lastTransitionTime));
  const expected = tryParseDuration(annotations[DURATION_ANNOTATION] ?? '');
  const says = labels['priority'];
  return {
    uid,
    namespace,
    name,
    submittedUnixMilliseconds: submitted,
    startedUnixMilliseconds: started,
    endedUnixMilliseconds: ended,
    reason: end?.reason ?? (spec?.suspend === true ? suspension?.reason : undefined),
    ...amountsOf(new Located(`job ${namespace}/${name}`, object).get('spec').get('template').get('spec')),
    parallelism: spec?.parallelism ?? 1,
    completions: spec?.completions,
    succeeded: status?.succeeded ?? 0,
    failed: status?.failed ?? 0,
    priority: says !== undefined && /^-?\d{1,9}$/.test(says) ? Number(says) : undefined,
    priorityClass:
      labels['kueue.x-k8s.io/priority-class'] ??
      (spec?.template?.spec as { priorityClassName?: string } | undefined)?.priorityClassName,
    userName: labels['user'],
    queueName: labels['kueue.x-k8s.io/queue-name'] ?? labels['queue'],
    type:
      labels[JOB_TYPE_ANNOTATION] ?? annotations[JOB_TYPE_ANNOTATION] ?? annotations['skrueue.ai/job-type'],
    expectedSeconds: expected === undefined ? undefined : expected / 1000,
    metadata: { labels, annotations },
    isSuspended: spec?.suspend === true,
    active: status?.active ?? 0,
    ended: end === undefined ? undefined : end.type === 'Complete' ? 'Succeeded' : 'Failed',
    events: eventsOf(uid, submitted, started, ended, end, suspension),
  };
}

/** What the object tells of what happened to it. All of it is told each time; the same is told by the same words. */
function eventsOf(
  uid: string,
  submitted: Milliseconds,
  started: Milliseconds | undefined,
  ended: Milliseconds | undefined,
  end: ApiCondition | undefined,
  suspension: ApiCondition | undefined,
): readonly JobEvent[] {
  const events: JobEvent[] = [{ unixMilliseconds: submitted, type: 'submitted', told: `${uid}/submitted` }];
  const add = (type: string, at: Milliseconds | undefined, waits: boolean, condition?: ApiCondition) => {
    if (at === undefined) return;
    const { reason, message } = (condition ?? {}) as ApiCondition & { readonly message?: string };
    events.push({
      unixMilliseconds: at,
      type,
      waitMilliseconds: waits ? at - submitted : undefined,
      reason,
      message,
      told: `${uid}/${type}/${at}`,
    });
  };
  if (suspension !== undefined) {
    const isResumed = suspension.status === 'False';
    add(isResumed ? 'admitted' : 'suspended', timeOf(suspension.lastTransitionTime), isResumed, suspension);
  }
  add('started', started, true);
  if (end !== undefined) add(end.type === 'Complete' ? 'completed' : 'failed', ended, false, end);
  return events;
}

function amountsOf(
  spec: Located,
): Pick<JobRecord, 'cpuMilli' | 'memoryBytes' | 'gpuCount' | 'cpuLimitMilli' | 'memoryLimitBytes'> {
  const containers = spec.get('containers');
  // Classes that a template names are looked up when its pods are made: what they add is not known here.
  const own = Object.fromEntries(
    ['containers', 'initContainers', 'resources'].map((key) => [key, spec.get(key).value]),
  );
  const read = readPodSpec(new Located(spec.place, own), {}, around);
  const asked = effectiveRequests(read.containers, read.initContainers, read.podRequests, read.overhead);
  const limits = containers.items().map((container) => readAmounts(container.get('resources').get('limits')));
  // One container without a limit may take whatever the node has.
  const limitOf = (resource: string) =>
    limits.every((each) => each.has(resource))
      ? limits.reduce((sum, each) => sum + each.get(resource)!, 0)
      : undefined;
  return {
    cpuMilli: asked.get('cpu'),
    memoryBytes: asked.get('memory'),
    gpuCount: asked.get(GPU),
    cpuLimitMilli: limitOf('cpu'),
    memoryLimitBytes: limitOf('memory'),
  };
}

/** Undefined where nothing, or nothing that is a time, is told. */
export function timeOf(text: string | undefined | null): Milliseconds | undefined {
  const at = Date.parse(text ?? '');
  return at > 0 ? at : undefined;
}
