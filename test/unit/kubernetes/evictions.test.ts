import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '../../../src/kubernetes/errors.ts';
import { KubeEvictions } from '../../../src/kubernetes/evictions.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../../../src/kubernetes/kube-api.ts';

function evictions(answer: () => KubeResponse | Promise<KubeResponse>, stillLeader = true) {
  const requests: KubeRequest[] = [];
  const api = {
    name: 'played',
    request: async (request: KubeRequest) => {
      requests.push(request);
      return answer();
    },
  } as unknown as KubeApi;
  return { requests, kube: new KubeEvictions({ api, stillLeader: () => stillLeader }) };
}

const pod = { uid: 'u', namespace: 'shop', name: 'web-1' };
const { signal } = new AbortController();

test('an eviction names the pod by its uid', async () => {
  const { kube, requests } = evictions(() => ({ status: 201, body: {} }));
  assert.deepEqual(await kube.evict(pod, { dryRun: false, signal }), { outcome: 'evicted' });
  assert.equal(requests[0]?.path, '/api/v1/namespaces/shop/pods/web-1/eviction');
  assert.deepEqual(requests[0]?.body, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'web-1', namespace: 'shop' },
    deleteOptions: { preconditions: { uid: 'u' } },
  });
});

test('a question changes nothing', async () => {
  const { kube, requests } = evictions(() => ({ status: 201, body: {} }));
  await kube.evict(pod, { dryRun: true, signal });
  assert.deepEqual((requests[0]!.body as { deleteOptions: unknown }).deleteOptions, {
    preconditions: { uid: 'u' },
    dryRun: ['All'],
  });
});

test('a disruption budget is obeyed, for as long as the server says', async () => {
  const { kube } = evictions(() => ({ status: 429, body: {}, retryAfterSeconds: 3 }));
  assert.deepEqual(await kube.evict(pod, { dryRun: false, signal }), {
    outcome: 'blocked',
    retryAfterMilliseconds: 3000,
  });
  const silent = evictions(() => ({ status: 429, body: {} })).kube;
  assert.deepEqual(await silent.evict(pod, { dryRun: false, signal }), {
    outcome: 'blocked',
    retryAfterMilliseconds: 10_000,
  });
});

for (const status of [404, 409]) {
  test(`${status}: the pod is gone`, async () => {
    const { kube } = evictions(() => ({ status, body: {} }));
    assert.deepEqual(await kube.evict(pod, { dryRun: false, signal }), { outcome: 'gone' });
  });
}

test('what the server forbids is told', async () => {
  const { kube } = evictions(() => ({ status: 403, body: { kind: 'Status', message: 'no' } }));
  const result = await kube.evict(pod, { dryRun: false, signal });
  assert(result.outcome === 'failed');
  assert.equal(result.error.code, 'KISIM_E_KUBE_FORBIDDEN');
});

test('a server that does not answer is told', async () => {
  const { kube } = evictions(() => {
    throw errors.KISIM_E_KUBE_UNREACHABLE('here');
  });
  assert.equal((await kube.evict(pod, { dryRun: false, signal })).outcome, 'failed');
});

test('who does not lead asks nothing', async () => {
  const { kube, requests } = evictions(() => ({ status: 201, body: {} }), false);
  assert.deepEqual(await kube.evict(pod, { dryRun: false, signal }), { outcome: 'not-leader' });
  assert.equal(requests.length, 0);
});

test('one that is called off is no fault', async () => {
  const stop = new AbortController();
  const { kube } = evictions(() => {
    stop.abort();
    throw new Error('aborted');
  });
  assert.deepEqual(await kube.evict(pod, { dryRun: false, signal: stop.signal }), { outcome: 'not-leader' });
});
