import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameQueue } from '../../../src/inventory/name-queue.ts';

test('a name that is there at once costs one attempt', () => {
  const queue = new NameQueue();
  let attempts = 0;
  queue.add(() => ++attempts > 0);
  queue.run(0);
  queue.run(1e12);
  assert.equal(attempts, 1);
  assert.equal(queue.length, 0);
});

test('a missing name is tried at growing distances and then given up', () => {
  const queue = new NameQueue();
  const at: number[] = [];
  let second = 0;
  queue.add(() => {
    at.push(second);
    return false;
  });
  for (; second < 200; second++) queue.run(second * 1e9);
  assert.deepEqual(at, [0, 1, 3, 7, 15, 31, 63]);
  assert.equal(queue.length, 0);
});

test('a full host is named over several ticks', () => {
  const queue = new NameQueue();
  let named = 0;
  for (let index = 0; index < 150; index++) queue.add(() => ++named > 0);
  queue.run(0);
  assert.equal(named, 64);
  queue.run(1);
  queue.run(2);
  assert.equal(named, 150);
});
