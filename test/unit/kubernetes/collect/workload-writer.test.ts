import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiJob } from '../../../../src/kubernetes/api-objects.ts';
import { WorkloadWriter } from '../../../../src/kubernetes/collect/workload-writer.ts';
import { COLLECT_LABEL, MANAGED_BY_LABEL, OPT_IN_LABEL } from '../../../../src/kubernetes/names.ts';
import { MemoryApi } from '../../../support/memory-api.ts';

const { signal } = new AbortController();
const job = {
  name: 'etl-0-1',
  type: 'etl',
  priority: 4,
  pods: 3,
  cpuMilli: 2000,
  memoryBytes: 2 ** 31,
  seconds: 12.5,
  expectedSeconds: 15,
};
const writerOf = (api: MemoryApi, more: object = {}) =>
  new WorkloadWriter({
    api,
    namespace: 'load',
    workload: 'uniform-0',
    image: 'busybox',
    work: 'sleep',
    ...more,
  });

test('the namespace is made with the labels by which it is known, and opted in only where that is asked for', async () => {
  for (const optIn of [false, true]) {
    const api = new MemoryApi();
    assert.ok(await writerOf(api).takeNamespace(optIn, signal));
    const labels = api.find('Namespace', 'load')!.metadata.labels as Readonly<Record<string, string>>;
    assert.equal(labels[COLLECT_LABEL], 'uniform-0');
    assert.equal(labels[MANAGED_BY_LABEL], 'kisimd');
    assert.equal(labels[OPT_IN_LABEL], optIn ? 'enabled' : undefined);
    assert.ok(await writerOf(api).takeNamespace(optIn, signal), 'it is its own the second time');
  }
});

test("a namespace that is somebody else's is not taken", async () => {
  assert.equal(await writerOf(new MemoryApi('load')).takeNamespace(false, signal), false);
});

test('a Job asks for what was planned, once, and ends whatever becomes of it', async () => {
  const api = new MemoryApi('load');
  const writer = writerOf(api);
  await writer.make(job, signal);
  await writer.make(job, signal);
  const { spec, metadata } = api.find('Job', 'etl-0-1', 'load') as unknown as ApiJob & {
    spec: { backoffLimit: number; activeDeadlineSeconds: number; ttlSecondsAfterFinished: number };
  };
  assert.equal(metadata?.labels?.['kisimd.io/job-type'], 'etl');
  assert.equal(metadata?.annotations?.['kisimd.io/expected-duration'], '15s');
  assert.equal(spec.parallelism, 3);
  assert.equal(spec.completions, 3);
  assert.equal(spec.backoffLimit, 0);
  assert.ok(spec.activeDeadlineSeconds >= 3600 && spec.ttlSecondsAfterFinished > 0);
  const [container] = (
    spec.template!.spec as unknown as { containers: { command: string[]; resources: object }[] }
  ).containers;
  assert.deepEqual(container!.command, ['sh', '-c', 'sleep 12.5']);
  assert.deepEqual(container!.resources, {
    requests: { cpu: '2000m', memory: '2147483648' },
    limits: { cpu: '2000m', memory: '2147483648' },
  });
});

test('work keeps busy what was asked for, for so long', async () => {
  const api = new MemoryApi('load');
  await writerOf(api, { work: 'cpu' }).make(job, signal);
  const text = JSON.stringify(api.find('Job', 'etl-0-1', 'load'));
  assert.match(text, /-lt 2 \].*timeout 13 sh/);
});

test('all Jobs of workloads are taken away and no others; a namespace only where the program made it', async () => {
  const api = new MemoryApi('theirs');
  const writer = writerOf(api);
  await writer.takeNamespace(false, signal);
  await writer.make(job, signal);
  api.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'other', namespace: 'load' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } } },
  });
  await writer.remove(signal);
  assert.equal(api.find('Job', 'etl-0-1', 'load'), undefined);
  assert.ok(api.find('Job', 'other', 'load') !== undefined);
  await writerOf(api, { namespace: 'theirs' }).removeNamespace(signal);
  assert.ok(api.find('Namespace', 'theirs') !== undefined);
  await writer.removeNamespace(signal);
  assert.equal(api.find('Namespace', 'load'), undefined);
  await writer.removeNamespace(signal);
});

test('what the server refuses is told in its own words', async () => {
  const api = new MemoryApi('load');
  api.faults.add({ method: 'POST', path: /jobs/, times: 1, fault: { status: 403 } });
  await assert.rejects(writerOf(api).make(job, signal), { code: 'KISIM_E_KUBE_FORBIDDEN' });
});
