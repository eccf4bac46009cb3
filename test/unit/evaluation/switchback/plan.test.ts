import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkPlan,
  drawOrders,
  ordersOf,
  pairsIn,
  scheduleOf,
} from '../../../../src/evaluation/switchback/plan.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { planOf } from '../../../support/played-switchback.ts';

test('each pair has one period of either side, and periods follow each other', () => {
  const schedule = scheduleOf(planOf());
  assert.deepEqual(
    schedule.map(({ index }) => index),
    Array.from({ length: 48 }, (_, i) => i),
  );
  for (let pair = 0; pair < 24; pair++) {
    const two = schedule.filter((period) => period.pair === pair);
    assert.deepEqual(two.map(({ side }) => side).sort(), ['a', 'b']);
    assert.deepEqual(two.map(({ policy }) => policy).sort(), ['default', 'learned']);
  }
});

test('a seed gives the same schedule again, another seed another one', () => {
  assert.deepEqual(scheduleOf(planOf({ seed: 7 })), scheduleOf(planOf({ seed: 7 })));
  assert.notDeepEqual(ordersOf(planOf({ seed: 7 })), ordersOf(planOf({ seed: 8 })));
});

test('neither order outnumbers the other by more than two, and all such orders are equally likely', () => {
  const random = new RandomStream(5);
  const times = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const orders = drawOrders(6, random).join('');
    times.set(orders, (times.get(orders) ?? 0) + 1);
  }
  // 20 orders of three and three, and twice 15 of four and two.
  assert.equal(times.size, 50);
  for (const [orders, count] of times) {
    assert(Math.abs(count - 400) < 5 * 20, `${orders}: ${count}`);
    assert(Math.abs(2 * orders.replaceAll('b', '').length - 6) <= 2, orders);
  }
});

test('hours hold whole pairs', () => {
  assert.equal(pairsIn(24, 1800), 24);
  assert.equal(pairsIn(0.7, 180), 7);
  assert.equal(pairsIn(1, 1801), 0);
});

const refused = {
  'fewer than six pairs': { pairs: 5 },
  'a wash-out as long as a period': { washOutSeconds: 1800 },
  'a negative wash-out': { washOutSeconds: -1 },
  'periods below a second': { periodSeconds: 0.5, washOutSeconds: 0 },
  'a seed that is no whole number': { seed: 1.5 },
} as const;
for (const [what, given] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => checkPlan(planOf(given)),
      (error) => error instanceof KisimError && error.code === 'KISIM_E_EXPERIMENT_PLAN',
    );
  });
}
