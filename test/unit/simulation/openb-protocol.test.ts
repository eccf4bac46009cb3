import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openbExperiment } from '../../../src/simulation/openb-protocol.ts';
import { gpuNode, gpuPod } from '../../support/gpu-cluster.ts';

const nodes = [gpuNode('b', 32, 4), gpuNode('a', 32, 4), gpuNode('c', 32, 2)];
const asked = (pods: readonly { gpu?: { count: number; milliEach: number } }[]) =>
  pods.reduce((sum, { gpu }) => sum + (gpu === undefined ? 0 : gpu.count * gpu.milliEach), 0);

test('node names get a random prefix of four digits, each once, and are sorted by it', () => {
  const pods = [gpuPod(0, 1, 1)];
  const { nodes: renamed } = openbExperiment(nodes, pods, { ratio: 1, seed: 7 });
  assert.deepEqual(
    renamed.map(({ name }) => name.slice(0, 5)),
    ['0000-', '0001-', '0002-'],
  );
  assert.deepEqual(renamed.map(({ name }) => name.slice(5)).sort(), ['a', 'b', 'c']);
  assert.ok(renamed.every(({ name, labels }) => labels['kubernetes.io/hostname'] === name));
  const orders = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
    openbExperiment(nodes, pods, { ratio: 1, seed })
      .nodes.map(({ name }) => name.slice(5))
      .join(''),
  );
  assert.ok(new Set(orders).size > 1);
});

test('pods are added from the list until one GPU of the next would exceed the ratio; ids count up', () => {
  const pods = [gpuPod(0, 1, 1), gpuPod(1, 1, 1, 300), gpuPod(2, 1, 0)];
  for (let seed = 0; seed < 20; seed++) {
    const tuned = openbExperiment(nodes, pods, { ratio: 1.3, seed }).pods;
    assert.ok(asked(tuned) <= 13_000 && asked(tuned) > 12_000, String(asked(tuned)));
    assert.deepEqual(
      tuned.map(({ id }) => id),
      tuned.map((_, i) => i),
    );
    assert.equal(new Set(tuned.map(({ name }) => name)).size, tuned.length);
    assert.deepEqual(
      tuned
        .slice(0, 3)
        .map(({ name }) => name)
        .sort(),
      ['pod-0', 'pod-1', 'pod-2'],
    );
  }
});

test('the check counts one GPU of a pod that asks for several, as published, so that it can end above the ratio', () => {
  const pods = [gpuPod(0, 1, 4)];
  // 4, 8, 12 of 13 GPUs; at 12 the next counts as 13 and comes.
  assert.equal(asked(openbExperiment(nodes, pods, { ratio: 1.3, seed: 1 }).pods), 16_000);
});

test('above the ratio random pods are taken out until it is no longer exceeded', () => {
  const pods = Array.from({ length: 40 }, (_, i) => gpuPod(i, 1, 1));
  const first = openbExperiment(nodes, pods, { ratio: 1.3, seed: 1 }).pods;
  assert.equal(first.length, 13);
  const second = openbExperiment(nodes, pods, { ratio: 1.3, seed: 2 }).pods;
  assert.notDeepEqual(
    first.map(({ name }) => name),
    second.map(({ name }) => name),
  );
});

test('the order of the lists does not matter, the seed does', () => {
  const pods = Array.from({ length: 9 }, (_, i) => gpuPod(i, 1, 1));
  const names = (experiment: ReturnType<typeof openbExperiment>) =>
    [...experiment.nodes, ...experiment.pods].map(({ name }) => name);
  const given = names(openbExperiment(nodes, pods, { ratio: 1.3, seed: 1 }));
  const turned = openbExperiment(nodes.toReversed(), pods.toReversed(), { ratio: 1.3, seed: 1 });
  assert.deepEqual(names(turned), given);
  assert.notDeepEqual(names(openbExperiment(nodes, pods, { ratio: 1.3, seed: 2 })), given);
});

test('a list without GPUs is refused', () => {
  assert.throws(() => openbExperiment(nodes, [gpuPod(0, 1, 0)], { ratio: 1.3, seed: 1 }), {
    code: 'KISIM_E_SIM_WORKLOAD_INVALID',
  });
});
