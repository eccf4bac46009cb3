import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TargetShares } from '../../../../src/load/http/target-shares.ts';

test('draws fall to targets by their weights, and by others from when they are set', () => {
  const shares = new TargetShares([1, 3]);
  const counts = () => {
    const found = [0, 0];
    for (let i = 0; i < 100; i++) found[shares.pick(i / 100)]!++;
    return found;
  };
  assert.deepEqual(counts(), [25, 75]);
  shares.set([1, 1]);
  assert.deepEqual(counts(), [50, 50]);
  shares.set([0, 2]);
  assert.deepEqual(counts(), [0, 100]);
});

test('weights that divide nothing are refused, and those before stay', () => {
  const shares = new TargetShares([1, 1]);
  for (const wrong of [[1], [1, -1], [0, 0], [1, Number.NaN], [1, Number.POSITIVE_INFINITY]])
    assert.throws(() => shares.set(wrong), RangeError);
  assert.equal(shares.pick(0.6), 1);
});
