import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../src/cluster/pod.ts';
import { policyByName } from '../../../src/policy/registry.ts';
import { readManifests } from '../../../src/simulation/inputs/manifests.ts';
import { placeAll } from '../../../src/simulation/place-all.ts';
import { simNode, workItems } from '../../support/simulation-input.ts';

const pods = (...asked: readonly Partial<Pod>[]) =>
  workItems(...asked.map((pod) => ({ pod }))).map(({ pod }) => pod);
const least = policyByName('least-allocated', { ties: 'first' });

test('what fits nowhere is told with what each node lacks first', () => {
  const nodes = [simNode('a'), simNode('b', { memoryBytes: 2 ** 30 }), simNode('c', { unschedulable: true })];
  const list = pods(
    { cpuMilli: 8000, memoryBytes: 2 ** 20 },
    { cpuMilli: 6000, memoryBytes: 2 ** 31 },
    { cpuMilli: 1000, gpu: { count: 1, milliEach: 1000, models: [] } },
  );
  const { nodeOf, unplaced, placed, watts } = placeAll({
    nodes,
    pods: list,
    policy: least,
    typical: [],
    seed: 1,
  });
  assert.deepEqual([...nodeOf], [0, -1, -1]);
  assert.equal(placed, 1);
  assert.deepEqual(
    unplaced.map(({ pod, reasons }) => [pod.id, Object.fromEntries(reasons)]),
    [
      [1, { cpu: 1, memory: 1, closed: 1 }],
      [2, { cpu: 1, gpu: 1, closed: 1 }],
    ],
  );
  assert.deepEqual(watts, { empty: 30, now: 70 });
});

test('constraints hold for every policy, and bound pods are there first', () => {
  const text = `
apiVersion: v1
kind: Node
metadata: {name: a, labels: {kubernetes.io/hostname: a}}
spec: {taints: [{key: k, value: v, effect: NoSchedule}]}
status: {capacity: {cpu: 4, memory: 4Gi, pods: 10}}
---
apiVersion: v1
kind: Node
metadata: {name: b, labels: {kubernetes.io/hostname: b}}
status: {capacity: {cpu: 4, memory: 4Gi, pods: 10}}
---
apiVersion: v1
kind: Pod
metadata: {name: first}
spec: {containers: [{name: m, image: x, resources: {requests: {cpu: 3}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bound}
spec: {nodeName: b, containers: [{name: m, image: x, resources: {requests: {cpu: 2}}}]}
`;
  const { nodes, pods: list } = readManifests([{ file: 't.yaml', text }]);
  const input = { nodes, pods: list, typical: [], seed: 1 };
  for (const name of ['least-allocated', 'best-fit', 'round-robin', 'kube-scheduler']) {
    const { nodeOf, unplaced, watts } = placeAll({ ...input, policy: policyByName(name) });
    assert.deepEqual([...nodeOf], [-1, 1]);
    assert.deepEqual(Object.fromEntries(unplaced[0]!.reasons), { constraints: 1, cpu: 1 });
    assert.equal(watts, undefined);
  }
  const elsewhere = list.map((pod) => ({ ...pod, scheduling: { ...pod.scheduling!, nodeName: 'nowhere' } }));
  assert.throws(() => placeAll({ ...input, pods: elsewhere, policy: least }), {
    code: 'KISIM_E_SIM_NODE_NAME',
  });
});
