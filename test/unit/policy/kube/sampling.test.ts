import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enoughFeasibleNodes } from '../../../../src/policy/kube/sampling.ts';

test('all nodes of a small cluster, then a share that falls with its size', () => {
  const table = [
    [1, 1],
    [99, 99],
    [100, 100],
    [120, 100],
    [250, 120],
    [1000, 420],
    [5000, 500],
    [6000, 300],
    [15_000, 750],
  ] as const;
  for (const [nodes, enough] of table) assert.equal(enoughFeasibleNodes(nodes, 0), enough, `${nodes} nodes`);
});

test('a configured percentage never means fewer than a hundred', () => {
  assert.equal(enoughFeasibleNodes(1000, 100), 1000);
  assert.equal(enoughFeasibleNodes(1000, 40), 400);
  assert.equal(enoughFeasibleNodes(1000, 1), 100);
});
