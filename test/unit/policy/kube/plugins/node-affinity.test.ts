import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeAffinity } from '../../../../../src/cluster/pod.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import { kubeNode, kubePod, pointsOf, refusals } from '../../../../support/kube-objects.ts';

const nodes = [
  kubeNode('fast', 'a', { labels: { disk: 'ssd', cores: '8' } }),
  kubeNode('slow', 'a', { labels: { disk: 'hdd', cores: '32' } }),
  kubeNode('bare', 'a'),
];

function prefer(
  weight: number,
  key: string,
  operator: 'In' | 'Gt',
  value: string,
): NodeAffinity['preferred'][number] {
  return { weight, term: { matchExpressions: [{ key, operator, values: [value] }], matchFields: [] } };
}

test('refuses nodes outside of the selector and the required terms', () => {
  const scheduler = new KubeScheduler(nodes);
  assert.deepEqual(refusals(scheduler, kubePod(0, { nodeSelector: { disk: 'ssd' } })), {
    slow: 'NodeAffinity',
    bare: 'NodeAffinity',
  });
});

test('sums the weights of the preferred terms that match, and cuts to a share of the greatest', () => {
  const preferred = [
    prefer(10, 'disk', 'In', 'ssd'),
    prefer(20, 'cores', 'Gt', '16'),
    prefer(15, 'cores', 'Gt', '4'),
  ];
  const pod = kubePod(0, { nodeAffinity: { required: undefined, preferred } });
  // 25, 35 and 0.
  assert.deepEqual(pointsOf(new KubeScheduler(nodes), pod, 'NodeAffinity'), { fast: 71, slow: 100, bare: 0 });
});

test('a preferred term that cannot be parsed fails the pod where nodes are compared, and only there', () => {
  const nodeAffinity = { required: undefined, preferred: [prefer(1, 'cores', 'Gt', 'many')] };
  const decision = new KubeScheduler(nodes).schedule(kubePod(0, { nodeAffinity }));
  assert.equal(decision.node, undefined);
  assert.match(decision.failure!, /cannot be parsed/);
  assert.equal(new KubeScheduler([nodes[0]!]).schedule(kubePod(0, { nodeAffinity })).node, 'fast');
});

test('looks only at nodes named by their field, and counts no others', () => {
  const scheduler = new KubeScheduler(nodes);
  const named = (...values: readonly string[]) =>
    kubePod(0, {
      nodeAffinity: {
        required: values.map((value) => ({
          matchExpressions: [],
          matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [value] }],
        })),
        preferred: [],
      },
    });
  const decision = scheduler.schedule(named('slow'));
  assert.deepEqual([decision.node, decision.feasible, decision.evaluatedCount], ['slow', 1, 1]);
  assert.equal(scheduler.nextStartNodeIndex, 1);
  assert.equal(scheduler.schedule(named('nowhere')).evaluatedCount, 0);
  assert.equal(scheduler.schedule(named('slow', 'fast')).feasible, 2);
});

test('names that contradict each other leave the next search where it was', () => {
  const scheduler = new KubeScheduler(nodes);
  const matchFields = ['fast', 'slow'].map((name) => ({
    key: 'metadata.name',
    operator: 'In' as const,
    values: [name],
  }));
  const nodeAffinity = { required: [{ matchExpressions: [], matchFields }], preferred: [] };
  const decision = scheduler.schedule(kubePod(0, { nodeAffinity }));
  assert.deepEqual([decision.node, decision.failure], [undefined, 'pod affinity terms conflict']);
  assert.equal(scheduler.nextStartNodeIndex, 0);
});

test('a pod that names its node fits nowhere else', () => {
  const scheduler = new KubeScheduler(nodes);
  assert.deepEqual(refusals(scheduler, kubePod(0, { nodeName: 'slow' })), {
    fast: 'NodeName',
    bare: 'NodeName',
  });
  assert.equal(scheduler.schedule(kubePod(0, { nodeName: 'gone' })).node, undefined);
});
