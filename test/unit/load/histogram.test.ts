import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LatencyHistogram } from '../../../src/load/histogram.ts';

test('percentiles are within 0.1 % and a microsecond of the sorted values', () => {
  const times = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(times, fc.constantFrom(50, 90, 95, 99, 99.9, 100), (milliseconds, percent) => {
      const histogram = new LatencyHistogram();
      for (const each of milliseconds) histogram.record(each);
      const sorted = [...milliseconds].sort((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length - 1e-9) - 1)]!;
      const found = histogram.percentile(percent)!;
      assert.ok(Math.abs(found - exact) <= 0.001 * exact + 0.001, `${found} for ${exact}`);
    }),
  );
});

test('nothing recorded has no figures', () => {
  const histogram = new LatencyHistogram();
  assert.equal(histogram.percentile(50), undefined);
  assert.equal(histogram.summary(), null);
});

test('mean and maximum are those of the values', () => {
  const histogram = new LatencyHistogram();
  for (const each of [1, 2, 3, 1234.567]) histogram.record(each);
  assert.equal(histogram.summary()?.mean, 310.142);
  assert.equal(histogram.summary()?.max, 1234.567);
  assert.equal(histogram.summary()?.p999, 1234.567);
});

test('two of them together are as one', () => {
  const [one, other, all] = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()];
  for (let i = 1; i <= 1000; i++) {
    (i % 3 === 0 ? one : other).record(i);
    all.record(i);
  }
  one.add(other);
  assert.deepEqual(one.summary(), all.summary());
  one.add(new LatencyHistogram());
  assert.deepEqual(one.summary(), all.summary());
});

test('after a reset it is as new', () => {
  const histogram = new LatencyHistogram();
  histogram.record(500);
  histogram.reset();
  assert.equal(histogram.summary(), null);
  histogram.record(2);
  assert.equal(histogram.summary()?.max, 2);
});

test('times below a microsecond and above a day are kept as those', () => {
  const histogram = new LatencyHistogram();
  histogram.record(0);
  histogram.record(1e12);
  assert.equal(histogram.count, 2);
  assert.equal(histogram.summary()?.max, 86_400_000);
});
