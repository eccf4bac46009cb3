import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeResidents } from '../../../src/controller/kube-residents.ts';
import type { KubeApi, KubeRequest, KubeResponse } from '../../../src/kubernetes/kube-api.ts';
import { PodReader } from '../../../src/kubernetes/pod-reader.ts';

const { signal } = new AbortController();

function answering(response: KubeResponse) {
  const requests: KubeRequest[] = [];
  const api = {
    name: 'played',
    request: async (request: KubeRequest) => {
      requests.push(request);
      return response;
    },
  } as unknown as KubeApi;
  return { api, requests };
}

function watcherOf(pods: readonly { namespace: string; name: string; node?: string; more?: object }[]) {
  const reader = new PodReader();
  const watched = pods.map(({ namespace, name, node, more }) =>
    reader.read(
      {
        metadata: {
          namespace,
          name,
          uid: `uid-${name}`,
          resourceVersion: '1',
          creationTimestamp: '2026-01-02T03:04:05Z',
          ...more,
        },
        spec: { containers: [{ name: 'main', image: 'a:1' }] },
      },
      node,
      undefined,
    ),
  );
  return {
    namespaces: new Map([
      ['team', { 'kisimd.io/placement': 'enabled' }],
      ['other', {}],
    ]),
    pods: () => watched.values(),
  };
}

test('pods are told by node, with what decides whether they may be evicted', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'o', controller: true };
  const watcher = watcherOf([
    { namespace: 'team', name: 'a', node: 'n1', more: { ownerReferences: [owner] } },
    { namespace: 'team', name: 'b', node: 'n1', more: { labels: { 'kisimd.io/skip': '' } } },
    { namespace: 'other', name: 'c', node: 'n2', more: { annotations: { 'kisimd.io/keep-awake': '' } } },
    { namespace: 'team', name: 'd' },
  ]);
  const byNode = new KubeResidents(answering({ status: 200, body: {} }).api, watcher).byNode();
  assert.deepEqual([...byNode.keys()], ['n1', 'n2']);
  const [a, b] = byNode.get('n1')!;
  const [c] = byNode.get('n2')!;
  assert.deepEqual(
    [a!.name, a!.isControlled, a!.isOptedIn, a!.ownerKinds],
    ['a', true, true, ['ReplicaSet']],
  );
  assert.equal(a!.createdUnixMilliseconds, Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.deepEqual([b!.isControlled, b!.isOptedIn], [false, false]);
  assert.deepEqual([c!.isOptedIn, c!.keepsAwake], [false, true]);
});

test('the pods of one node are asked for at the server, those that have ended aside', async () => {
  const items = [
    { metadata: { namespace: 'team', name: 'a', ownerReferences: [{ kind: 'DaemonSet' }] } },
    { metadata: { namespace: 'team', name: 'b' } },
  ];
  const { api, requests } = answering({ status: 200, body: { items } });
  assert.deepEqual(await new KubeResidents(api, watcherOf([])).readOn('n1', signal), [
    { name: 'team/a', ownerKinds: ['DaemonSet'] },
    { name: 'team/b', ownerKinds: [] },
  ]);
  assert.equal(
    requests[0]?.query?.['fieldSelector'],
    'spec.nodeName=n1,status.phase!=Succeeded,status.phase!=Failed',
  );
});

for (const [response, code] of [
  [{ status: 403, body: { kind: 'Status', message: 'no' } }, 'KISIM_E_KUBE_FORBIDDEN'],
  [{ status: 200, body: {} }, 'KISIM_E_KUBE_ANSWER'],
] as const) {
  test(`an answer of ${response.status} that is no list is an error, and never an empty node`, async () => {
    const residents = new KubeResidents(answering(response).api, watcherOf([]));
    await assert.rejects(residents.readOn('n1', signal), { code });
  });
}
