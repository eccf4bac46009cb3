import { setNodeAffinity, type TemplateChoice, withChoice } from './affinity.ts';
import type { ApiJob } from './api-objects.ts';
import { type PatchOperation, pointer, sameObject, setEntries } from './json-patch.ts';
import {
  DECIDED_BY_ANNOTATION,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  NODE_ANNOTATION,
  PLACEMENT_GATE,
  QUEUED_LABEL_VALUE,
  SKIP_LABEL,
  STARTED_ANNOTATION,
} from './names.ts';

/** Kueue suspends and starts the Jobs of its queues itself. */
const KUEUE_QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';
const JOB_CONTROLLER = 'kubernetes.io/job-controller';

/**
 * Why a Job is not started by the program. `unasked`: its owner suspended it and did not ask for a placement; `active`: the
 * server lets nobody change the template now; `started`: the program did so before, and somebody has suspended it since.
 */
export type JobLeftAlone = 'unasked' | 'kueue' | 'running' | 'active' | 'deleted' | 'started';

/**
 * Since when a server takes changes of a suspended Job's template: before the Job's first start alone (KEP-2926), or also
 * when it has run and was suspended again (MutableSchedulingDirectivesForSuspendedJobs, on from 1.36).
 */
export type JobTemplateRule = 'before-start' | 'suspended';

/** @returns undefined where the Job waits for a placement */
export function jobLeftAlone(job: ApiJob, rule: JobTemplateRule): JobLeftAlone | undefined {
  const labels = job.metadata?.labels ?? {};
  const asks = labels[JOB_LABEL];
  if (asks !== JOB_LABEL_VALUE && asks !== QUEUED_LABEL_VALUE) return 'unasked';
  // MultiKueue's Jobs have another controller (`managedBy`, KEP-4368).
  const managedBy = job.spec?.managedBy ?? JOB_CONTROLLER;
  if (labels[KUEUE_QUEUE_LABEL] !== undefined || managedBy !== JOB_CONTROLLER) return 'kueue';
  if (job.metadata?.deletionTimestamp !== undefined) return 'deleted';
  if (job.spec?.suspend !== true) return 'running';
  const uid = job.metadata?.uid;
  // The uid, as a Job that is made from the manifest of another one carries its annotations.
  if (uid !== undefined && job.metadata?.annotations?.[STARTED_ANNOTATION] === uid) return 'started';
  if (job.status?.startTime === undefined && (job.status?.active ?? 0) === 0) return undefined;
  const suspended = job.status?.conditions?.some(
    ({ type, status }) => type === 'Suspended' && status === 'True',
  );
  return rule === 'suspended' && suspended === true && (job.status?.active ?? 0) === 0 ? undefined : 'active';
}

/**
 * The one write that places a suspended Job's pods and starts it: affinity of the template, the gate out of the template,
 * `suspend: false`. Two writes would let the controller make pods from the old template. The template gets the label that
 * keeps its pods from being gated one by one. Without a choice the Job starts as it was, still ungated.
 *
 * @returns undefined where the Job is to be left alone, as `jobLeftAlone` tells
 */
export function suspendedJobPatch(
  job: ApiJob,
  choice: TemplateChoice | undefined,
  rule: JobTemplateRule,
  decidedBy?: string,
): readonly PatchOperation[] | undefined {
  if (jobLeftAlone(job, rule) !== undefined) return undefined;
  const metadata = job.metadata ?? {};
  const template = job.spec?.template;
  const affinity = template?.spec?.affinity;
  const annotations = {
    ...(choice === undefined ? {} : { [NODE_ANNOTATION]: choice.nodes.join(',') }),
    ...(decidedBy === undefined ? {} : { [DECIDED_BY_ANNOTATION]: decidedBy }),
    ...(metadata.uid === undefined ? {} : { [STARTED_ANNOTATION]: metadata.uid }),
  };
  return [
    ...sameObject(metadata),
    { op: 'test', path: '/spec/suspend', value: true },
    ...setEntries(['metadata', 'annotations'], metadata.annotations, annotations),
    ...(template?.metadata === undefined
      ? [{ op: 'add' as const, path: '/spec/template/metadata', value: { labels: { [SKIP_LABEL]: 'job' } } }]
      : setEntries(['spec', 'template', 'metadata', 'labels'], template.metadata.labels, {
          [SKIP_LABEL]: 'job',
        })),
    ...(choice === undefined
      ? []
      : [
          setNodeAffinity(['spec', 'template', 'spec'], affinity, withChoice(affinity?.nodeAffinity, choice)),
        ]),
    ...withoutGate(template?.spec?.schedulingGates ?? []),
    { op: 'replace', path: '/spec/suspend', value: false },
  ];
}

function withoutGate(gates: readonly { readonly name: string }[]): PatchOperation[] {
  const index = gates.findIndex(({ name }) => name === PLACEMENT_GATE);
  if (index < 0) return [];
  const path = pointer('spec', 'template', 'spec', 'schedulingGates', index);
  return [
    { op: 'test', path: `${path}/name`, value: PLACEMENT_GATE },
    { op: 'remove', path },
  ];
}
