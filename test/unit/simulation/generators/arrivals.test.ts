import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poissonArrivals, relativeRate, STEADY } from '../../../../src/simulation/generators/arrivals.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

test('steady arrivals come at the mean rate with exponential gaps', () => {
  const times = poissonArrivals(new RandomStream(3), 0.5, STEADY, 0, 40000);
  assert.ok(Math.abs(times.length / 20000 - 1) < 0.03);
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  assert.ok(gaps.every((gap) => gap > 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.05);
});

test('a daily rhythm moves arrivals to its crest and keeps their number', () => {
  const rhythm = { amplitude: 0.7, periodSeconds: 86400, phaseSeconds: 0 };
  const times = poissonArrivals(new RandomStream(4), 0.2, rhythm, 0, 86400);
  assert.ok(Math.abs(times.length / 17280 - 1) < 0.03);
  const crest = times.filter((time) => Math.abs(time - 21600) < 3600).length;
  const trough = times.filter((time) => Math.abs(time - 64800) < 3600).length;
  assert.ok(crest / trough > 4.5, `${crest} at the crest, ${trough} in the trough`);
  assert.ok(Math.abs(relativeRate(rhythm, 21600) - 1.7) < 1e-12);
  assert.ok(Math.abs(relativeRate(rhythm, 64800 + 86400) - 0.3) < 1e-12);
});

test('the window may begin before zero', () => {
  const times = poissonArrivals(new RandomStream(5), 1, STEADY, -100, 0);
  assert.ok(times.length > 60 && times.every((time) => time >= -100 && time < 0));
});
