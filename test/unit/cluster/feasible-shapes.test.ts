import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NODE_CLOSED, NODE_ON } from '../../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../../src/cluster/feasible.ts';
import { FeasibleShapes } from '../../../src/cluster/feasible-shapes.ts';
import type { Pod } from '../../../src/cluster/pod.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { gpuCluster, placeAnywhere, randomGpuPod } from '../../support/gpu-cluster.ts';

test('remembered candidates are those that would be found now, whatever happened since', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
      const random = new RandomStream(seed);
      const cluster = gpuCluster();
      const feasible = new FeasibleShapes(cluster);
      const found = new Int32Array(cluster.size);
      const alive: Pod[] = [];
      for (let id = 0; id < 120; id++) {
        if (alive.length > 0 && random.next() < 0.4) {
          const [gone] = alive.splice(random.integer(alive.length), 1);
          cluster.remove(gone!);
        }
        if (random.next() < 0.1) {
          const node = random.integer(cluster.size);
          cluster.power[node] = cluster.power[node] === NODE_ON ? NODE_CLOSED : NODE_ON;
          cluster.touch(node);
        }
        // More changes than the ring remembers.
        if (random.next() < 0.02) for (let i = 0; i < 5000; i++) cluster.touch(0);
        const shaped = randomGpuPod(random, id);
        const pod = random.next() < 0.1 ? { ...shaped, shape: -1 } : shaped;
        const { nodes, count } = feasible.of(pod);
        assert.equal(count, feasibleNodes(cluster, pod, found));
        assert.deepEqual(nodes.subarray(0, count), found.subarray(0, count));
        if (placeAnywhere(cluster, pod, random) !== undefined) alive.push(pod);
      }
    }),
    { numRuns: 30 },
  );
});

test('more shapes than are kept are found all the same', () => {
  const cluster = gpuCluster();
  const feasible = new FeasibleShapes(cluster);
  const random = new RandomStream(1);
  const pod = randomGpuPod(random, 0);
  const expected = feasibleNodes(cluster, pod, new Int32Array(cluster.size));
  for (let shape = 0; shape < 1100; shape++)
    assert.equal(feasible.of({ ...pod, shape: shape % 550 }).count, expected);
});
