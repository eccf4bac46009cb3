import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterSnapshot } from '../../../src/kubernetes/cluster-snapshot.ts';
import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';
import { connectedFake } from '../../support/connected-fake.ts';

const containers = [{ name: 'c', image: 'x', resources: { requests: { cpu: '250m', memory: '1Gi' } } }];

test('nodes that can take pods and pods that have not ended, with all that they ask for', async (t) => {
  const { server, api, close } = await connectedFake();
  t.after(close);
  const node = (name: string, allocatable: object) =>
    server.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: {},
      status: { allocatable, nodeInfo: { bootID: `Boot-${name}` } },
    });
  node('b', { cpu: '4', memory: '8Gi', pods: '110' });
  node('a', { cpu: '2', memory: '8Gi', pods: '110' });
  node('fresh', {});
  const pod = (name: string, spec: object = {}, more: object = {}) =>
    server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ...more },
      spec: { containers, ...spec },
    });
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true },
  ];
  pod('agent', { nodeName: 'a' }, { ownerReferences });
  pod('web', { nodeName: 'b', nodeSelector: { disk: 'ssd' } });
  pod('waits');
  const over = pod('over', { nodeName: 'b' });
  server.overwrite({ ...over, status: { phase: 'Succeeded' } });
  const { nodes, identities, pods } = await clusterSnapshot(api);
  assert.deepEqual(
    nodes.map(({ name, cpuMilli }) => [name, cpuMilli]),
    [
      ['a', 2000],
      ['b', 4000],
    ],
  );
  assert.ok(identities.some(({ name, bootId }) => name === 'a' && bootId === 'boot-a'));
  assert.deepEqual(
    pods.map((each) => [each.pod.name, each.nodeName, each.ownerKinds, each.pod.cpuMilli]).sort(),
    [
      ['agent', 'a', ['DaemonSet'], 250],
      ['waits', undefined, [], 250],
      ['web', 'b', [], 250],
    ],
  );
  // Unlike a watched pod, which on its node keeps nothing of what it asked of nodes.
  assert.deepEqual(pods.find((each) => each.pod.name === 'web')?.pod.scheduling?.nodeSelector, {
    disk: 'ssd',
  });
});

test('a list whose version the server has forgotten begins anew, and is given up in the end', async () => {
  let asked = 0;
  let forgets = 1;
  const item = (name: string) => ({
    metadata: { name, uid: name, resourceVersion: '1' },
    spec: {},
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' } },
  });
  const api: Pick<KubeApi, 'request'> = {
    request: ({ path, query }) => {
      const first = query?.['continue'] === undefined;
      if (!path.endsWith('/nodes'))
        return Promise.resolve({ status: 200, body: { metadata: { resourceVersion: '1' }, items: [] } });
      asked++;
      if (!first && forgets-- > 0) return Promise.resolve({ status: 410, body: undefined });
      const metadata = { resourceVersion: '1', ...(first ? { continue: 'more' } : {}) };
      return Promise.resolve({ status: 200, body: { metadata, items: [item(first ? 'a' : 'b')] } });
    },
  };
  const { nodes } = await clusterSnapshot(api as KubeApi);
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.equal(asked, 4);
  forgets = Number.POSITIVE_INFINITY;
  await assert.rejects(clusterSnapshot(api as KubeApi), { code: 'KISIM_E_KUBE_ANSWER' });
});

test('what the server refuses is told with its words', async (t) => {
  const { server, api, close } = await connectedFake();
  t.after(close);
  server.forbidden.add('list pods');
  await assert.rejects(clusterSnapshot(api), { code: 'KISIM_E_KUBE_FORBIDDEN', message: /pods/ });
});
