import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EvictionBudget } from '../../../../src/controller/replacement/eviction-budget.ts';

const HOUR = 3_600_000;

test('it begins empty, and fills up to one hour of evictions', () => {
  const budget = new EvictionBudget(10, 0);
  assert.equal(budget.left(0), 0);
  assert.equal(budget.left(HOUR / 10 - 1), 0);
  assert.equal(budget.left(HOUR / 10), 1);
  assert.equal(budget.left(HOUR), 10);
  assert.equal(budget.left(9 * HOUR), 10);
});

test('never more than twice the rate within an hour, however it is asked', () => {
  const budget = new EvictionBudget(6, 0);
  const taken: number[] = [];
  for (let now = 0; now < 10 * HOUR; now += HOUR / 97) {
    // Saved up at first, then taken as soon as there is one.
    if (now < 3 * HOUR) continue;
    while (budget.left(now) > 0) {
      budget.take();
      taken.push(now);
    }
  }
  for (const from of taken)
    assert.ok(taken.filter((at) => at >= from && at < from + HOUR).length <= 12, String(from));
  assert.ok(taken.length >= 6 * 7);
});

test('a new leader begins anew', () => {
  const budget = new EvictionBudget(10, 0);
  assert.equal(budget.left(HOUR), 10);
  budget.empty(HOUR);
  assert.equal(budget.left(HOUR), 0);
});
