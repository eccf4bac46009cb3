import { canonical, type Fields, fieldsOf, listOf, type StoredObject, sameJson } from './objects.ts';
import { MODIFIED, refusals } from './status.ts';

/** What the API server adds to a new Job: the selector and the labels of its pods. */
export function newJob(job: StoredObject): StoredObject {
  const spec = fieldsOf(job, 'spec');
  const template = fieldsOf(spec, 'template');
  const restart = fieldsOf(template, 'spec')['restartPolicy'];
  if (restart !== 'Never' && restart !== 'OnFailure')
    throw refusals.invalid(
      'Job.batch',
      job.metadata.name,
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    );
  const labels = { 'batch.kubernetes.io/job-name': job.metadata.name, 'job-name': job.metadata.name };
  const metadata = fieldsOf(template, 'metadata');
  return {
    ...job,
    spec: {
      parallelism: 1,
      completions: 1,
      suspend: false,
      ...spec,
      template: {
        ...template,
        metadata: { ...metadata, labels: { ...fieldsOf(metadata, 'labels'), ...labels } },
      },
    },
    status: {},
  };
}

/**
 * The template may change in what directs its pods while the Job is suspended and has not started, or has stopped again
 * (KEP-2926, KEP-5440): node affinity, node selector, tolerations, gates, labels, annotations.
 */
export function checkJobUpdate(job: StoredObject, old: StoredObject): void {
  const template = fieldsOf(job, 'spec', 'template');
  const before = fieldsOf(old, 'spec', 'template');
  const open = isAtRest(old);
  const same = open
    ? sameJson(immutableTemplate(template), immutableTemplate(before))
    : sameJson(template, before);
  if (!same)
    throw refusals.invalid(
      'Job.batch',
      job.metadata.name,
      `spec.template: Invalid value: ${canonical(template)}: field is immutable`,
    );
}

function isAtRest(job: StoredObject): boolean {
  if (fieldsOf(job, 'spec')['suspend'] !== true) return false;
  const status = fieldsOf(job, 'status');
  if (status['startTime'] === undefined) return true;
  const suspended = listOf(status, 'conditions').some(
    (each) => fieldsOf(each)['type'] === 'Suspended' && fieldsOf(each)['status'] === 'True',
  );
  return suspended && (status['active'] ?? 0) === 0;
}

function immutableTemplate(template: Fields): Fields {
  const {
    nodeSelector: _selector,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...spec
  } = fieldsOf(template, 'spec');
  const { nodeAffinity: _affinity, ...affinity } = fieldsOf(spec, 'affinity');
  const { labels: _labels, annotations: _annotations, ...metadata } = fieldsOf(template, 'metadata');
  return { metadata, spec: { ...spec, affinity } };
}

const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)$/;

/** Times of a lease have exactly six digits after the point; everything else cannot be decoded. */
export function checkLease(lease: StoredObject, old: StoredObject | undefined): void {
  const spec = fieldsOf(lease, 'spec');
  for (const field of ['acquireTime', 'renewTime']) {
    const time = spec[field];
    if (time === undefined || time === null || MICRO_TIME.test(String(time))) continue;
    throw refusals.badRequest(
      `Lease in version "v1" cannot be handled as a Lease: parsing time "${String(time)}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse`,
    );
  }
  if (old === undefined) return;
  const { name, resourceVersion } = lease.metadata;
  if ((resourceVersion ?? '') === '')
    throw refusals.invalid(
      'leases.coordination.k8s.io',
      name,
      'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  if (resourceVersion !== old.metadata.resourceVersion)
    throw refusals.conflict('leases.coordination.k8s.io', name, MODIFIED);
}
