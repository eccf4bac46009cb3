import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LatencyHistogram } from '../../../src/autoscaling/latency-histogram.ts';

const latencies = fc.array(fc.double({ min: 0.001, max: 200, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});

const of = (values: readonly number[]) => {
  const histogram = new LatencyHistogram();
  for (const each of values) histogram.add(each);
  return histogram;
};

test('quantiles and the mean are those of the latencies within the width of a bucket', () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
      const found = of(values).quantile(share)!;
      assert.ok(found >= exact / (1 + 1 / 64) && found <= exact * (1 + 1 / 64), `${found} ${exact}`);
      const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
      assert.ok(Math.abs(of(values).mean()! / mean - 1) < 0.008);
    }),
  );
});

test('what is added can be taken away again, one by one and all at once', () => {
  fc.assert(
    fc.property(latencies, latencies, (kept, gone) => {
      const histogram = of([...kept, ...gone]);
      for (const each of gone) histogram.add(each, -1);
      assert.deepEqual(histogram.counts, of(kept).counts);
      histogram.addAll(of(gone));
      histogram.addAll(of(gone), -1);
      assert.deepEqual(histogram.counts, of(kept).counts);
      assert.equal(histogram.total, kept.length);
      assert.equal(histogram.quantile(0.9), of(kept).quantile(0.9));
      const restored = new LatencyHistogram();
      restored.restore(histogram.counts);
      assert.equal(restored.quantile(0.5), histogram.quantile(0.5));
      assert.equal(restored.total, kept.length);
      histogram.clear();
      assert.ok(histogram.counts.every((count) => count === 0));
    }),
  );
});

test('of nothing there is neither a quantile nor a mean, and nothing lies above', () => {
  const histogram = new LatencyHistogram();
  assert.equal(histogram.quantile(0.95), undefined);
  assert.equal(histogram.mean(), undefined);
  assert.equal(histogram.above(0), 0);
});

test('latencies beyond the range count at its ends', () => {
  assert.ok(of([1e-9]).quantile(1)! < 0.0011);
  assert.ok(of([1e9]).quantile(1)! <= 256);
  assert.equal(of([0.1, 0.3, 5]).above(0.2), 2);
});
