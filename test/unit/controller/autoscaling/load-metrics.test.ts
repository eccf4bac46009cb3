import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadMetrics } from '../../../../src/controller/autoscaling/load-metrics.ts';
import { LatencyHistogram } from '../../../../src/load/histogram.ts';

function latencies(count: number, milliseconds: number): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (let i = 0; i < count; i++) histogram.record(milliseconds);
  return histogram;
}

test('what the load generator saw is that of its last seconds, and missing before the first', async () => {
  const metrics = new LoadMetrics(2);
  assert.equal(await metrics.read('latencyP95Milliseconds'), undefined);
  assert.equal(await metrics.read('throughputPerSecond'), undefined);
  metrics.add({ seconds: 1, answered: 100 }, latencies(100, 900));
  metrics.add({ seconds: 1, answered: 10 }, latencies(10, 10));
  assert.equal(await metrics.read('throughputPerSecond'), 55);
  assert.ok(Math.abs((await metrics.read('latencyP95Milliseconds'))! - 900) < 1);
  metrics.add({ seconds: 1, answered: 30 }, latencies(30, 20));
  assert.equal(await metrics.read('throughputPerSecond'), 20);
  assert.ok(Math.abs((await metrics.read('latencyP95Milliseconds'))! - 20) < 0.1);
});

test('a latency is missing where nothing was answered, and the throughput is 0', async () => {
  const metrics = new LoadMetrics(5);
  metrics.add({ seconds: 1, answered: 0 }, new LatencyHistogram());
  assert.equal(await metrics.read('latencyP95Milliseconds'), undefined);
  assert.equal(await metrics.read('throughputPerSecond'), 0);
});

test('the latencies that are told are copied: the recorder uses its own again', async () => {
  const metrics = new LoadMetrics(5);
  const own = latencies(5, 50);
  metrics.add({ seconds: 1, answered: 5 }, own);
  own.reset();
  assert.ok(Math.abs((await metrics.read('latencyP95Milliseconds'))! - 50) < 0.1);
});
