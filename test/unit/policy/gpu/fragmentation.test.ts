import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { Fragmentation } from '../../../../src/policy/gpu/fragmentation.ts';
import type { TypicalPod } from '../../../../src/policy/gpu/typical-pods.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { gpuCluster, gpuNode, gpuPod, placeAnywhere, randomGpuPod } from '../../../support/gpu-cluster.ts';

/** 16 threads and two GPUs, of which 400 and 1000 thousandths are free; 10 threads are free. */
function halfUsed(): ClusterState {
  const cluster = new ClusterState([gpuNode('n', 16, 2, 'T4')]);
  cluster.place(gpuPod(1, 6, 1, 600), 0, Int32Array.of(0));
  return cluster;
}

function typical(
  cpus: number,
  gpus: number,
  milliEach: number,
  share = 1,
  models: readonly string[] = [],
): TypicalPod {
  return { cpuMilli: cpus * 1000, gpus, milliEach, share, models };
}

const table: readonly (readonly [what: string, pods: readonly TypicalPod[], fragment: number])[] = [
  ['a pod without GPUs that fits leaves all idle GPUs unused', [typical(4, 0, 0)], 1400],
  ['a pod without GPUs that lacks CPU too', [typical(12, 0, 0)], 1400],
  ['a part that fits on both leaves nothing', [typical(4, 1, 300)], 0],
  ['a part exactly as great as what is left fits', [typical(4, 1, 400)], 0],
  ['a part that fits on one GPU only leaves the other', [typical(4, 1, 500)], 400],
  ['a whole one leaves the GPU in use', [typical(4, 1, 1000)], 400],
  ['two whole ones do not fit', [typical(4, 2, 1000)], 1400],
  ['lacking CPU it can use none', [typical(12, 1, 300)], 1400],
  ['exactly the free CPU is enough', [typical(10, 1, 300)], 0],
  ['of another model it can use none', [typical(4, 1, 300, 1, ['G2', 'P100'])], 1400],
  ['of several models one will do', [typical(4, 1, 300, 1, ['G2', 'T4'])], 0],
  ['shares weigh', [typical(4, 1, 500, 0.25), typical(4, 0, 0, 0.5), typical(4, 1, 100, 0.25)], 100 + 700],
];

for (const [what, pods, fragment] of table)
  test(`fragment: ${what}`, () => {
    assert.equal(new Fragmentation(halfUsed(), pods).now(0), fragment);
  });

test('a node with all GPUs in use has no fragment, nor one without GPUs', () => {
  const cluster = new ClusterState([gpuNode('full', 16, 1, 'T4'), gpuNode('none', 16, 0)]);
  cluster.place(gpuPod(1, 1, 1), 0, Int32Array.of(0));
  const fragmentation = new Fragmentation(cluster, [typical(1, 0, 0)]);
  assert.equal(fragmentation.now(0), 0);
  assert.equal(fragmentation.now(1), 0);
});

/** The definition, word by word. */
function byDefinition(cluster: ClusterState, node: number, pods: readonly TypicalPod[]): number {
  const from = cluster.gpuOffset[node]!;
  const free = Array.from(cluster.gpuFree.subarray(from, from + cluster.gpuCount[node]!));
  const idle = free.reduce((a, b) => a + b, 0);
  const model = cluster.nodes[node]!.gpus?.model;
  return pods.reduce((sum, pod) => {
    const fits =
      pod.milliEach > 0 &&
      (pod.models.length === 0 || (model !== undefined && pod.models.includes(model))) &&
      cluster.freeCpu[node]! >= pod.cpuMilli &&
      free.filter((each) => each >= pod.milliEach).length >= pod.gpus;
    const unused = free.filter((each) => each < pod.milliEach).reduce((a, b) => a + b, 0);
    return sum + pod.share * (fits ? unused : idle);
  }, 0);
}

test('F is what its definition says on random clusters, before and after a change, and within what is idle', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
      const random = new RandomStream(seed);
      const cluster = gpuCluster();
      const pods = Array.from({ length: 8 }, (_, id): TypicalPod => {
        const { cpuMilli, gpu } = randomGpuPod(random, id);
        return {
          cpuMilli,
          gpus: gpu?.count ?? 0,
          milliEach: gpu?.milliEach ?? 0,
          models: gpu?.models ?? [],
          share: 1 / 8,
        };
      });
      const fragmentation = new Fragmentation(cluster, pods);
      for (let id = 0; id < 30; id++) {
        placeAnywhere(cluster, randomGpuPod(random, id), random);
        const node = random.integer(cluster.size);
        const found = fragmentation.now(node);
        assert.ok(Math.abs(found - byDefinition(cluster, node, pods)) < 1e-6);
        assert.ok(found <= cluster.freeGpuMilli[node]! + 1e-6 && found >= 0);
      }
    }),
    { numRuns: 40 },
  );
});
