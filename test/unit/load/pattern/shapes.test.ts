import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadPattern } from '../../../../src/load/pattern/load-pattern.ts';
import {
  constantPattern,
  periodicPattern,
  rampPattern,
  randomPattern,
  spikePattern,
} from '../../../../src/load/pattern/shapes.ts';

const size = { low: 10, high: 100, durationSeconds: 600 };

function levels(pattern: LoadPattern): number[] {
  const found: number[] = [];
  for (let at = 0; at < pattern.durationSeconds; at = pattern.nextChangeAfter(at))
    found.push(pattern.levelAt(at));
  return found;
}

test('constant has one level', () => {
  assert.deepEqual(levels(constantPattern(7, 60)), [7]);
});

test('a ramp climbs in twenty equal steps from low to high', () => {
  const pattern = rampPattern({ ...size, low: 1 });
  const found = levels(pattern);
  assert.equal(found.length, 20);
  assert.equal(found[0], 1);
  assert.equal(found[19], 100);
  assert.ok(found.every((level, i) => i === 0 || Math.abs(level - found[i - 1]! - 99 / 19) < 1e-9));
  assert.equal(pattern.durationSeconds, 600);
});

test('a spike is low for 30 %, high for 40 % and low for 30 % of the time', () => {
  const pattern = spikePattern(size);
  assert.deepEqual(levels(pattern), [10, 100, 10]);
  assert.equal(pattern.nextChangeAfter(0), 180);
  assert.equal(pattern.nextChangeAfter(180), 420);
});

test('periodic is three waves between low and high', () => {
  const found = levels(periodicPattern(size));
  assert.equal(found.length, 60);
  assert.ok(Math.abs(Math.max(...found) - 100) < 1e-9);
  assert.ok(Math.abs(Math.min(...found) - 10) < 1e-9);
  const crests = found.filter(
    (level, i) => i > 0 && level > found[i - 1]! && level > (found[i + 1] ?? Number.POSITIVE_INFINITY),
  );
  assert.equal(crests.length, 3);
  assert.ok(Math.abs(found.reduce((sum, level) => sum + level, 0) / 60 - 55) < 1e-9);
});

test('a wave that touches zero never goes below it', () => {
  assert.ok(levels(periodicPattern({ low: 0, high: 0.1, durationSeconds: 7 })).every((level) => level >= 0));
});

test('random changes every 30 s, stays between low and high, and is the same from the same seed', () => {
  const pattern = randomPattern({ ...size, durationSeconds: 605, seed: 3 });
  const found = levels(pattern);
  assert.equal(found.length, 21);
  assert.equal(pattern.durationSeconds, 605);
  assert.ok(found.every((level) => level >= 10 && level < 100));
  assert.deepEqual(levels(randomPattern({ ...size, durationSeconds: 605, seed: 3 })), found);
  assert.notDeepEqual(levels(randomPattern({ ...size, durationSeconds: 605, seed: 4 })), found);
});

test('the levels are the same bits on every machine', () => {
  assert.equal(randomPattern({ ...size, seed: 1 }).levelAt(0), RANDOM_FIRST);
  assert.equal(periodicPattern(size).levelAt(10), PERIODIC_SECOND);
});

const RANDOM_FIRST = 27.909700066754297;
const PERIODIC_SECOND = 68.90576474687263;
