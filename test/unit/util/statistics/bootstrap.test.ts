import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../../src/util/rng.ts';
import { bcaInterval, percentileInterval } from '../../../../src/util/statistics/bootstrap.ts';
import { interquartileMean } from '../../../../src/util/statistics/interquartile-mean.ts';
import { mean } from '../../../../src/util/statistics/mean.ts';
import { stratifiedInterval } from '../../../../src/util/statistics/stratified-bootstrap.ts';

const values = Float64Array.from({ length: 40 }, (_, i) => ((i * 37) % 40) / 4);

test('intervals of many values of no skew lie where the normal approximation has them', () => {
  // Standard error of the mean of 0, 0.25 .. 9.75 drawn with replacement: 2.8859 / sqrt(40) = 0.4563.
  for (const interval of [percentileInterval, bcaInterval]) {
    const { low, high } = interval(values, mean, { random: new RandomStream(3), resamples: 20_000 })!;
    assert.ok(Math.abs(low - (4.875 - 1.96 * 0.4563)) < 0.03, `${interval.name} ${low}`);
    assert.ok(Math.abs(high - (4.875 + 1.96 * 0.4563)) < 0.03, `${interval.name} ${high}`);
  }
});

test('the same seed gives the same interval, and fewer than two values none', () => {
  const once = () => bcaInterval(values, mean, { random: new RandomStream(7), resamples: 300 });
  assert.deepEqual(once(), once());
  assert.equal(bcaInterval(Float64Array.of(1), mean, { random: new RandomStream(1) }), undefined);
  assert.equal(percentileInterval(Float64Array.of(1), mean, { random: new RandomStream(1) }), undefined);
  assert.deepEqual(bcaInterval(Float64Array.of(2, 2, 2), mean, { random: new RandomStream(1) }), {
    low: 2,
    high: 2,
  });
});

test('BCa intervals of skewed values hold the truth in most cases and move towards the long tail', () => {
  const random = new RandomStream(5);
  const held = { bca: 0, percentile: 0 };
  let moved = 0;
  for (let i = 0; i < 300; i++) {
    const drawn = Float64Array.from({ length: 20 }, () => random.exponential(1));
    const holds = ({ low, high }: { low: number; high: number }) => low <= 1 && 1 <= high;
    const bca = bcaInterval(drawn, mean, { random: random.fork(`b${i}`), resamples: 400 })!;
    const plain = percentileInterval(drawn, mean, { random: random.fork(`b${i}`), resamples: 400 })!;
    if (holds(bca)) held.bca++;
    if (holds(plain)) held.percentile++;
    if (bca.high > plain.high) moved++;
  }
  // Known: about 0.92 with 20 exponential values (the t interval has 0.92, too).
  assert.ok(held.bca >= 264 && held.bca <= 291, `${held.bca} of 300`);
  assert.ok(moved > 270, `moved ${moved} of 300 times`);
});

test('a stratified interval keeps what lies between the strata out of its width', () => {
  const random = new RandomStream(9);
  const at = (centre: number) => Float64Array.from({ length: 30 }, () => centre + random.normal());
  const strata = [at(0), at(100), at(-100)];
  const { low, high } = stratifiedInterval(strata, mean, { random: new RandomStream(1) })!;
  // Within a stratum the standard deviation is 1: the error of the mean of 90 is about 0.105.
  assert.ok(high - low > 0.3 && high - low < 0.55, `${low} to ${high}`);
  const all = Float64Array.from(strata.flatMap((stratum) => [...stratum]));
  const mixed = percentileInterval(all, mean, { random: new RandomStream(1) })!;
  assert.ok(mixed.high - mixed.low > 20);
  assert.equal(stratifiedInterval([Float64Array.of(1)], mean, { random }), undefined);
  assert.equal(stratifiedInterval([], mean, { random }), undefined);
});

test('stratified intervals of the interquartile mean hold the truth in about 95 of 100 cases', () => {
  const random = new RandomStream(21);
  let held = 0;
  for (let i = 0; i < 200; i++) {
    const strata = [-5, -3, -8].map((centre) =>
      Float64Array.from({ length: 16 }, () => centre + 4 * random.normal()),
    );
    const found = stratifiedInterval(strata, interquartileMean, {
      random: random.fork(`${i}`),
      resamples: 300,
    });
    // -5.31: the interquartile mean of three million draws.
    if (found!.low <= -5.31 && -5.31 <= found!.high) held++;
  }
  assert.ok(held >= 175 && held <= 199, `${held} of 200`);
});
