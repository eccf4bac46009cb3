import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiJob, ApiPodTemplate } from '../../../src/kubernetes/api-objects.ts';
import { JOB_LABEL, JOB_LABEL_VALUE, PLACEMENT_GATE } from '../../../src/kubernetes/names.ts';
import { jobLeftAlone, suspendedJobPatch } from '../../../src/kubernetes/suspended-job-patch.ts';
import type { Fields, StoredObject } from '../../support/fake-api/objects.ts';
import { Refusal } from '../../support/fake-api/status.ts';
import { patchedJob, stored } from '../../support/patched.ts';

const labels = { [JOB_LABEL]: JOB_LABEL_VALUE };
const on = (node: string) => ({ key: 'metadata.name', operator: 'In', values: [node] });
const ssd = { key: 'disk', operator: 'In', values: ['ssd'] };
const theirs = { name: 'kueue.x-k8s.io/admission' };

function suspended(template: Fields = {}, status: Fields = {}, metadata: Fields = {}): StoredObject {
  return stored('Job', {
    metadata: { labels, ...metadata },
    spec: { suspend: true, template: { spec: {}, ...template } },
    status,
  });
}

function started(job: StoredObject, choice: Parameters<typeof suspendedJobPatch>[1]): ApiPodTemplate {
  const after = patchedJob(job, suspendedJobPatch(job as ApiJob, choice, 'suspended')!) as ApiJob;
  assert.equal(after.spec?.suspend, false);
  return after.spec!.template!;
}

describe('a patch that places and starts a suspended Job', () => {
  test('requires any of the nodes, in every term that the template has', () => {
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [ssd] }] },
      },
    };
    const template = started(suspended({ spec: { affinity } }), {
      nodes: ['n1', 'n2'],
      strength: 'required',
    });
    assert.deepEqual(template.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution, {
      nodeSelectorTerms: [
        { matchExpressions: [ssd], matchFields: [on('n1')] },
        { matchExpressions: [ssd], matchFields: [on('n2')] },
      ],
    });
  });

  test('prefers the nodes in their order', () => {
    const template = started(suspended(), { nodes: ['n1', 'n2', 'n3'], strength: 'preferred' });
    assert.deepEqual(template.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution, [
      { weight: 100, preference: { matchFields: [on('n1')] } },
      { weight: 67, preference: { matchFields: [on('n2')] } },
      { weight: 33, preference: { matchFields: [on('n3')] } },
    ]);
  });

  test('takes our gate out of the template and leaves others', () => {
    const schedulingGates = [theirs, { name: PLACEMENT_GATE }];
    const template = started(suspended({ spec: { schedulingGates } }), undefined);
    assert.deepEqual(template.spec?.schedulingGates, [theirs]);
  });

  test('keeps its pods from being gated one by one', () => {
    assert.deepEqual(started(suspended(), undefined).metadata?.labels, { 'kisimd.io/skip': 'job' });
    const template = started(suspended({ metadata: { labels: { app: 'a' } } }), undefined);
    assert.deepEqual(template.metadata?.labels, { app: 'a', 'kisimd.io/skip': 'job' });
    const named = started(suspended({ metadata: { annotations: { a: 'b' } } }), undefined);
    assert.deepEqual(named.metadata, { annotations: { a: 'b' }, labels: { 'kisimd.io/skip': 'job' } });
  });

  test('starts the Job as it was where there is no choice', () => {
    assert.equal(started(suspended(), undefined).spec?.affinity, undefined);
  });

  test('is refused where the Job was started meanwhile', () => {
    const job = suspended();
    const patch = suspendedJobPatch(job as ApiJob, undefined, 'suspended')!;
    const now = { ...job, spec: { ...(job['spec'] as Fields), suspend: false } };
    assert.throws(() => patchedJob(now, patch), Refusal);
  });
});

describe('a Job that has run and was suspended again', () => {
  const stopped = suspended({}, { startTime: 't', conditions: [{ type: 'Suspended', status: 'True' }] });

  test('is placed by the rule of newer servers alone', () => {
    assert.equal(jobLeftAlone(stopped as ApiJob, 'suspended'), undefined);
    assert.equal(jobLeftAlone(stopped as ApiJob, 'before-start'), 'active');
  });

  test('is left while its pods end', () => {
    const status = { startTime: 't', active: 1, conditions: [{ type: 'Suspended', status: 'True' }] };
    assert.equal(jobLeftAlone(suspended({}, status) as ApiJob, 'suspended'), 'active');
    assert.equal(jobLeftAlone(suspended({}, { startTime: 't' }) as ApiJob, 'suspended'), 'active');
  });
});

test('Jobs that nobody asked to be started are left alone', () => {
  const cases: readonly (readonly [string, StoredObject])[] = [
    ['unasked', suspended({}, {}, { labels: {} })],
    ['unasked', suspended({}, {}, { labels: { [JOB_LABEL]: 'never' } })],
    ['kueue', suspended({}, {}, { labels: { ...labels, 'kueue.x-k8s.io/queue-name': 'q' } })],
    ['running', stored('Job', { metadata: { labels }, spec: { suspend: false } })],
    ['deleted', suspended({}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ];
  for (const [why, job] of cases) {
    assert.equal(jobLeftAlone(job as ApiJob, 'suspended'), why);
    assert.equal(suspendedJobPatch(job as ApiJob, undefined, 'suspended'), undefined);
  }
});
