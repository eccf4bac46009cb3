import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decider } from '../../../src/controller/decider.ts';
import { LiveCluster } from '../../../src/controller/live-cluster.ts';
import { ClusterWatcher } from '../../../src/kubernetes/cluster-watcher.ts';
import { kubePolicy } from '../../../src/policy/kube/kube-policy.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import { kubeNode, kubePod, podTerm } from '../../support/kube-objects.ts';
import { Told } from '../../support/told.ts';

const gold = [{ key: 'tier', operator: 'In' as const, values: ['gold'] }];

/** A pod that wants to be away from, or near to, all pods of namespaces with the label. */
function choosy(kind: 'away' | 'near') {
  const term = podTerm({ selector: [], namespaceSelector: gold });
  return kubePod(
    9,
    kind === 'away'
      ? { podAntiAffinity: { required: [term], preferred: [] } }
      : { podAffinity: { required: [], preferred: [{ weight: 100, term }] } },
  );
}

function decided() {
  const book = new LiveCluster();
  book.namespaceChanged('team', { tier: 'gold' });
  book.setNodes([kubeNode('x', 'a'), kubeNode('y', 'b')]);
  book.bound('u0', kubePod(0, {}, 'team'), 'y');
  const decider = new Decider({
    book,
    policy: kubePolicy(),
    seed: 1,
    log: silentLogger,
    monotonicMilliseconds: () => 0,
  });
  const node = (pod: ReturnType<typeof choosy>) => {
    const verdict = decider.decide(pod, 0);
    return verdict.kind === 'place' ? verdict.node : verdict.kind;
  };
  return { book, node };
}

test('what may be offered and what the rule prefers follow the labels of namespaces', () => {
  const { book, node } = decided();
  assert.equal(node(choosy('away')), 'x');
  assert.equal(node(choosy('near')), 'y');
  book.namespaceChanged('team', {});
  book.bound('u1', kubePod(1, {}, 'other'), 'x');
  book.namespaceChanged('other', { tier: 'gold' });
  assert.equal(node(choosy('away')), 'y');
  assert.equal(node(choosy('near')), 'x');
  book.namespaceChanged('other', undefined);
  book.namespaceChanged('team', { tier: 'gold' });
  assert.equal(node(choosy('away')), 'x');
});

test('the labels are there again after the nodes have changed', () => {
  const { book, node } = decided();
  book.setNodes([kubeNode('x', 'a'), kubeNode('y', 'b'), kubeNode('z', 'b')]);
  assert.equal(node(choosy('away')), 'x');
});

test('the watch tells them', async (t) => {
  const { server, api, close } = await connectedFake();
  const told = new Told();
  const watcher = new ClusterWatcher({
    api,
    random: seededRandom(1),
    sink: {
      setNodes: () => undefined,
      bound: () => undefined,
      gone: () => undefined,
      namespaceChanged: (name, labels) => told.add(`${name} ${JSON.stringify(labels)}`),
    },
    trouble: (_, __, error) => assert.fail(String(error)),
  });
  t.after(async () => {
    await watcher.stop();
    await close();
  });
  watcher.start();
  await watcher.synced;
  const made = server.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'team', labels: { a: 'b' } },
  });
  await told.until(() => told.all.some((each) => each.startsWith('team {') && each.includes('"a":"b"')));
  server.remove(made);
  await told.has('team undefined');
});
