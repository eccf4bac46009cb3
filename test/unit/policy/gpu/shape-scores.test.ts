import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { feasibleNodes } from '../../../../src/cluster/feasible.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { ShapeScores } from '../../../../src/policy/gpu/shape-scores.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { gpuCluster, gpuPod, placeAnywhere, randomGpuPod } from '../../../support/gpu-cluster.ts';

const typical = [
  { cpuMilli: 4000, gpus: 1, milliEach: 500, models: [], share: 0.5 },
  { cpuMilli: 1000, gpus: 1, milliEach: 300, models: ['T4'], share: 0.25 },
  { cpuMilli: 8000, gpus: 2, milliEach: 1000, models: [], share: 0.25 },
];

const names = [
  'openb-dot-product',
  'gpu-clustering',
  'gpu-packing',
  'openb-best-fit',
  'fgd',
  'pwr',
  'pwr-fgd:0.2',
];

/** Scores of a policy that has seen the whole life, and of one that begins now. */
function compare(policy: Policy, seed: number): void {
  const random = new RandomStream(seed);
  const cluster = gpuCluster();
  const old = policy.start({ cluster, random: new RandomStream(1) });
  const nodes = new Int32Array(cluster.size);
  const alive: Pod[] = [];
  for (let id = 0; id < 60; id++) {
    if (alive.length > 0 && random.next() < 0.3) {
      const [gone] = alive.splice(random.integer(alive.length), 1);
      cluster.remove(gone!);
    }
    const pod = randomGpuPod(random, id);
    const count = feasibleNodes(cluster, pod, nodes);
    const remembered = new Float64Array(count);
    old.scores!(pod, { nodes, count }, remembered);
    const fresh = new Float64Array(count);
    const begun = policy.start({ cluster, random: new RandomStream(1) });
    begun.scores!({ ...pod, shape: -1 }, { nodes, count }, fresh);
    assert.deepEqual(remembered, fresh, `${policy.name}, pod ${id}`);
    if (placeAnywhere(cluster, pod, random) !== undefined) alive.push(pod);
  }
}

for (const name of names)
  test(`${name}: remembered scores are those that would be computed now`, () => {
    const policy = policyByName(name, { ties: 'first', typical });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        compare(policy, seed);
      }),
      { numRuns: 15 },
    );
  });

test('only nodes that changed are scored again, and all are once the scorer has changed', () => {
  const cluster = gpuCluster();
  const scored: number[] = [];
  const scores = new ShapeScores(cluster, {
    points: (_pod, node) => {
      scored.push(node);
      return node;
    },
  });
  const ask = () => {
    scored.length = 0;
    scores.write(
      { ...gpuPod(1, 1, 1), shape: 7 },
      { nodes: Int32Array.of(0, 1, 2), count: 3 },
      new Float64Array(3),
    );
    return [...scored];
  };
  assert.deepEqual(ask(), [0, 1, 2]);
  assert.deepEqual(ask(), []);
  cluster.touch(1);
  cluster.touch(5);
  assert.deepEqual(ask(), [1]);
  scores.forget();
  assert.deepEqual(ask(), [0, 1, 2]);
});

test('a shape that had to make room for others is scored anew', () => {
  const cluster = gpuCluster();
  let calls = 0;
  const scores = new ShapeScores(cluster, {
    points(pod) {
      calls++;
      return pod.shape;
    },
  });
  const out = new Float64Array(1);
  const ask = (shape: number) => {
    scores.write({ ...gpuPod(1, 1, 1), shape }, { nodes: Int32Array.of(0), count: 1 }, out);
    return out[0];
  };
  for (let shape = 0; shape <= 600; shape++) assert.equal(ask(shape), shape);
  assert.equal(calls, 601);
  assert.equal(ask(600), 600);
  assert.equal(calls, 601);
  assert.equal(ask(0), 0);
  assert.equal(calls, 602);
});
