import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZONE_LABEL } from '../../../../src/cluster/labels.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { KubeScheduler } from '../../../../src/policy/kube/kube-scheduler.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { corpusNamespaces, kubeCorpus } from '../../../support/kube-corpus.ts';
import { kubeNode, kubePod, refusals } from '../../../support/kube-objects.ts';

const options = { namespaces: corpusNamespaces };

function decisions(scheduler: KubeScheduler, pods: readonly Pod[]): readonly unknown[] {
  return pods.map((pod) => scheduler.schedule(pod, { verbose: true }));
}

test('nodes that come, change and go leave the same state as if they had been so from the beginning', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const corpus = kubeCorpus(new RandomStream(seed), 8, 60);
    const { pods } = corpus;
    // In one zone: the order of zones is that in which they were first seen, by whoever was there.
    const nodes = corpus.nodes.map((node) => ({ ...node, labels: { ...node.labels, [ZONE_LABEL]: 'one' } }));
    const before = pods.slice(0, 40);
    const after = pods.slice(40);
    const scheduler = new KubeScheduler(nodes.slice(0, 6), options);
    const placed = new Map<number, string>();
    for (const pod of before) {
      const { node } = scheduler.schedule(pod);
      if (node === undefined) continue;
      scheduler.add(pod, node);
      placed.set(pod.id, node);
    }
    const changed = { ...nodes[1]!, cpuMilli: 5000, taints: [], images: [] };
    scheduler.addNode(nodes[6]!);
    scheduler.removeNode(nodes[2]!.name);
    scheduler.updateNode(changed);
    scheduler.addNode(nodes[7]!);
    const now = [nodes[0]!, changed, ...nodes.slice(3)];
    const fresh = new KubeScheduler(now, options);
    fresh.nextStartNodeIndex = scheduler.nextStartNodeIndex;
    for (const pod of before) if (placed.has(pod.id)) fresh.add(pod, placed.get(pod.id)!);
    assert.deepEqual(decisions(scheduler, after), decisions(fresh, after), `seed ${seed}`);
  }
});

test('pods of a node that went count again when it is back, those that are gone do not', () => {
  const scheduler = new KubeScheduler([kubeNode('x', 'a', { pods: 2 })]);
  scheduler.add(kubePod(0), 'x');
  scheduler.add(kubePod(1), 'x');
  scheduler.removeNode('x');
  assert.equal(scheduler.schedule(kubePod(2)).node, undefined);
  scheduler.addNode(kubeNode('x', 'a', { pods: 2 }));
  assert.deepEqual(refusals(scheduler, kubePod(2)), { x: 'NodeResourcesFit' });
  scheduler.remove(0);
  assert.equal(scheduler.schedule(kubePod(2)).node, 'x');
});

test('a cluster without nodes takes nothing', () => {
  const decision = new KubeScheduler([]).schedule(kubePod(0));
  assert.deepEqual([decision.node, decision.evaluatedCount], [undefined, 0]);
});

test('counts that are forgotten for want of memory are counted anew', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { nodes, pods } = kubeCorpus(new RandomStream(seed), 9, 70);
    const roomy = new KubeScheduler(nodes, options);
    const cramped = new KubeScheduler(nodes, { ...options, mostCounted: 30 });
    for (const pod of pods) {
      const expected = roomy.schedule(pod, { verbose: true });
      assert.deepEqual(cramped.schedule(pod, { verbose: true }), expected);
      if (expected.node === undefined) continue;
      roomy.add(pod, expected.node);
      cramped.add(pod, expected.node);
    }
  }
});

test('refuses what cannot be: nodes and pods twice, or that are not there', () => {
  const scheduler = new KubeScheduler([kubeNode('x', 'a')]);
  scheduler.add(kubePod(0), 'x');
  const impossible: readonly (readonly [() => void, RegExp])[] = [
    [() => scheduler.add(kubePod(0), 'x'), /KISIM_E_KUBE_POD|default\/pod-0 is placed already/],
    [() => scheduler.remove(7), /no pod with id 7/],
    [() => scheduler.addNode(kubeNode('x', 'b')), /x is there already/],
    [() => scheduler.removeNode('y'), /y is not there/],
    [() => scheduler.updateNode(kubeNode('y', 'b')), /y is not there/],
  ];
  for (const [call, message] of impossible) assert.throws(call, message);
});
