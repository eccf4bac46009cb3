import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { fgd } from '../../../../src/policy/gpu/fgd.ts';
import { gpuClustering } from '../../../../src/policy/gpu/gpu-clustering.ts';
import { gpuPacking } from '../../../../src/policy/gpu/gpu-packing.ts';
import { openbBestFit } from '../../../../src/policy/gpu/openb-best-fit.ts';
import { openbDotProduct } from '../../../../src/policy/gpu/openb-dot-product.ts';
import { pwr } from '../../../../src/policy/gpu/pwr.ts';
import type { ScorePlugin, ScoreRun } from '../../../../src/policy/score-plugin.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { gpuNode, gpuPod } from '../../../support/gpu-cluster.ts';

function started(cluster: ClusterState, plugin: ScorePlugin): ScoreRun {
  return plugin.start({ cluster, random: new RandomStream(1) });
}

function scores(cluster: ClusterState, plugin: ScorePlugin, pod: Pod, normalised = false): number[] {
  const run = started(cluster, plugin);
  const nodes = Int32Array.from({ length: cluster.size }, (_, i) => i);
  const out = new Float64Array(cluster.size);
  run.score(pod, { nodes, count: cluster.size }, out);
  if (normalised) run.normalise?.(out, cluster.size);
  return Array.from(out);
}

/** Nodes of 96 threads and 8 GPUs: idle; one part of 400 taken; one whole taken; parts of 400 and 700 and one whole. */
function four(): ClusterState {
  const cluster = new ClusterState(['idle', 'part', 'whole', 'mixed'].map((name) => gpuNode(name, 96, 8)));
  cluster.place(gpuPod(1, 4, 1, 400), 1, Int32Array.of(3));
  cluster.place(gpuPod(2, 8, 1), 2, Int32Array.of(0));
  cluster.place(gpuPod(3, 8, 1), 3, Int32Array.of(0));
  cluster.place(gpuPod(4, 4, 1, 400), 3, Int32Array.of(1));
  cluster.place(gpuPod(5, 4, 1, 700), 3, Int32Array.of(2));
  return cluster;
}

test('packing: a GPU in use 100 - percent free / 10, a new one 50 - number, an idle node 33 - its GPUs', () => {
  const cluster = four();
  // 300: on `part` the GPU with 600 free (94), on `whole` a new one, on `mixed` exactly the 300 left (97).
  assert.deepEqual(scores(cluster, gpuPacking, gpuPod(9, 1, 1, 300)), [25, 94, 49, 97]);
  // 500: on `mixed` the one with 600 free.
  assert.deepEqual(scores(cluster, gpuPacking, gpuPod(9, 1, 1, 500)), [25, 94, 49, 94]);
  assert.deepEqual(scores(cluster, gpuPacking, gpuPod(9, 1, 4)), [25, 46, 46, 46]);
  assert.deepEqual(scores(cluster, gpuPacking, gpuPod(9, 1, 0)), [0, 0, 0, 0]);
});

test('packing: percents and tenths are cut off, not rounded', () => {
  const cluster = new ClusterState([gpuNode('n', 96, 8)]);
  cluster.place(gpuPod(1, 1, 1, 401), 0, Int32Array.of(0));
  // 599 free: 59 percent, 5 tenths.
  assert.deepEqual(scores(cluster, gpuPacking, gpuPod(9, 1, 1, 100)), [95]);
});

test('clustering: bands for the same kind alone, among others, no kind, other kinds; and the share in use', () => {
  const cluster = four();
  // In use of 8 GPUs: 0, 400, 1000, 2100 thousandths: 0, 1, 3, 6 of 25 points.
  assert.deepEqual(scores(cluster, gpuClustering, gpuPod(9, 1, 1, 300)), [25, 76, 3, 56]);
  assert.deepEqual(scores(cluster, gpuClustering, gpuPod(9, 1, 1)), [25, 1, 78, 56]);
  assert.deepEqual(scores(cluster, gpuClustering, gpuPod(9, 1, 2)), [25, 1, 3, 6]);
  assert.deepEqual(scores(cluster, gpuClustering, gpuPod(9, 1, 0)), [0, 0, 0, 0]);
});

test('clustering: parts that fill a GPU are still parts', () => {
  const cluster = new ClusterState([gpuNode('n', 96, 8)]);
  cluster.place(gpuPod(1, 1, 1, 400), 0, Int32Array.of(0));
  cluster.place(gpuPod(2, 1, 1, 600), 0, Int32Array.of(0));
  assert.deepEqual(scores(cluster, gpuClustering, gpuPod(9, 1, 1, 300)), [75 + 3]);
  assert.deepEqual(scores(cluster, gpuClustering, gpuPod(9, 1, 1)), [3]);
});

test('best fit: whole points of what is left against 128 CPUs and 8 GPUs, stretched', () => {
  const cluster = four();
  // CPU left 92 88 84 76 of 128, GPU left 7 6.6 6 4.9 of 8 after 4 CPUs and one GPU: 20.3 24.4 29.7 39.7.
  const pod = gpuPod(9, 4, 1);
  assert.deepEqual(scores(cluster, openbBestFit, pod), [20, 24, 29, 39]);
  assert.deepEqual(scores(cluster, openbBestFit, pod, true), [0, 21, 47, 100]);
});

test('best fit: nodes that are all equal get 0', () => {
  const cluster = new ClusterState([gpuNode('a', 96, 8), gpuNode('b', 96, 8)]);
  assert.deepEqual(scores(cluster, openbBestFit, gpuPod(9, 4, 1), true), [0, 0]);
});

test('dot product: 100 (1 - mean of free x asked) cut off', () => {
  const cluster = four();
  // 64 CPUs and 4 GPUs: (0.75 x 0.5 + 1 x 0.5) / 2 = 0.4375, and with less free.
  assert.deepEqual(scores(cluster, openbDotProduct, gpuPod(9, 64, 4)), [56, 58, 60, 65]);
});

test('PWR: whole watts that a pod adds, by sockets and GPUs, stretched', () => {
  const cluster = four();
  // 32 threads are one more socket (105 W) where up to 16 of the 32 threads of the first are taken.
  // A part of 300: a GPU in use adds nothing, a new one 120 W.
  assert.deepEqual(scores(cluster, pwr, gpuPod(9, 32, 1, 300)), [-225, -105, -225, -105]);
  assert.deepEqual(scores(cluster, pwr, gpuPod(9, 16, 1, 300)), [-225, 0, -120, 0]);
  assert.deepEqual(scores(cluster, pwr, gpuPod(9, 16, 1, 300), true), [0, 100, 46, 100]);
  assert.deepEqual(scores(cluster, pwr, gpuPod(9, 16, 2)), [-345, -240, -240, -240]);
  assert.deepEqual(scores(cluster, pwr, gpuPod(9, 16, 0)), [-105, 0, 0, 0]);
});

test('PWR: nodes that are all equal get 100', () => {
  const cluster = new ClusterState([gpuNode('a', 96, 8), gpuNode('b', 96, 8)]);
  assert.deepEqual(scores(cluster, pwr, gpuPod(9, 4, 1), true), [100, 100]);
});

test('PWR takes the first GPU in use that has room before the fullest, and a new one last', () => {
  const cluster = four();
  const out = new Int32Array(8);
  const run = started(cluster, pwr);
  const chosen = (pod: Pod, node: number) => Array.from(out.subarray(0, run.chooseGpus!(pod, node, out)));
  assert.deepEqual(chosen(gpuPod(9, 1, 1, 300), 3), [1]);
  assert.deepEqual(chosen(gpuPod(9, 1, 1, 650), 3), [3]);
  assert.deepEqual(chosen(gpuPod(9, 1, 2), 3), [3, 4]);
  assert.deepEqual(chosen(gpuPod(9, 1, 0), 3), []);
});

test('PWR refuses a cluster whose watts are not known', () => {
  const { power, ...dark } = gpuNode('dark', 16, 1);
  assert.ok(power);
  assert.throws(() => started(new ClusterState([dark]), pwr), {
    code: 'KISIM_E_POLICY_NO_POWER',
    found: 'pwr: node dark has no power curve',
  });
  const odd = gpuNode('odd', 16, 1, 'B9000');
  assert.throws(() => started(new ClusterState([odd]), pwr), { found: /no watts of its B9000/ });
});

test('FGD: 100 x sigmoid of the fragment that a placement takes away, in GPUs, cut off', () => {
  const typical = [{ cpuMilli: 1000, gpus: 1, milliEach: 500, models: [], share: 1 }];
  const cluster = four();
  // Fragments for a half: on `mixed` the 300 left over, elsewhere none.
  // A part of 300: `idle` and `whole` 1000 -> 700 left, none: 50. `part` fills 600 to 300: 100 / (1 + e^0.3) = 42.6,
  // or a new GPU: 50. `mixed` fills the 300: 100 / (1 + e^-0.3) = 57.4.
  assert.deepEqual(scores(cluster, fgd(typical), gpuPod(9, 1, 1, 300)), [50, 50, 50, 57]);
  const out = new Int32Array(8);
  const run = started(cluster, fgd(typical));
  assert.equal(run.chooseGpus!(gpuPod(9, 1, 1, 300), 3, out), 1);
  assert.equal(out[0], 2, 'the GPU whose rest is of no use');
  run.chooseGpus!(gpuPod(9, 1, 1, 300), 1, out);
  assert.equal(out[0], 0, 'a new GPU, for what is left of it is of use');
});

test('FGD: whole GPUs come off the first that are free, CPU that runs out makes fragments', () => {
  const typical = [{ cpuMilli: 8000, gpus: 1, milliEach: 1000, models: [], share: 1 }];
  const cluster = new ClusterState([gpuNode('n', 16, 2), gpuNode('big', 96, 2)]);
  // 12 of 16 threads: the other GPU of `n` is of no use: 100 / (1 + e) = 26.9. `big` has CPU to spare.
  assert.deepEqual(scores(cluster, fgd(typical), gpuPod(9, 12, 1)), [26, 50]);
  // The same without a GPU: two GPUs of `n` are lost: 100 / (1 + e^2) = 11.9.
  assert.deepEqual(scores(cluster, fgd(typical), gpuPod(9, 12, 0)), [11, 50]);
});

test('FGD that is told of no workload learns it from the pods that are placed', () => {
  const typical = [{ cpuMilli: 1000, gpus: 1, milliEach: 500, models: [], share: 1 }];
  const cluster = four();
  const told = started(cluster, fgd(typical));
  const learning = started(cluster, fgd());
  const pod = gpuPod(9, 1, 1, 300);
  const all = { nodes: Int32Array.of(0, 1, 2, 3), count: 4 };
  const of = (run: ScoreRun) => {
    const out = new Float64Array(4);
    run.score(pod, all, out);
    return Array.from(out);
  };
  assert.deepEqual(of(learning), [50, 50, 50, 50], 'nothing is a fragment for nobody');
  learning.placed!(gpuPod(10, 1, 1, 500), 0);
  assert.deepEqual(of(learning), of(told));
  const resumed = started(cluster, fgd());
  resumed.restore!(JSON.parse(JSON.stringify(learning.save!())));
  assert.deepEqual(of(resumed), of(told));
});
