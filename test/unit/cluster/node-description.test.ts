import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../src/cluster/node.ts';
import {
  DescribedNodes,
  type NodeDescription,
  nodeDescription,
} from '../../../src/cluster/node-description.ts';
import { LinearCurve } from '../../../src/power-model/linear-curve.ts';
import { TableCurve } from '../../../src/power-model/table-curve.ts';

const node: Node = {
  name: 'a',
  labels: { zone: 'z' },
  cpuMilli: 4000,
  memoryBytes: 2 ** 33,
  pods: 110,
  extended: { 'example.com/fpga': 2 },
  gpus: { count: 2, model: 'T4', power: { idleWatts: 10, fullWatts: 70, law: 'proportional' } },
  taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }],
  unschedulable: true,
  power: new TableCurve([10, 20, 40], 'published'),
  sleep: { sleepWatts: 3, emptySeconds: 60, wakeSeconds: 30, wakeWatts: 50 },
  smt: { threadsPerCore: 2, secondThreadYield: 0.3 },
  speed: 1.5,
};

const through = (each: Node, nodes = new DescribedNodes()): Node =>
  nodes.node(each, JSON.parse(JSON.stringify(nodeDescription(each))) as NodeDescription);

test('a node comes back from its description in JSON as it was, without its images', () => {
  assert.deepEqual(through({ ...node, images: [{ names: ['x'], sizeBytes: 1 }] }), node);
  const bare: Node = { name: 'b', labels: {}, cpuMilli: 1, memoryBytes: 1, pods: 1 };
  assert.deepEqual(through(bare), bare);
});

test('a curve that is no table is kept by its watts at equal steps', () => {
  const power = new LinearCurve(50, 150, 'estimated');
  const back = through({ ...node, power }).power!;
  assert.equal(back.provenance, 'estimated');
  for (const use of [0, 0.05, 0.33, 1]) assert.ok(Math.abs(back.watts(use) - power.watts(use)) < 1e-6);
});

test('nodes with equal curves share one', () => {
  const nodes = new DescribedNodes();
  assert.equal(through(node, nodes).power, through({ ...node, name: 'b' }, nodes).power);
});
