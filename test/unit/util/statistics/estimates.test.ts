import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../../src/util/rng.ts';
import { holmAdjusted } from '../../../../src/util/statistics/holm.ts';
import { interquartileMean } from '../../../../src/util/statistics/interquartile-mean.ts';
import { estimateMean } from '../../../../src/util/statistics/mean-interval.ts';
import { pairedPercent } from '../../../../src/util/statistics/paired.ts';
import { probabilityOfImprovement } from '../../../../src/util/statistics/probability-of-improvement.ts';
import { quantileOfSorted } from '../../../../src/util/statistics/quantile.ts';

const near = (found: number | undefined, expected: number, within: number) =>
  assert.ok(Math.abs(found! - expected) <= within, `${found} is not ${expected} within ${within}`);

test("the mean of Student's own sleep data has the published interval and p", () => {
  // "Student", The probable error of a mean, Biometrika 1908: hours of sleep gained, drug 2 less drug 1.
  const gained = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
  const { mean, interval, p, count } = estimateMean(gained);
  assert.equal(count, 10);
  near(mean, 1.58, 1e-12);
  near(interval!.low, 0.7001142, 1e-6);
  near(interval!.high, 2.4598858, 1e-6);
  near(p, 0.00283289, 1e-7);
});

test('one value has a mean but no interval', () => {
  assert.deepEqual(estimateMean([3]), { count: 1, mean: 3, interval: undefined, p: undefined });
});

test('equal values have an interval of no width', () => {
  assert.deepEqual(estimateMean([2, 2, 2]).interval, { low: 2, high: 2 });
  assert.equal(estimateMean([2, 2, 2]).p, 0);
  assert.equal(estimateMean([0, 0]).p, 1);
});

test('a t interval of normal values holds the truth in about 95 of 100 cases', () => {
  const random = new RandomStream(11);
  let held = 0;
  for (let i = 0; i < 1000; i++) {
    const { interval } = estimateMean(Float64Array.from({ length: 6 }, () => 5 + 2 * random.normal()));
    if (interval!.low <= 5 && 5 <= interval!.high) held++;
  }
  // Three standard deviations of the count: 20.7.
  assert.ok(held >= 929 && held <= 971, `${held} of 1000`);
});

test('paired percent compares each value with its own baseline', () => {
  assert.deepEqual([...pairedPercent([50, 220], [100, 200])], [-50, 10.000000000000009]);
  assert.throws(() => pairedPercent([1], [1, 2]), { code: 'KISIM_E_STATISTICS_UNPAIRED' });
  assert.throws(() => pairedPercent([1], [0]), { code: 'KISIM_E_STATISTICS_UNPAIRED' });
  assert.throws(() => pairedPercent([1], [Number.NaN]), { code: 'KISIM_E_STATISTICS_UNPAIRED' });
});

test('the interquartile mean leaves out a quarter at each end, rounded down', () => {
  assert.equal(interquartileMean([100, 1, 2, 3, 4, 5, 6, -50]), 3.5);
  assert.equal(interquartileMean([1, 2, 9]), 4);
  assert.equal(interquartileMean([9, 1, 2, 1]), 1.5);
});

test('probability of improvement counts ties half', () => {
  assert.equal(probabilityOfImprovement([-1, -2, 3, 0]), 0.625);
});

test("Holm's adjustment is the textbook's", () => {
  assert.deepEqual(
    holmAdjusted([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(10))),
    [0.03, 0.06, 0.06, 0.02],
  );
  assert.deepEqual(holmAdjusted([0.6, 0.9]), [1, 1]);
  assert.deepEqual(holmAdjusted([]), []);
});

test('quantiles interpolate between neighbours', () => {
  assert.equal(quantileOfSorted([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(quantileOfSorted([1, 2, 3, 4], 0.95), 3.8499999999999996);
  assert.equal(quantileOfSorted([7], 0.2), 7);
  assert.ok(Number.isNaN(quantileOfSorted([], 0.5)));
});
