import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseOpenbNodes,
  parseOpenbPods,
  readOpenbNodes,
  readOpenbPods,
} from '../../../../src/simulation/inputs/openb.ts';
import { sharedData } from '../../../support/shared-data.ts';

const nodes = `sn,cpu_milli,memory_mib,gpu,model
n-0,96000,393216,8,G2
n-1,32000,131072,0,
n-2,64000,262144,2,XPU
`;
const pods = `name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time
p-0,4000,1024,1,500,,LS,10,70
p-1,4000,1024,1,500,,BE,20,
p-2,8000,2048,2,1000,G2|V100M16,LS,30,40
p-3,1000,512,0,0,,BE,30,31
`;

test('nodes have CPU, memory, GPUs, PWR sockets and the power of GPUs that are known', () => {
  const [first, plain, odd] = parseOpenbNodes(nodes, 'nodes.csv');
  assert.equal(first!.cpuMilli, 96_000);
  assert.equal(first!.memoryBytes, 393_216 * 2 ** 20);
  assert.deepEqual(first!.gpus, {
    count: 8,
    model: 'G2',
    power: { idleWatts: 30, fullWatts: 150, law: 'full-when-used' },
  });
  assert.deepEqual([first!.power!.idleWatts, first!.power!.fullWatts], [45, 360]);
  assert.equal(plain!.gpus, undefined);
  assert.equal(odd!.gpus!.power, undefined, 'a missing power stays missing');
});

test('pods have requests, models and times; equal requests are one shape', () => {
  const list = parseOpenbPods(pods, 'pods.csv');
  assert.deepEqual(
    list.pods.map(({ id, shape, gpu }) => [id, shape, gpu?.count, gpu?.milliEach, gpu?.models.join()]),
    [
      [0, 0, 1, 500, ''],
      [1, 0, 1, 500, ''],
      [2, 1, 2, 1000, 'G2,V100M16'],
      [3, 2, undefined, undefined, undefined],
    ],
  );
  assert.equal(list.pods[0]!.memoryBytes, 2 ** 30);
  assert.deepEqual([...list.creationSeconds], [10, 20, 30, 30]);
  assert.deepEqual([...list.deletionSeconds], [70, Number.NaN, 40, 31]);
});

test('lists without models and times have none', () => {
  const list = parseOpenbPods('name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1000,1,1,1000\n', 'pods.csv');
  assert.deepEqual(list.pods[0]!.gpu!.models, []);
  assert.ok(Number.isNaN(list.creationSeconds[0]));
});

const bad: readonly (readonly [what: string, parse: () => unknown, code: string, found: string])[] = [
  [
    'a missing column',
    () => parseOpenbPods('name,cpu_milli,memory_mib,num_gpu\np,1,1,1\n', 'pods.csv'),
    'KISIM_E_INPUT_COLUMN',
    'pods.csv:1: no column gpu_milli',
  ],
  [
    'a number that is none',
    () => parseOpenbPods(pods.replace('8000', 'many'), 'pods.csv'),
    'KISIM_E_INPUT_VALUE',
    "pods.csv:4: cpu_milli is 'many'",
  ],
  [
    'a number that is not there',
    () => parseOpenbPods(pods.replace('8000', ''), 'pods.csv'),
    'KISIM_E_INPUT_VALUE',
    "pods.csv:4: cpu_milli is ''",
  ],
  [
    'a negative number',
    () => parseOpenbNodes(nodes.replace('32000', '-32000'), 'nodes.csv'),
    'KISIM_E_INPUT_VALUE',
    "nodes.csv:3: cpu_milli is '-32000'",
  ],
  [
    'a short line',
    () => parseOpenbNodes(nodes.replace(',8,G2', ',8'), 'nodes.csv'),
    'KISIM_E_INPUT_VALUE',
    'nodes.csv:2: 4 fields, the first line names 5',
  ],
  [
    'a part of several GPUs',
    () => parseOpenbPods(pods.replace('2,1000,G2', '2,500,G2'), 'pods.csv'),
    'KISIM_E_INPUT_VALUE',
    'pods.csv:4: 2 GPUs of 500 thousandths each',
  ],
  [
    'more than a whole GPU',
    () => parseOpenbPods(pods.replace('1,500', '1,1500'), 'pods.csv'),
    'KISIM_E_INPUT_VALUE',
    "pods.csv:2: gpu_milli is '1500'",
  ],
  [
    'an end before the beginning',
    () => parseOpenbPods(pods.replace('30,40', '30,4'), 'pods.csv'),
    'KISIM_E_INPUT_VALUE',
    'pods.csv:4: deletion_time 4 is before creation_time 30',
  ],
  [
    'a node named twice',
    () => parseOpenbNodes(nodes.replace('n-1', 'n-0'), 'nodes.csv'),
    'KISIM_E_INPUT_VALUE',
    'nodes.csv:3: a second node n-0',
  ],
  [
    'GPUs of no model',
    () => parseOpenbNodes(nodes.replace('XPU', ''), 'nodes.csv'),
    'KISIM_E_INPUT_VALUE',
    'nodes.csv:4: 2 GPUs without a model',
  ],
  [
    'a file that is not there',
    () => readOpenbNodes('/nowhere/nodes.csv'),
    'KISIM_E_INPUT_UNREADABLE',
    '/nowhere/nodes.csv (ENOENT)',
  ],
];
for (const [what, parse, code, found] of bad)
  test(`${what} is refused with file and line`, () => {
    assert.throws(parse, { code, found });
  });

test('the trace itself: 1213 nodes with 6212 GPUs, 8152 pods of 151 shapes', {
  skip: sharedData.skip,
}, () => {
  const list = readOpenbNodes(sharedData.path('openb', 'openb_node_list_gpu_node.csv'));
  assert.equal(list.length, 1213);
  assert.equal(
    list.reduce((sum, { gpus }) => sum + gpus!.count, 0),
    6212,
  );
  const { pods: read } = readOpenbPods(sharedData.path('openb', 'openb_pod_list_default.csv'));
  assert.equal(read.length, 8152);
  assert.equal(new Set(read.map(({ shape }) => shape)).size, 151);
  assert.equal(readOpenbPods(sharedData.path('openb', 'openb_pod_list_multigpu20.csv')).pods.length, 8324);
});
