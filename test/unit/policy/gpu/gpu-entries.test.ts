import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { pwrAndFgd } from '../../../../src/policy/gpu/gpu-entries.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { gpuNode, gpuPod } from '../../../support/gpu-cluster.ts';

/** For pods of half a GPU the 600 left on GPU 0 are of use and the 300 left on GPU 1 are not. */
const typical = [{ cpuMilli: 1000, gpus: 1, milliEach: 500, models: [], share: 1 }];

function begun(policy: Policy) {
  const cluster = new ClusterState([gpuNode('n', 96, 4)]);
  cluster.place(gpuPod(1, 1, 1, 400), 0, Int32Array.of(0));
  cluster.place(gpuPod(2, 1, 1, 700), 0, Int32Array.of(1));
  return policy.start({ cluster, random: new RandomStream(1) });
}

function gpuOf(name: string): number {
  const out = new Int32Array(4);
  const run = begun(policyByName(name, { typical, ties: 'first' }));
  assert.equal(run.chooseGpus!(gpuPod(9, 1, 1, 200), 0, out), 1);
  return out[0]!;
}

test('PWR takes its own GPU, FGD and every mixture that FGD', () => {
  assert.equal(gpuOf('pwr'), 0);
  assert.equal(gpuOf('fgd'), 1);
  for (const weight of ['0.025', '0.1', '0.2', '0.3', '0.5']) assert.equal(gpuOf(`pwr-fgd:${weight}`), 1);
});

test('the plugin of the greatest weight chooses the GPU', () => {
  const out = new Int32Array(4);
  begun(pwrAndFgd('mostly-pwr', 900, 'first', typical)).chooseGpus!(gpuPod(9, 1, 1, 200), 0, out);
  assert.equal(out[0], 0);
});

test('packing and fitting leave the choice of GPUs to whoever places', () => {
  for (const name of ['gpu-packing', 'gpu-clustering', 'openb-best-fit', 'openb-dot-product'])
    assert.equal(begun(policyByName(name)).chooseGpus, undefined, name);
});

test('a mixture is the weighted sum of whole points', () => {
  const cluster = new ClusterState([gpuNode('a', 96, 4), gpuNode('b', 96, 4)]);
  cluster.place(gpuPod(1, 4, 1, 400), 0, Int32Array.of(0));
  const scores = (name: string) => {
    const run = policyByName(name, { typical, ties: 'first' }).start({
      cluster,
      random: new RandomStream(1),
    });
    const out = new Float64Array(2);
    run.scores!(gpuPod(9, 4, 1, 200), { nodes: Int32Array.of(0, 1), count: 2 }, out);
    return [...out];
  };
  const [fgd, pwr] = [scores('fgd'), scores('pwr')];
  assert.deepEqual(pwr, [100, 0]);
  assert.deepEqual(
    scores('pwr-fgd:0.2'),
    [0, 1].map((node) => 800 * fgd[node]! + 200 * pwr[node]!),
  );
});

test('any GPU with room can be the one of openb-random, whole ones are the first free', () => {
  const run = begun(policyByName('openb-random'));
  const out = new Int32Array(4);
  const seen = new Set<number>();
  for (let i = 0; i < 200; i++) {
    run.chooseGpus!(gpuPod(9, 1, 1, 500), 0, out);
    seen.add(out[0]!);
  }
  assert.deepEqual([...seen].sort(), [0, 2, 3]);
  assert.equal(run.chooseGpus!(gpuPod(9, 1, 2), 0, out), 2);
  assert.deepEqual([...out.subarray(0, 2)], [2, 3]);
});
