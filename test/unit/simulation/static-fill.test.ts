import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typicalPods } from '../../../src/policy/gpu/typical-pods.ts';
import type { TieRule } from '../../../src/policy/policy.ts';
import { policyByName, policyNames } from '../../../src/policy/registry.ts';
import { readOpenbNodes, readOpenbPods } from '../../../src/simulation/inputs/openb.ts';
import { openbExperiment } from '../../../src/simulation/openb-protocol.ts';
import { byArrivedLoad, fillStatically } from '../../../src/simulation/static-fill.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { gpuCluster, gpuNode, gpuPod, randomGpuPod } from '../../support/gpu-cluster.ts';
import { sharedData } from '../../support/shared-data.ts';

const half = gpuPod(9, 2, 1, 500);
const packing = policyByName('gpu-packing', { ties: 'first' });

test('what fits is placed, what does not is dropped, and all figures follow every arrival', () => {
  const nodes = [gpuNode('a', 8, 1, 'T4')];
  const pods = [gpuPod(0, 2, 1, 500), gpuPod(1, 2, 1, 700), gpuPod(2, 2, 0), gpuPod(3, 2, 1, 300)];
  const result = fillStatically({ nodes, pods, policy: packing, typical: typicalPods([half]), seed: 1 });
  assert.deepEqual([...result.nodeOf], [0, -1, 0, 0]);
  assert.equal(result.placed, 3);
  assert.equal(result.capacityMilli, 1000);
  assert.deepEqual([...result.arrivedMilli], [500, 1200, 1200, 1500]);
  assert.deepEqual([...result.allocatedMilli], [500, 500, 500, 800]);
  // For halves: 500 left are of use, 200 are not.
  assert.deepEqual([...result.fragmentMilli], [0, 0, 0, 200]);
  // A socket of 15 or 120 W and a T4 of 10 or 70 W.
  assert.equal(result.wattsEmpty, 25);
  assert.deepEqual([...result.watts!], [190, 190, 190, 190]);
});

test('watts are missing, not zero, where the power of a node is not known', () => {
  const { power, ...dark } = gpuNode('dark', 8, 1);
  assert.ok(power);
  const pods = [gpuPod(0, 2, 1, 500)];
  const result = fillStatically({ nodes: [dark], pods, policy: packing, typical: [], seed: 1 });
  assert.equal(result.watts, undefined);
  assert.equal(result.wattsEmpty, undefined);
  assert.equal(result.placed, 1);
});

test('a figure by arrived load is the mean over the arrivals that round to it', () => {
  const nodes = [gpuNode('a', 8, 1, 'T4')];
  const pods = [4, 4, 6, 5].map((milli, id) => gpuPod(id, 1, 1, milli));
  const result = fillStatically({ nodes, pods, policy: packing, typical: [], seed: 1 });
  const byLoad = byArrivedLoad(result, result.arrivedMilli, 3);
  // Arrived 4, 8, 14, 19 thousandths: 0, 1, 1, 2 percent.
  assert.deepEqual([...byLoad], [4, 11, 19, Number.NaN]);
});

test('a policy that chooses a node without room is refused by name', () => {
  const stubborn = { name: 'stubborn', start: () => ({ choose: () => 0, explain: () => [] }) };
  const input = {
    nodes: [gpuNode('a', 8, 1, 'T4'), gpuNode('b', 8, 1, 'T4')],
    pods: [gpuPod(0, 2, 1), gpuPod(1, 2, 1)],
    policy: stubborn,
    typical: [],
    seed: 1,
  };
  assert.throws(() => fillStatically(input), {
    code: 'KISIM_E_SIM_BAD_CHOICE',
    found: 'stubborn chose 0 for pod-1',
  });
});

test('every policy fills GPUs, the same from a seed, never more than there are, and none lies idle for want of a choice', () => {
  const random = new RandomStream(5);
  const pods = Array.from({ length: 150 }, (_, id) => randomGpuPod(random, id));
  const typical = typicalPods(pods);
  const { nodes } = gpuCluster();
  for (const { name } of policyNames) {
    const fill = () =>
      fillStatically({ nodes, pods, policy: policyByName(name, { typical }), typical, seed: 3 });
    const result = fill();
    assert.ok(result.allocatedMilli.at(-1)! <= result.capacityMilli, name);
    assert.ok(result.allocatedMilli.at(-1)! > 0.6 * result.capacityMilli, name);
    assert.deepEqual(fill(), result, name);
  }
});

/** FNV-1a over the nodes of all pods. */
function digest(nodeOf: Int32Array): number {
  let hash = 2166136261;
  for (const node of nodeOf) hash = Math.imul(hash ^ (node & 0xffff), 16777619);
  return hash >>> 0;
}

test('fills are the same on every machine', () => {
  const random = new RandomStream(11);
  const pods = Array.from({ length: 400 }, (_, id) => randomGpuPod(random, id));
  const typical = typicalPods(pods);
  const { nodes } = gpuCluster();
  const recorded: Record<string, number> = {
    'openb-random': 3_356_642_158,
    'openb-dot-product': 2_713_885_531,
    'gpu-clustering': 3_325_322_492,
    'gpu-packing': 1_573_532_932,
    'openb-best-fit': 2_525_813_197,
    fgd: 3_279_507_618,
    pwr: 43_234_880,
    'pwr-fgd:0.2': 3_705_597_071,
  };
  const found = Object.keys(recorded).map((name) => {
    const policy = policyByName(name, { typical, ties: 'random' });
    return [name, digest(fillStatically({ nodes, pods, policy, typical, seed: 8 }).nodeOf)];
  });
  assert.deepEqual(Object.fromEntries(found), recorded);
});

test('FGD on the openb trace: 95 % of the GPUs and 1408 kW at 100 % arrived, 90 % with ties at random', {
  skip: sharedData.skip,
}, () => {
  const list = readOpenbPods(sharedData.path('openb', 'openb_pod_list_default.csv'));
  const typical = typicalPods(list.pods);
  assert.equal(typical.length, 35);
  const experiment = openbExperiment(
    readOpenbNodes(sharedData.path('openb', 'openb_node_list_gpu_node.csv')),
    list.pods,
    { ratio: 1.3, seed: 42 },
  );
  const at100 = (ties: TieRule) => {
    const policy = policyByName('fgd', { typical, ties });
    const result = fillStatically({ ...experiment, policy, typical, seed: 42 });
    const allocated = byArrivedLoad(result, result.allocatedMilli, 100)[100]! / result.capacityMilli;
    return { allocated, watts: byArrivedLoad(result, result.watts!, 100)[100]! };
  };
  const byName = at100('lexicographic');
  assert.ok(Math.abs(byName.allocated - 0.9523) < 0.005, String(byName.allocated));
  assert.ok(Math.abs(byName.watts - 1_408_000) < 6000, String(byName.watts));
  const atRandom = at100('random').allocated;
  assert.ok(Math.abs(atRandom - 0.9) < 0.012, String(atRandom));
});
