import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdleModel } from '../../../src/attribution/idle-model.ts';
import { seededRandom } from '../../../src/util/rng.ts';

const options = { forgettingHours: 24, setWatts: undefined, priorIdleShare: 0.25 };
const SECOND = 1e9;

/** Truth used throughout: 30 W idle, 40 W more at full load. */
function truth(utilisation: number): number {
  return 30 + 40 * utilisation;
}

test('idle is within 2 % once load has varied, with noisy readings', () => {
  const random = seededRandom(7);
  const model = new IdleModel(options);
  for (let second = 0; second < 300; second++) {
    const utilisation = 0.5 + 0.45 * Math.sin(second / 20);
    model.observe(truth(utilisation) + (random.next() - 0.5), utilisation, SECOND);
  }
  const { watts, state } = model.estimate();
  assert.equal(state, 'learned');
  assert.ok(Math.abs(watts - 30) / 30 < 0.02, `${watts} W`);
});

test('constant load leaves idle provisional, between zero and the lowest power seen', () => {
  const model = new IdleModel(options);
  for (let second = 0; second < 600; second++) model.observe(truth(0.5), 0.5, SECOND);
  const estimate = model.estimate();
  assert.equal(estimate.state, 'provisional');
  assert.ok(estimate.watts > 0 && estimate.watts <= 50);
  assert.deepEqual([estimate.lowWatts, Math.round(estimate.highWatts)], [0, 50]);
});

test('at full load idle neither collapses to zero nor takes everything (Kepler #2465)', () => {
  const model = new IdleModel(options);
  for (let second = 0; second < 600; second++) model.observe(truth(1), 1, SECOND);
  const { watts, state } = model.estimate();
  assert.equal(state, 'provisional');
  assert.ok(watts > 5 && watts < 50, `${watts} W`);
});

test('after idle was learned, a day at full load does not move it', () => {
  const model = new IdleModel(options);
  for (let second = 0; second < 120; second++) model.observe(truth(second % 2), second % 2, SECOND);
  for (let minute = 0; minute < 24 * 60; minute++) model.observe(truth(1), 1, 60 * SECOND);
  assert.ok(Math.abs(model.estimate().watts - 30) < 0.6, `${model.estimate().watts} W`);
});

test('a changed machine is learned anew as the old history is forgotten', () => {
  const model = new IdleModel({ ...options, forgettingHours: 0.1 });
  for (let second = 0; second < 600; second++)
    model.observe(truth((second % 11) / 10), (second % 11) / 10, SECOND);
  for (let second = 0; second < 7200; second++) {
    const utilisation = (second % 11) / 10;
    model.observe(60 + 40 * utilisation, utilisation, SECOND);
  }
  assert.ok(Math.abs(model.estimate().watts - 60) < 1.2, `${model.estimate().watts} W`);
});

test('what the operator set is taken as it is', () => {
  const model = new IdleModel({ ...options, setWatts: 12 });
  model.observe(100, 0.5, SECOND);
  assert.deepEqual(model.estimate(), { watts: 12, state: 'set', lowWatts: 12, highWatts: 12 });
});

test('a restart keeps what was learned, and refuses a state of another shape', () => {
  const model = new IdleModel(options);
  for (let second = 0; second < 300; second++)
    model.observe(truth((second % 11) / 10), (second % 11) / 10, SECOND);
  const state = JSON.parse(JSON.stringify(model.toState(1_000_000)));
  const next = new IdleModel(options);
  assert.equal(next.restore(state, 1_060_000), true);
  assert.equal(next.estimate().state, 'learned');
  assert.ok(Math.abs(next.estimate().watts - model.estimate().watts) < 0.01);
  assert.equal(new IdleModel(options).restore({ ...state, weights: [1] }, 0), false);
  assert.equal(new IdleModel(options).restore({ ...state, weights: state.weights.map(() => 'x') }, 0), false);
});

test('nothing seen is provisional zero, and unusable intervals are not taken', () => {
  const model = new IdleModel(options);
  model.observe(Number.NaN, 0.5, SECOND);
  model.observe(50, 0.5, 0);
  assert.deepEqual(model.estimate(), { watts: 0, state: 'provisional', lowWatts: 0, highWatts: 0 });
});

test('a state without a time, or with numbers that are none, is refused and nothing is taken of it', () => {
  const good = new IdleModel({ forgettingHours: 24, setWatts: undefined, priorIdleShare: 0.25 }).toState(5);
  const bad: unknown[] = [
    { ...good, savedUnixMilliseconds: undefined },
    { ...good, weights: good.weights.map(() => null) },
    { ...good, powerSums: good.powerSums.map(() => -1) },
    { ...good, squareSums: [1] },
    null,
    'learned',
  ];
  for (const state of bad) {
    const model = new IdleModel({ forgettingHours: 24, setWatts: undefined, priorIdleShare: 0.25 });
    assert.equal(model.restore(state, 10), false);
    model.observe(30, 0.5, 1e9);
    assert.ok(Number.isFinite(model.estimate().watts));
  }
});
