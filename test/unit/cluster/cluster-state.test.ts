import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClusterState, NODE_CLOSED } from '../../../src/cluster/cluster-state.ts';
import { couldEverFit, feasibleNodes, fits } from '../../../src/cluster/feasible.ts';
import type { Node } from '../../../src/cluster/node.ts';
import type { Pod } from '../../../src/cluster/pod.ts';

const GIB = 2 ** 30;

function node(name: string, more: Partial<Node> = {}): Node {
  return { name, labels: {}, cpuMilli: 8000, memoryBytes: 16 * GIB, pods: 110, ...more };
}

function pod(id: number, more: Partial<Pod> = {}): Pod {
  return {
    id,
    name: `pod-${id}`,
    namespace: 'default',
    cpuMilli: 1000,
    memoryBytes: GIB,
    predictedCpuMilli: 700,
    predictedSeconds: 60,
    slackSeconds: 0,
    shape: -1,
    ...more,
  };
}

const gpuNode = node('g', { gpus: { count: 2, model: 'T4', power: undefined } });

test('what is placed is booked, and what is removed is free again', () => {
  const cluster = new ClusterState([node('a'), node('b')]);
  cluster.now = 10;
  cluster.place(pod(0), 1);
  assert.equal(cluster.freeCpu[1], 7000);
  assert.equal(cluster.freeMemory[1], 15 * GIB);
  assert.equal(cluster.predictedUse[1], 700);
  assert.equal(cluster.nodeOf(0), 1);
  assert.equal(cluster.residents[1]!.predictedEnds[0], 70);
  assert.equal(cluster.emptySince[1], Number.POSITIVE_INFINITY);
  cluster.now = 30;
  assert.equal(cluster.remove(pod(0)), 1);
  assert.equal(cluster.freeCpu[1], 8000);
  assert.equal(cluster.emptySince[1], 30);
  assert.equal(cluster.nodeOf(0), undefined);
});

test('residents are sorted by their predicted end, whatever the order of their coming and going', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }), (seconds) => {
      const cluster = new ClusterState([node('a', { cpuMilli: 1e6, memoryBytes: 1e15 })]);
      const pods = seconds.map((predictedSeconds, id) => pod(id, { predictedSeconds }));
      for (const each of pods) cluster.place(each, 0);
      for (const each of pods.filter((_, i) => i % 3 === 0)) cluster.remove(each);
      const { count, predictedEnds, podIds } = cluster.residents[0]!;
      const ends = [...predictedEnds.subarray(0, count)];
      assert.deepEqual(
        ends,
        [...ends].sort((a, b) => a - b),
      );
      const left = pods.filter((_, i) => i % 3 !== 0).map(({ id }) => id);
      assert.deepEqual(
        [...podIds.subarray(0, count)].sort((a, b) => a - b),
        left,
      );
    }),
  );
});

test('no sequence of placements and removals books more than a node has, and all of it comes back', () => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 30 }), to: fc.integer({ min: 0, max: 2 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const cluster = new ClusterState([node('a'), node('b', { cpuMilli: 2500 }), gpuNode]);
      const gpuPod = (id: number) => (id % 4 === 0 ? { gpu: { count: 1, milliEach: 400, models: [] } } : {});
      const placed = new Map<number, Pod>();
      for (const { id, to } of steps) {
        const each = placed.get(id) ?? pod(id, { cpuMilli: 300 + 100 * (id % 5), ...gpuPod(id) });
        if (placed.has(id)) {
          cluster.remove(each);
          placed.delete(id);
        } else if (fits(cluster, each, to)) {
          const gpu = each.gpu ? [0, 1].find((g) => cluster.gpuFree[cluster.gpuOffset[to]! + g]! >= 400)! : 0;
          cluster.place(each, to, each.gpu ? Int32Array.of(gpu) : undefined);
          placed.set(id, each);
        }
        for (let n = 0; n < 3; n++) assert.ok(cluster.freeCpu[n]! >= 0 && cluster.freeMemory[n]! >= 0);
        assert.ok(cluster.gpuFree.every((milli) => milli >= 0 && milli <= 1000));
      }
      for (const each of placed.values()) cluster.remove(each);
      assert.deepEqual([...cluster.freeCpu], [8000, 2500, 8000]);
      assert.deepEqual([...cluster.gpuFree], [1000, 1000]);
      assert.deepEqual([...cluster.freeGpuMilli], [0, 0, 2000]);
      assert.deepEqual([...cluster.predictedUse], [0, 0, 0]);
      assert.equal(cluster.podCount, 0);
    }),
  );
});

test('a placement that does not fit is refused by a coded error and changes nothing', () => {
  const cluster = new ClusterState([node('a', { cpuMilli: 500 }), gpuNode]);
  const code = { code: 'KISIM_E_CLUSTER_OVERFULL' };
  assert.throws(() => cluster.place(pod(0), 0), code);
  const asks = pod(1, { gpu: { count: 2, milliEach: 1000, models: [] } });
  assert.throws(() => cluster.place(asks, 1), code);
  assert.throws(() => cluster.place(asks, 1, Int32Array.of(0, 0)), code);
  cluster.place(asks, 1, Int32Array.of(0, 1));
  assert.throws(() => cluster.place(asks, 1, Int32Array.of(0, 1)), code);
  assert.throws(
    () => cluster.place(pod(2, { gpu: { count: 1, milliEach: 1, models: [] } }), 1, Int32Array.of(1)),
    code,
  );
  assert.equal(cluster.freeCpu[0], 500);
  assert.equal(cluster.podCount, 1);
});

test('candidates are the nodes with room, of the right GPU model, with every other resource, and not closed', () => {
  const cluster = new ClusterState([
    node('small', { cpuMilli: 500 }),
    node('full', { pods: 1 }),
    gpuNode,
    node('disk', { extended: { 'ephemeral-storage': 100 } }),
    node('cordoned', { unschedulable: true }),
  ]);
  cluster.place(pod(9), 1);
  const out = new Int32Array(5);
  const found = (more: Partial<Pod>) => [...out.subarray(0, feasibleNodes(cluster, pod(0, more), out))];
  assert.equal(cluster.power[4], NODE_CLOSED);
  assert.deepEqual(found({}), [2, 3]);
  assert.deepEqual(found({ gpu: { count: 1, milliEach: 500, models: ['T4', 'A10'] } }), [2]);
  assert.deepEqual(found({ gpu: { count: 1, milliEach: 500, models: ['A10'] } }), []);
  assert.deepEqual(found({ gpu: { count: 3, milliEach: 1000, models: [] } }), []);
  assert.deepEqual(found({ extended: { 'ephemeral-storage': 100 } }), [3]);
  assert.deepEqual(found({ extended: { 'example.com/fpga': 1 } }), []);
  assert.equal(couldEverFit(cluster, pod(0), 1), true);
  assert.equal(couldEverFit(cluster, pod(0), 0), false);
  assert.equal(couldEverFit(cluster, pod(0, { gpu: { count: 3, milliEach: 1000, models: [] } }), 2), false);
});

test('a clone goes its own way', () => {
  const cluster = new ClusterState([node('a'), gpuNode]);
  const asks = pod(0, { gpu: { count: 1, milliEach: 500, models: [] } });
  cluster.place(asks, 1, Int32Array.of(1));
  const copy = cluster.clone();
  copy.remove(asks);
  copy.place(pod(1), 0);
  assert.equal(cluster.nodeOf(0), 1);
  assert.equal(cluster.nodeOf(1), undefined);
  assert.equal(cluster.gpuFree[1], 500);
  assert.equal(copy.gpuFree[1], 1000);
  assert.equal(cluster.residents[0]!.count, 0);
});

test('the change log names the nodes that changed', () => {
  const cluster = new ClusterState([node('a'), node('b')]);
  cluster.place(pod(0), 1);
  cluster.remove(pod(0));
  cluster.touch(0);
  assert.deepEqual([...cluster.changeRing.subarray(0, cluster.changes)], [1, 1, 0]);
  assert.deepEqual([...cluster.version], [1, 2]);
});

test('a list without nodes, with a name twice or with an empty node is refused by a coded error', () => {
  const code = { code: 'KISIM_E_CLUSTER_INVALID' };
  assert.throws(() => new ClusterState([]), code);
  assert.throws(() => new ClusterState([node('a'), node('a')]), code);
  assert.throws(() => new ClusterState([node('a', { memoryBytes: 0 })]), code);
});
