import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noFailures } from '../../../../src/controller/training/failed-workers.ts';
import { isSettled, type SeedState, secondsLeft } from '../../../../src/controller/training/seed-state.ts';

const running = (seconds: number, left: number): SeedState => ({
  kind: 'running',
  node: 'node1',
  failures: noFailures,
  progress: {
    step: 1,
    steps: 2,
    unit: 'generations',
    seconds,
    secondsLeft: left,
    decisionsPerSecond: 1,
    change: 0,
    upper: 0,
  },
});
const waiting: SeedState = { kind: 'waiting', why: 'for a pod', failures: noFailures };

test('the time left is that of the slowest, and of what waits for a place', () => {
  assert.equal(secondsLeft([waiting], 2), undefined);
  assert.equal(secondsLeft([{ kind: 'gathered' }, running(10, 30), running(20, 5)], 2), 30);
  // A seed takes (40 + 25) / 2 seconds; the place that is free in 5 seconds takes it.
  assert.equal(secondsLeft([running(10, 30), running(20, 5), waiting], 2), 37.5);
  // Three places for four seeds.
  assert.equal(secondsLeft([running(0, 10), waiting, waiting, waiting], 3), 20);
});

test('what runs without having told its pace counts as what waits', () => {
  const unknown: SeedState = { kind: 'running', node: 'node1', failures: noFailures, progress: undefined };
  assert.equal(secondsLeft([running(0, 10), unknown], 2), 10);
});

test('gathered, failed and lost are the ends of a seed', () => {
  assert.equal(isSettled({ kind: 'gathered' }), true);
  assert.equal(isSettled({ kind: 'lost', why: '' }), true);
  assert.equal(isSettled(waiting), false);
  assert.equal(isSettled({ kind: 'fetching', why: '' }), false);
});
