import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topologyLabels } from '../../../../src/cluster/topology.ts';
import { readManifests } from '../../../../src/simulation/inputs/manifests.ts';
import {
  labelledManifests,
  labelledNodes,
  openbNodesIn,
} from '../../../../src/simulation/inputs/topology-manifests.ts';
import { sharedData } from '../../../support/shared-data.ts';

const node = (name: string, labels = '') =>
  `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name} # here\n${labels}status: {capacity: {cpu: 4, memory: 1Gi, pods: 10}}\n`;

test('racks fill in the order of the list; what else is there stays', () => {
  const text = [node('a'), 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\n', node('b'), node('c')].join(
    '---\n',
  );
  const { yaml, nodes } = labelledManifests([{ file: 'n.yaml', text }], 2);
  assert.equal(nodes, 3);
  assert.match(yaml, /name: a # here/);
  assert.match(yaml, /kind: Service/);
  const read = readManifests([{ file: 'out.yaml', text: yaml }]).nodes;
  assert.deepEqual(
    read.map(({ labels }) => [labels['topology.kisimd.io/rack'], labels['topology.kisimd.io/server']]),
    [
      ['rack-0', 'srv-0'],
      ['rack-0', 'srv-1'],
      ['rack-1', 'srv-0'],
    ],
  );
});

test('a label that is there already stays', () => {
  const text = node('a', '  labels: {topology.kisimd.io/rack: mine}\n');
  assert.match(labelledManifests([{ file: 'n.yaml', text }], 4).yaml, /rack: mine/);
});

test('lists are labelled too, over several files', () => {
  const list =
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: x}, status: {capacity: {cpu: 1, memory: 1Gi, pods: 1}}}\n';
  const texts = [
    { file: '1.yaml', text: node('a') },
    { file: '2.yaml', text: list },
  ];
  const { yaml } = labelledManifests(texts, 1);
  const read = readManifests([{ file: 'out.yaml', text: yaml }]).nodes;
  assert.equal(read[1]!.labels['topology.kisimd.io/rack'], 'rack-1');
});

test('no Node and bad YAML are coded errors', () => {
  assert.throws(() => labelledManifests([{ file: 'p.yaml', text: 'kind: Pod\n' }], 4), {
    code: 'KISIM_E_MANIFEST_MISSING',
  });
  assert.throws(() => labelledManifests([{ file: 'p.yaml', text: 'a: 1\nb: [\n' }], 4), {
    code: 'KISIM_E_MANIFEST_SYNTAX',
    message: /p\.yaml:\d/,
  });
});

test('labels by place', () => {
  assert.deepEqual(topologyLabels(5, 4), {
    'topology.kisimd.io/rack': 'rack-1',
    'topology.kisimd.io/server': 'srv-1',
  });
});

test('the openb nodes come out as manifests that read back the same', { skip: sharedData.skip }, () => {
  const nodes = openbNodesIn(sharedData.path('openb')).slice(0, 50);
  const { yaml } = labelledNodes(nodes, 4);
  const read = readManifests([{ file: 'out.yaml', text: yaml }]).nodes;
  for (const [i, node] of nodes.entries()) {
    assert.equal(read[i]!.cpuMilli, node.cpuMilli);
    assert.equal(read[i]!.memoryBytes, node.memoryBytes);
    assert.deepEqual(read[i]!.gpus, node.gpus);
  }
  assert.equal(read[49]!.labels['topology.kisimd.io/rack'], 'rack-12');
  assert.throws(() => openbNodesIn(sharedData.path('traces')), { code: 'KISIM_E_INPUT_UNREADABLE' });
});
