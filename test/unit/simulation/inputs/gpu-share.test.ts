import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifests } from '../../../../src/simulation/inputs/manifests.ts';

function read(text: string) {
  return readManifests([{ file: 'gpu.yaml', text }]);
}

const node = (amounts: string, labels = '{alibabacloud.com/gpu-card-model: V100M16}') =>
  `apiVersion: v1\nkind: Node\nmetadata: {name: a, labels: ${labels}}\nstatus:\n  allocatable: {cpu: 64, memory: 1Gi, pods: '110'${amounts}}\n`;
const pod = (annotations: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations: {${annotations}}\nspec: {containers: [{name: m, image: x}]}\n`;

test('shared GPUs of a node and of a pod', () => {
  const { nodes, pods } = read(
    `${node(", alibabacloud.com/gpu-count: '2', alibabacloud.com/gpu-milli: '2000'")}---\n` +
      pod(
        "alibabacloud.com/gpu-milli: '500', alibabacloud.com/gpu-count: '1', alibabacloud.com/gpu-card-model: 'T4|P100'",
      ),
  );
  assert.equal(nodes[0]!.gpus!.count, 2);
  assert.equal(nodes[0]!.gpus!.model, 'V100M16');
  assert.equal(nodes[0]!.gpus!.power!.idleWatts, 30);
  assert.equal(nodes[0]!.extended, undefined);
  assert.deepEqual(pods[0]!.gpu, { count: 1, milliEach: 500, models: ['T4', 'P100'] });
});

test('nodes and pods without shared GPUs stay as they are', () => {
  const { nodes, pods } = read(`${node(", nvidia.com/gpu: '2'")}---\n${pod("a: 'b'")}`);
  assert.equal(nodes[0]!.gpus, undefined);
  assert.deepEqual(nodes[0]!.extended, { 'nvidia.com/gpu': 2 });
  assert.equal(pods[0]!.gpu, undefined);
});

const bad: readonly (readonly [string, string, RegExp])[] = [
  [
    'milli that do not match',
    node(", alibabacloud.com/gpu-count: '2', alibabacloud.com/gpu-milli: '1500'"),
    /gpu\.yaml:\d+: status: 2 GPUs of 1500/,
  ],
  ['more than a GPU', pod("alibabacloud.com/gpu-milli: '1500'"), /gpu\.yaml:5: .*1500 thousandths/],
  [
    'parts of several',
    pod("alibabacloud.com/gpu-milli: '500', alibabacloud.com/gpu-count: '2'"),
    /gpu\.yaml:5/,
  ],
  ['no number', pod("alibabacloud.com/gpu-milli: 'half'"), /gpu\.yaml:5: .*'half'/],
];
for (const [what, text, message] of bad)
  test(`${what} is a coded error with file and line`, () => {
    assert.throws(() => read(text), { code: 'KISIM_E_MANIFEST_INVALID', message });
  });
