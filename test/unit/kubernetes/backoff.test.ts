import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../../src/kubernetes/backoff.ts';

const options = { firstMilliseconds: 100, mostMilliseconds: 1000 };

test('waits double up to the longest one, and begin anew after a success', () => {
  const backoff = new Backoff(options, { next: () => 1 });
  assert.deepEqual(
    Array.from({ length: 6 }, () => backoff.failed()),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.equal(backoff.failures, 6);
  backoff.succeeded();
  assert.equal(backoff.failed(), 100);
});

test('chance takes away half of a wait at most', () => {
  const backoff = new Backoff(options, { next: () => 0 });
  assert.deepEqual([backoff.failed(), backoff.failed()], [50, 100]);
});

test('after very many failures the wait is still the longest one', () => {
  const backoff = new Backoff(options, { next: () => 1 });
  for (let i = 0; i < 100; i++) backoff.failed();
  assert.equal(backoff.failed(), 1000);
});
