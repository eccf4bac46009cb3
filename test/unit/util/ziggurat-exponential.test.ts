import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../src/util/rng.ts';
import { quickExponential } from '../../../src/util/ziggurat-exponential.ts';

const COUNT = 400_000;
const drawn = (seed: number) => {
  const random = new RandomStream(seed);
  return Float64Array.from({ length: COUNT }, () => quickExponential(random)).sort();
};

test('the distribution is exponential: no share is off by more than chance allows (Kolmogorov and Smirnov)', () => {
  for (const seed of [1, 2, 3]) {
    const sorted = drawn(seed);
    let worst = 0;
    sorted.forEach((value, i) => {
      const share = -Math.expm1(-value);
      worst = Math.max(worst, Math.abs(share - i / COUNT), Math.abs(share - (i + 1) / COUNT));
    });
    // Passed with a chance of 1 - 2e-6.
    assert.ok(worst < 2.6 / Math.sqrt(COUNT), `${worst}`);
  }
});

test('moments and the tail are those of the exponential', () => {
  const sorted = drawn(9);
  const moment = (power: number) => sorted.reduce((sum, value) => sum + value ** power, 0) / COUNT;
  assert.ok(Math.abs(moment(1) - 1) < 5 / Math.sqrt(COUNT));
  assert.ok(Math.abs(moment(2) - 2) < 5 * Math.sqrt(20 / COUNT));
  assert.ok(Math.abs(moment(3) - 6) < 5 * Math.sqrt(684 / COUNT));
  const beyond = sorted.filter((value) => value > 7.7).length;
  const expected = COUNT * Math.exp(-7.7);
  assert.ok(Math.abs(beyond - expected) < 5 * Math.sqrt(expected), `${beyond} of ${expected}`);
  assert.ok(sorted[0]! > 0);
});

test('the same seed gives the same numbers', () => {
  const random = new RandomStream(7);
  const first = Array.from({ length: 4 }, () => quickExponential(random));
  const again = new RandomStream(7);
  assert.deepEqual(
    Array.from({ length: 4 }, () => quickExponential(again)),
    first,
  );
});
