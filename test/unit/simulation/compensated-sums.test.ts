import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompensatedSums } from '../../../src/simulation/compensated-sums.ts';

test('small terms beside great ones are not lost, whichever comes first', () => {
  const sums = new CompensatedSums(2);
  for (const term of [1, 1e100, 1, -1e100]) sums.add(1, term);
  assert.equal(sums.value(1), 2);
  sums.add(0, 3);
  assert.equal(sums.total(), 5);
});

test('a million tenths are a hundred thousand', () => {
  const sums = new CompensatedSums(1);
  for (let i = 0; i < 1e6; i++) sums.add(0, 0.1);
  assert.equal(sums.value(0), 100000);
});
