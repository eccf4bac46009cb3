import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_ASLEEP, NODE_CLOSED, NODE_ON, NODE_WAKING } from '../../../src/cluster/cluster-state.ts';
import type { Node } from '../../../src/cluster/node.ts';
import { LiveCluster, type Slumber } from '../../../src/controller/live-cluster.ts';
import { podOf, server } from '../../support/random-cluster.ts';

const asleepTaints: Node['taints'] = [
  { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unreachable', value: '', effect: 'NoExecute' },
];

function bookOf(...nodes: readonly Node[]): LiveCluster {
  const book = new LiveCluster();
  book.setNodes(nodes);
  return book;
}

const asleep = (name: string): ReadonlyMap<string, Slumber> => new Map([[name, { state: 'asleep' }]]);

test('a node that sleeps is cordoned and silent, and can be had all the same', () => {
  const dedicated = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' } as const;
  const book = bookOf(server('node-0', 0), {
    ...server('node-1', 1),
    unschedulable: true,
    taints: [...asleepTaints!, dedicated],
  });
  assert.equal(book.cluster?.power[1], NODE_CLOSED);
  book.setSlumber(asleep('node-1'));
  assert.deepEqual([...book.cluster!.power], [NODE_ON, NODE_ASLEEP]);
  assert.deepEqual(book.cluster?.nodes[1]?.taints, [dedicated]);
  assert.equal(book.cluster?.nodes[1]?.unschedulable, undefined);
});

test('a node that wakes is up from a time on, and one that cannot be had takes nothing', () => {
  const book = bookOf(server('node-0', 0), server('node-1', 1), server('node-2', 1));
  book.setSlumber(
    new Map<string, Slumber>([
      ['node-1', { state: 'waking', awakeAt: 120 }],
      ['node-2', { state: 'closed' }],
    ]),
  );
  assert.deepEqual([...book.cluster!.power], [NODE_ON, NODE_WAKING, NODE_CLOSED]);
  assert.equal(book.cluster?.awakeAt[1], 120);
});

test('what sleeps goes on sleeping through changes of nodes, with what was decided for it', () => {
  const book = bookOf(server('node-0', 0), server('node-1', 1));
  book.setSlumber(asleep('node-1'));
  book.assume('uid-7', podOf(7), 1, undefined);
  book.setNodes([server('node-1', 1), server('node-2', 2)]);
  assert.deepEqual([...book.cluster!.power], [NODE_ASLEEP, NODE_ON]);
  assert.equal(book.cluster?.nodeOf(7), 0);
  book.setSlumber(new Map());
  assert.deepEqual([...book.cluster!.power], [NODE_ON, NODE_ON]);
});

test('pods that were decided for a node are counted until they are seen or forgotten', () => {
  const book = bookOf(server('node-0', 0), server('node-1', 1));
  book.assume('uid-1', podOf(1), 1, undefined);
  book.assume('uid-2', podOf(2), 1, undefined);
  book.assume('uid-3', podOf(3), 1, undefined);
  assert.deepEqual([book.assumedOn('node-0'), book.assumedOn('node-1')], [0, 3]);
  const { pod } = { pod: podOf(1) };
  book.bound('uid-1', pod, 'node-0');
  book.forget('uid-2');
  book.assume('uid-3', podOf(3), 0, undefined);
  assert.deepEqual([book.assumedOn('node-0'), book.assumedOn('node-1')], [1, 0]);
  book.gone('uid-3');
  assert.equal(book.assumedOn('node-0'), 0);
});

test('a pod that is seen where it was decided is not awaited there any more', () => {
  const book = bookOf(server('node-0', 0));
  const pod = podOf(1);
  book.assume('uid-1', pod, 0, undefined);
  book.bound('uid-1', pod, 'node-0');
  assert.equal(book.assumedOn('node-0'), 0);
});
