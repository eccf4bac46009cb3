import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeScheduler } from '../../../../src/policy/kube/kube-scheduler.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { corpusNamespaces, kubeCorpus } from '../../../support/kube-corpus.ts';
import { PlainKubeScheduler } from '../../../support/plain-kube-scheduler.ts';

function compare(seed: number, nodeCount: number, podCount: number): number {
  const random = new RandomStream(seed);
  const { nodes, pods } = kubeCorpus(random, nodeCount, podCount);
  const plain = new PlainKubeScheduler(nodes, corpusNamespaces);
  const kube = new KubeScheduler(nodes, { namespaces: corpusNamespaces });
  const placed: number[] = [];
  let scored = 0;
  for (const pod of pods) {
    const expected = plain.schedule(pod);
    const decision = kube.schedule(pod, { verbose: true });
    const found = {
      node: decision.node,
      feasible:
        decision.scores?.map(({ node }) => node) ?? (decision.node === undefined ? [] : [decision.node]),
      evaluated: decision.evaluatedCount,
      scores: decision.scores?.map(({ total }) => total) ?? [],
    };
    assert.deepEqual(found, expected, `seed ${seed}: ${JSON.stringify(pod)}`);
    if (found.scores.length > 0) scored++;
    if (decision.node === undefined) continue;
    plain.add(pod, decision.node);
    kube.add(pod, decision.node);
    placed.push(pod.id);
    if (random.next() < 0.3) {
      const gone = placed.splice(random.integer(placed.length), 1)[0]!;
      plain.remove(gone);
      kube.remove(gone);
    }
  }
  return scored;
}

test('decides as the plain restatement does, over random clusters with every field', () => {
  let scored = 0;
  for (let seed = 1; seed <= 30; seed++) scored += compare(seed, 3 + (seed % 12), 60);
  assert.ok(scored > 500, `${scored} decisions with scores`);
});

test('samples nodes as the plain restatement does, in a cluster of 130', () => {
  assert.ok(compare(1000, 130, 150) > 50);
});
