import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import type { Node } from '../../../../src/cluster/node.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { constraintFilter, hasConstraints } from '../../../../src/policy/kube/constraint-filter.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { kubeCorpus } from '../../../support/kube-corpus.ts';
import { kubeNode, kubePod, podTerm } from '../../../support/kube-objects.ts';
import { PlainKubeScheduler } from '../../../support/plain-kube-scheduler.ts';

/** Nodes and pods with room for everything, so that nothing but constraints refuses a node. */
function roomy(seed: number): { readonly nodes: readonly Node[]; readonly pods: readonly Pod[] } {
  const { nodes, pods } = kubeCorpus(new RandomStream(seed), 10, 60);
  const extended = { 'ephemeral-storage': 1e15, 'example.com/gpu': 1e6 };
  return {
    nodes: nodes.map((node) => ({ ...node, cpuMilli: 1e9, memoryBytes: 1e15, pods: 1e6, extended })),
    pods,
  };
}

function left(filter: ReturnType<typeof constraintFilter>, pod: Pod, size: number): readonly number[] {
  const nodes = Int32Array.from({ length: size }, (_, i) => i);
  return [...nodes.subarray(0, filter.filter(pod, nodes, size))];
}

test('leaves the nodes that the plain restatement finds feasible, also after it was saved', () => {
  let refused = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const { nodes, pods } = roomy(seed);
    const cluster = new ClusterState(nodes);
    const plain = new PlainKubeScheduler(nodes, new Map());
    let filter = constraintFilter(cluster);
    for (const pod of pods) {
      if (pod.id === 30) {
        const saved = JSON.stringify(filter.save());
        filter = constraintFilter(cluster);
        filter.restore(JSON.parse(saved));
      }
      const { feasible } = plain.schedule(pod);
      const expected = nodes.flatMap(({ name }, i) => (feasible.includes(name) ? [i] : []));
      assert.deepEqual(left(filter, pod, nodes.length), expected, `seed ${seed}: ${JSON.stringify(pod)}`);
      refused += nodes.length - expected.length;
      if (expected.length === 0) continue;
      const node = expected[pod.id % expected.length]!;
      plain.add(pod, nodes[node]!.name);
      filter.placed(pod, node);
      if (pod.id % 4 !== 3) continue;
      plain.remove(pod.id);
      filter.removed(pod, node);
    }
  }
  assert.ok(refused > 500);
});

test('asks nothing of pods without fields until a placed pod keeps others away', () => {
  const cluster = new ClusterState([kubeNode('x', 'a'), kubeNode('y', 'b')]);
  const filter = constraintFilter(cluster);
  const { scheduling: _, ...plain } = kubePod(0);
  assert.deepEqual(left(filter, plain, 2), [0, 1]);
  const hermit = kubePod(1, { podAntiAffinity: { required: [podTerm({ selector: [] })], preferred: [] } });
  filter.placed(hermit, 1);
  assert.deepEqual(left(filter, plain, 2), [0]);
  filter.removed(hermit, 1);
  assert.deepEqual(left(filter, plain, 2), [0, 1]);
});

test('leaves the nodes in the order in which they came', () => {
  const cluster = new ClusterState([kubeNode('x', 'a'), kubeNode('y', 'b'), kubeNode('z', 'b')]);
  const nodes = Int32Array.of(2, 0, 1);
  const filter = constraintFilter(cluster);
  const pod = kubePod(0, { nodeSelector: { 'topology.kubernetes.io/zone': 'b' } });
  assert.equal(filter.filter(pod, nodes, 3), 2);
  assert.deepEqual([...nodes.subarray(0, 2)], [2, 1]);
});

test('knows whether anything is there to look at', () => {
  const { scheduling: _, ...plain } = kubePod(0);
  const taint = { key: 'x', value: '', effect: 'NoSchedule' as const };
  assert.equal(hasConstraints([kubeNode('x', 'a')], [plain]), false);
  assert.equal(hasConstraints([kubeNode('x', 'a')], [plain, kubePod(1)]), true);
  assert.equal(hasConstraints([kubeNode('x', 'a', { taints: [taint] })], [plain]), true);
  assert.equal(
    hasConstraints([kubeNode('x', 'a', { taints: [{ ...taint, effect: 'PreferNoSchedule' }] })], []),
    false,
  );
  assert.equal(hasConstraints([kubeNode('x', 'a', { unschedulable: true })], []), true);
});

test('a term that selects namespaces by their labels sees them as they are now', () => {
  const cluster = new ClusterState([kubeNode('x', 'a'), kubeNode('y', 'b')]);
  const namespaces = new Map([['team-a', { tier: 'gold' }]]);
  const filter = constraintFilter(cluster, namespaces);
  const gold = [{ key: 'tier', operator: 'In' as const, values: ['gold'] }];
  const away = { required: [podTerm({ selector: [], namespaceSelector: gold })], preferred: [] };
  filter.placed(kubePod(0, {}, 'team-a'), 0);
  filter.placed(kubePod(1, {}, 'team-b'), 1);
  const shy = kubePod(2, { podAntiAffinity: away });
  assert.deepEqual(left(filter, shy, 2), [1]);
  namespaces.set('team-b', { tier: 'gold' });
  filter.relabelled('team-b');
  assert.deepEqual(left(filter, shy, 2), []);
  namespaces.delete('team-a');
  filter.relabelled('team-a');
  assert.deepEqual(left(filter, shy, 2), [0]);
});

test('a placed pod keeps away those of namespaces with a label, also after that has changed', () => {
  const cluster = new ClusterState([kubeNode('x', 'a'), kubeNode('y', 'b')]);
  const namespaces = new Map<string, Record<string, string>>();
  const filter = constraintFilter(cluster, namespaces);
  const gold = [{ key: 'tier', operator: 'In' as const, values: ['gold'] }];
  const away = { required: [podTerm({ selector: [], namespaceSelector: gold })], preferred: [] };
  const hermit = kubePod(0, { podAntiAffinity: away });
  filter.placed(hermit, 0);
  const other = kubePod(1, {}, 'team-a');
  assert.deepEqual(left(filter, other, 2), [0, 1]);
  namespaces.set('team-a', { tier: 'gold' });
  filter.relabelled('team-a');
  assert.deepEqual(left(filter, other, 2), [1]);
  filter.removed(hermit, 0);
  assert.deepEqual(left(filter, other, 2), [0, 1]);
});
