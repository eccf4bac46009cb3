import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import { NodeOrder } from '../../../../src/policy/kube/node-order.ts';

const ZONE = 'topology.kubernetes.io/zone';

function node(name: string, labels: Readonly<Record<string, string>> = {}): Node {
  return { name, labels, cpuMilli: 1000, memoryBytes: 1e9, pods: 10 };
}

function orderOf(...nodes: readonly Node[]): NodeOrder {
  const order = new NodeOrder();
  for (const each of nodes) order.add(each);
  return order;
}

test('takes one node of each zone in turn, zones as they were first seen', () => {
  const order = orderOf(
    node('a1', { [ZONE]: 'a' }),
    node('a2', { [ZONE]: 'a' }),
    node('none'),
    node('b1', { [ZONE]: 'b' }),
    node('a3', { [ZONE]: 'a' }),
    node('b2', { [ZONE]: 'b' }),
  );
  assert.deepEqual(order.names(), ['a1', 'none', 'b1', 'a2', 'b2', 'a3']);
});

test('zones of one name in two regions are two, and the old labels come first', () => {
  const region = 'topology.kubernetes.io/region';
  const order = orderOf(
    node('x1', { [ZONE]: '1', [region]: 'x' }),
    node('x2', { [ZONE]: '1', [region]: 'x' }),
    node('y1', { [ZONE]: '1', [region]: 'y' }),
    node('old', { [ZONE]: '1', [region]: 'x', 'failure-domain.beta.kubernetes.io/zone': '9' }),
  );
  assert.deepEqual(order.names(), ['x1', 'y1', 'old', 'x2']);
});

test('a zone that is empty is forgotten, and a node that changes its zone goes to the end', () => {
  const order = orderOf(
    node('a1', { [ZONE]: 'a' }),
    node('b1', { [ZONE]: 'b' }),
    node('b2', { [ZONE]: 'b' }),
  );
  order.update(node('b1', { [ZONE]: 'b', other: 'label' }));
  assert.deepEqual(order.names(), ['a1', 'b1', 'b2']);
  order.update(node('a1', { [ZONE]: 'b' }));
  order.add(node('a2', { [ZONE]: 'a' }));
  assert.deepEqual(order.names(), ['b1', 'a2', 'b2', 'a1']);
  order.remove('b1');
  order.remove('nobody');
  assert.deepEqual(order.names(), ['b2', 'a2', 'a1']);
});
