import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DurationLaw } from '../../../../src/simulation/generators/duration.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

test('drawn durations have the stated mean and median and stay below the longest', () => {
  const law = new DurationLaw(300, 0.8);
  const random = new RandomStream(7);
  const drawn = Array.from({ length: 40000 }, () => law.draw(random)).sort((a, b) => a - b);
  const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length;
  assert.ok(Math.abs(mean / law.meanSeconds - 1) < 0.02, `mean ${mean}, stated ${law.meanSeconds}`);
  assert.ok(Math.abs(drawn[20000]! / 300 - 1) < 0.02);
  assert.ok(drawn.at(-1)! <= law.longestSeconds);
  // The uncut law's mean is median x e^(sigma^2 / 2); the cut one is a little below it.
  assert.ok(law.meanSeconds < 300 * Math.exp(0.32) && law.meanSeconds > 0.96 * 300 * Math.exp(0.32));
});

test('without spread every duration is the median', () => {
  const law = new DurationLaw(60, 0);
  assert.equal(law.draw(new RandomStream(1)), 60);
  assert.ok(Math.abs(law.meanSeconds - 60) < 1e-9);
});
