import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Environment, Step } from '../../../src/learning/environment.ts';
import { CartPole } from '../../../src/learning/environments/cart-pole.ts';
import { InvalidActions } from '../../../src/learning/environments/invalid-actions.ts';
import { VectorEnvironment } from '../../../src/learning/vector-environment.ts';

/** Counts its steps: the observation is [episode, step]; ends as it is told. */
function counting(end: (step: number) => Partial<Step>, reward = 1): Environment {
  let episode = 0;
  let elapsed = 0;
  return {
    observationSize: 2,
    actions: [2],
    masked: false,
    reset(observation) {
      episode++;
      elapsed = 0;
      observation.set([episode, 0]);
    },
    step(_action, observation) {
      elapsed++;
      observation.set([episode, elapsed]);
      return { reward, terminated: false, truncated: false, ...end(elapsed) };
    },
    save: () => null,
    restore: () => undefined,
  };
}

test('an ended episode is followed by the next in the same step, its last observation kept', () => {
  const batch = new VectorEnvironment([
    counting((step) => ({ terminated: step === 2 })),
    counting((step) => ({ truncated: step === 3 })),
  ]);
  batch.reset(1);
  const actions = new Int32Array(2);
  batch.step(actions);
  assert.deepEqual([...batch.observations], [1, 1, 1, 1]);
  assert.deepEqual([...batch.nextObservations], [1, 1, 1, 1]);
  batch.step(actions);
  assert.deepEqual([...batch.observations], [2, 0, 1, 2]);
  assert.deepEqual([...batch.nextObservations], [1, 2, 1, 2]);
  assert.deepEqual(
    [[...batch.terminated], [...batch.truncated]],
    [
      [1, 0],
      [0, 0],
    ],
  );
  assert.deepEqual([batch.endedReturns[0], batch.endedLengths[0]], [2, 2]);
  batch.step(actions);
  assert.deepEqual([...batch.observations], [2, 1, 2, 0]);
  assert.deepEqual([...batch.nextObservations], [2, 1, 1, 3]);
  assert.deepEqual(
    [[...batch.terminated], [...batch.truncated]],
    [
      [0, 0],
      [0, 1],
    ],
  );
  assert.deepEqual([batch.endedReturns[1], batch.endedLengths[1]], [3, 3]);
});

test('what ends at the limit of time by itself terminated, it was not cut off', () => {
  const batch = new VectorEnvironment([counting(() => ({ terminated: true, truncated: true }))]);
  batch.reset(1);
  batch.step(new Int32Array(1));
  assert.deepEqual([batch.terminated[0], batch.truncated[0]], [1, 0]);
});

test('environments of a batch live apart, each from its own seed', () => {
  const batch = new VectorEnvironment(Array.from({ length: 3 }, () => new CartPole()));
  batch.reset(5);
  const alone = new VectorEnvironment([new CartPole()]);
  alone.reset(6);
  for (let i = 0; i < 100; i++) {
    batch.step(Int32Array.of(0, i % 2, 1));
    alone.step(Int32Array.of(i % 2));
    assert.deepEqual(batch.nextObservations.subarray(4, 8), alone.nextObservations);
  }
});

test('a batch goes on from where it was saved', () => {
  const make = () =>
    new VectorEnvironment(
      Array.from({ length: 2 }, () => new InvalidActions({ actions: [3], invalid: [1], episodeSteps: 5 })),
    );
  const valid = (batch: VectorEnvironment) =>
    Int32Array.of(batch.masks.indexOf(1), batch.masks.subarray(3).indexOf(1));
  const running = make();
  running.reset(1);
  for (let i = 0; i < 7; i++) running.step(valid(running));
  const other = make();
  other.restore(running.save());
  for (let i = 0; i < 20; i++) {
    running.step(valid(running));
    other.step(valid(other));
    for (const name of ['observations', 'masks', 'nextObservations', 'nextMasks', 'rewards'] as const)
      assert.deepEqual(other[name], running[name], name);
    for (let e = 0; e < 2; e++)
      if (running.truncated[e] === 1) assert.equal(other.endedReturns[e], running.endedReturns[e]);
  }
  assert.throws(
    () => new VectorEnvironment([new InvalidActions({ actions: [3], invalid: [1] })]).restore(running.save()),
    {
      code: 'KISIM_E_LEARNING_CHECKPOINT',
    },
  );
});

test('a reward or an observation that is no number, and a mask without a valid option, are refused by name', () => {
  const code = 'KISIM_E_LEARNING_ENVIRONMENT';
  const nan = new VectorEnvironment([counting(() => ({}), Number.NaN)]);
  nan.reset(1);
  assert.throws(() => nan.step(new Int32Array(1)), { code, message: /reward of NaN/ });
  const infinite = counting(() => ({}));
  const step = infinite.step.bind(infinite);
  const lost = new VectorEnvironment([
    {
      ...infinite,
      step(action, observation) {
        const result = step(action, observation);
        observation[1] = Number.POSITIVE_INFINITY;
        return result;
      },
    },
  ]);
  lost.reset(1);
  assert.throws(() => lost.step(new Int32Array(1)), { code, message: /Infinity at place 1/ });
  const stuck = new VectorEnvironment([
    { ...counting(() => ({})), masked: true, writeMask: (mask) => void mask.fill(0) },
  ]);
  assert.throws(() => stuck.reset(1), { code, message: /no valid option/ });
});

test('environments of different shapes are no batch', () => {
  assert.throws(() => new VectorEnvironment([new CartPole(), counting(() => ({}))]), RangeError);
  assert.throws(() => new VectorEnvironment([]), RangeError);
});
