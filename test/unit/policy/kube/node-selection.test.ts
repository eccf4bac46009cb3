import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../../../src/cluster/pod.ts';
import { namedNodes, RequiredNodes } from '../../../../src/policy/kube/node-selection.ts';
import { PLAIN_SCHEDULING } from '../../../../src/policy/kube/pod-shape.ts';

const node: Node = {
  name: 'here',
  labels: { disk: 'ssd', cores: '16', odd: '12x', big: '9223372036854775807' },
  cpuMilli: 1,
  memoryBytes: 1,
  pods: 1,
};

function expression(
  key: string,
  operator: NodeSelectorRequirement['operator'],
  ...values: readonly string[]
): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator, values }], matchFields: [] };
}

function field(
  operator: NodeSelectorRequirement['operator'],
  ...values: readonly string[]
): NodeSelectorTerm {
  return { matchExpressions: [], matchFields: [{ key: 'metadata.name', operator, values }] };
}

function matches(...required: readonly NodeSelectorTerm[]): boolean {
  const nodeAffinity = { required, preferred: [] };
  return new RequiredNodes({ ...PLAIN_SCHEDULING, nodeAffinity }).matches(node);
}

test('matches each operator as Kubernetes does', () => {
  const table: readonly (readonly [NodeSelectorTerm, boolean])[] = [
    [expression('disk', 'In', 'hdd', 'ssd'), true],
    [expression('disk', 'In', 'hdd'), false],
    [expression('rack', 'In', 'a'), false],
    [expression('disk', 'NotIn', 'ssd'), false],
    [expression('rack', 'NotIn', 'a'), true],
    [expression('disk', 'Exists'), true],
    [expression('constructor', 'Exists'), false],
    [expression('rack', 'DoesNotExist'), true],
    [expression('cores', 'Gt', '15'), true],
    [expression('cores', 'Gt', '16'), false],
    [expression('cores', 'Lt', '+17'), true],
    [expression('cores', 'Lt', '-17'), false],
    [expression('odd', 'Gt', '1'), false],
    [expression('rack', 'Lt', '1'), false],
    [expression('big', 'Gt', '9223372036854775806'), true],
    [field('In', 'here'), true],
    [field('In', 'there'), false],
    [field('NotIn', 'there'), true],
  ];
  for (const [term, expected] of table) assert.equal(matches(term), expected, JSON.stringify(term));
});

test('a term that cannot be parsed, or is empty, matches nothing; another one still may', () => {
  const broken = [
    expression('cores', 'Gt', 'many'),
    expression('cores', 'Gt', '9223372036854775808'),
    expression('cores', 'Lt', '1', '2'),
    expression('disk', 'In'),
    expression('disk', 'Exists', 'ssd'),
    field('In', 'here', 'there'),
    { matchExpressions: [], matchFields: [] },
  ];
  for (const term of broken) {
    assert.equal(matches(term), false, JSON.stringify(term));
    assert.equal(matches(term, expression('disk', 'Exists')), true);
  }
});

test('required affinity without any term matches nothing; without required affinity all match', () => {
  assert.equal(matches(), false);
  assert.equal(new RequiredNodes(PLAIN_SCHEDULING).matches(node), true);
  assert.equal(new RequiredNodes(PLAIN_SCHEDULING).key, '');
});

test('the node selector must hold beside the terms', () => {
  const scheduling = { ...PLAIN_SCHEDULING, nodeSelector: { disk: 'ssd', cores: '16' } };
  assert.equal(new RequiredNodes(scheduling).matches(node), true);
  assert.equal(new RequiredNodes({ ...scheduling, nodeSelector: { disk: 'hdd' } }).matches(node), false);
});

test('knows the nodes that are named, where every term names some', () => {
  assert.deepEqual(namedNodes([field('In', 'a'), field('In', 'b')]), new Set(['a', 'b']));
  assert.equal(namedNodes([field('In', 'a'), expression('disk', 'Exists')]), undefined);
  assert.equal(namedNodes([field('NotIn', 'a')]), undefined);
  const two: NodeSelectorTerm = {
    matchExpressions: [],
    matchFields: [...field('In', 'a').matchFields, ...field('In', 'b').matchFields],
  };
  assert.deepEqual(namedNodes([two]), new Set());
});
