import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BehaviourCloning,
  type DecisionRows,
} from '../../../../src/learning/algorithms/behaviour-cloning.ts';
import { OfflineDqn, type RecordedTransitions } from '../../../../src/learning/algorithms/offline-dqn.ts';
import type { Environment } from '../../../../src/learning/environment.ts';
import { CartPole } from '../../../../src/learning/environments/cart-pole.ts';
import { Identity } from '../../../../src/learning/environments/identity.ts';
import { InvalidActions } from '../../../../src/learning/environments/invalid-actions.ts';
import { greedyEpisodes } from '../../../../src/learning/greedy-episodes.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { checkAgent } from '../../../support/check-agent.ts';

type Chooses = (observation: Float32Array, mask: Uint8Array) => number;

/** What one environment showed while somebody decided in it. */
function recorded(make: () => Environment, rows: number, choose: Chooses, seed = 77): RecordedTransitions {
  const batch = new VectorEnvironment([make()]);
  const size = batch.observationSize;
  const options = batch.actions[0]!;
  const record = {
    rows,
    observations: new Float32Array(rows * size),
    actions: new Int32Array(rows),
    rewards: new Float32Array(rows),
    nextObservations: new Float32Array(rows * size),
    terminated: new Uint8Array(rows),
    truncated: new Uint8Array(rows),
  };
  const masks = { masks: new Uint8Array(rows * options), nextMasks: new Uint8Array(rows * options) };
  batch.reset(seed);
  for (let row = 0; row < rows; row++) {
    record.observations.set(batch.observations, row * size);
    masks.masks.set(batch.masks, row * options);
    record.actions[row] = choose(batch.observations, batch.masks);
    batch.step(record.actions.subarray(row, row + 1));
    record.nextObservations.set(batch.nextObservations, row * size);
    masks.nextMasks.set(batch.nextMasks, row * options);
    record.rewards[row] = batch.rewards[0]!;
    record.terminated[row] = batch.terminated[0]!;
    record.truncated[row] = batch.truncated[0]!;
  }
  return batch.masked ? { ...record, ...masks } : record;
}

function decisionsOf({ rows, observations, actions, masks }: RecordedTransitions): DecisionRows {
  return { rows, observations, actions, ...(masks === undefined ? {} : { masks }) };
}

function anyValid(seed: number): Chooses {
  const random = new RandomStream(seed);
  return (_, mask) => {
    for (;;) {
      const option = random.integer(mask.length);
      if (mask[option] === 1) return option;
    }
  };
}

const tenOf = (make: () => Environment) => new VectorEnvironment(Array.from({ length: 10 }, make));
const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const pole = () => new CartPole();
/** Stands for as long as it is asked to, but wanders: a rule to be cloned. */
const balances: Chooses = (observation) =>
  observation[2]! + 0.5 * observation[3]! + 0.05 * observation[0]! + 0.1 * observation[1]! > 0 ? 1 : 0;

test('a clone of a rule decides as the rule does, and is worth as much', () => {
  const record = recorded(pole, 2000, balances);
  const clone = new BehaviourCloning(new CartPole(), decisionsOf(record), { seed: 1 });
  assert.ok(clone.evaluate(decisionsOf(record)).agreement < 0.9);
  clone.trainUntil(1500);
  const held = decisionsOf(recorded(pole, 500, balances, 78));
  const { loss, agreement } = clone.evaluate(held);
  assert.ok(agreement > 0.95 && loss < 0.15, `agreement ${agreement}, loss ${loss}`);
  assert.ok(meanOf(greedyEpisodes(clone, tenOf(pole), 900)) > 400);
});

test('decisions of weight 0 are not learned, and of two the heavier one is', () => {
  const rows = 300;
  const observations = new Float32Array(rows * 2);
  const actions = new Int32Array(rows);
  const weights = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    observations[2 * row + (row % 2)] = 1;
    actions[row] = row % 3;
    // In either state: option 0 is common and weighs nothing, option 2 outweighs option 1.
    weights[row] = [0, 1, 3][row % 3]!;
  }
  const shape = { observationSize: 2, actions: [3], masked: false };
  const clone = new BehaviourCloning(
    shape,
    { rows, observations, actions, weights },
    { entropyCoefficient: 0 },
  );
  clone.trainUntil(600);
  const states = Float32Array.of(1, 0, 0, 1);
  const chosen = new Int32Array(2);
  clone.act(states, undefined, 2, chosen);
  assert.deepEqual([...chosen], [2, 2]);
  // Maximum likelihood: 1/4 and 3/4.
  const one: DecisionRows = { rows: 1, observations: states.subarray(0, 2), actions: Int32Array.of(1) };
  assert.ok(Math.abs(Math.exp(-clone.evaluate(one).loss) - 0.25) < 0.03, String(clone.evaluate(one).loss));
});

const invalid = () => new InvalidActions({ actions: [6], invalid: [4], episodeSteps: 7 });

test('behaviour cloning and offline DQN keep the rules of agents', () => {
  const masked = recorded(invalid, 200, anyValid(1));
  const plain = recorded(pole, 200, anyValid(2));
  for (const [make, data] of [
    [invalid, masked],
    [pole, plain],
  ] as const) {
    const environments = () => tenOf(make);
    checkAgent({
      environments,
      make: (batch, seed) =>
        new BehaviourCloning(batch, decisionsOf(data), { seed, hidden: [8], batchSize: 16 }),
      steps: 60,
    });
    checkAgent({
      environments,
      make: (batch, seed) =>
        new OfflineDqn(batch, data, { seed, hidden: [8], batchSize: 16, targetEvery: 10, steps: 2 }),
      steps: 60,
    });
  }
});

test('offline DQN learns to name the state from decisions at random', () => {
  for (const make of [() => new Identity({ actions: [4] }), invalid]) {
    const agent = new OfflineDqn(make(), recorded(make, 2000, anyValid(3)), {
      gamma: 0.4,
      learningRate: 2e-3,
      conservative: 0.1,
      targetEvery: 100,
    });
    agent.trainUntil(1500);
    const score = meanOf(greedyEpisodes(agent, tenOf(make), 900));
    assert.ok(score > 0.9 * (make === invalid ? 7 : 100), String(score));
  }
});

test('the penalty keeps offline DQN to what was tried', () => {
  // One state, three actions worth 0.2, 0.5 and -5, of which the last was never tried: the network has no idea of it.
  const rows = 400;
  const ones = new Float32Array(rows).fill(1);
  const record: RecordedTransitions = {
    rows,
    observations: ones,
    actions: Int32Array.from({ length: rows }, (_, row) => row % 2),
    rewards: Float32Array.from({ length: rows }, (_, row) => [0.2, 0.5][row % 2]!),
    nextObservations: ones,
    terminated: new Uint8Array(rows).fill(1),
    truncated: new Uint8Array(rows),
  };
  const shape = { observationSize: 1, actions: [3], masked: false };
  const valuesOf = (conservative: number) => {
    const agent = new OfflineDqn(shape, record, { conservative, hidden: [16], learningRate: 1e-3, seed: 2 });
    const outputs = new Float32Array(3);
    agent.trainUntil(2000);
    agent.network.online.forward(Float32Array.of(1), 1, outputs);
    return [...outputs];
  };
  const [, tried, unseen] = valuesOf(0);
  const [, penalised, pressed] = valuesOf(0.3);
  assert.ok(Math.abs(tried! - 0.5) < 0.05, `the value of what was tried: ${tried}`);
  assert.ok(pressed! < penalised! - 1, `${pressed} below ${penalised}`);
  assert.ok(pressed! < unseen!, `${pressed} with the penalty, ${unseen} without`);
});

test('records of other shapes are refused', () => {
  const shape = { observationSize: 2, actions: [3], masked: false };
  const code = 'KISIM_E_LEARNING_DATA';
  const rows = { rows: 2, observations: new Float32Array(4), actions: new Int32Array(2) };
  for (const wrong of [
    { ...rows, rows: 0 },
    { ...rows, observations: new Float32Array(3) },
    { ...rows, actions: new Int32Array(1) },
    { ...rows, masks: new Uint8Array(6) },
    { ...rows, weights: Float32Array.of(1) },
    { ...rows, actions: Int32Array.of(0, 3) },
    { ...rows, actions: Int32Array.of(-1, 0) },
    { ...rows, weights: Float32Array.of(1, -1) },
    { ...rows, weights: Float32Array.of(1, Number.NaN) },
  ])
    assert.throws(() => new BehaviourCloning(shape, wrong), { code });
  const record = recorded(invalid, 5, anyValid(1));
  const { nextMasks: _, ...unmasked } = record;
  assert.throws(() => new OfflineDqn(invalid(), unmasked), { code });
  const never = record.actions.map((action, row) => (row === 3 ? (action + 1) % 6 : action));
  const masks = record.masks!.map((valid, i) => (i === 3 * 6 + never[3]! ? 0 : valid));
  assert.throws(() => new OfflineDqn(invalid(), { ...record, actions: never, masks }), {
    code,
    message: /row 3/,
  });
  assert.throws(() => new OfflineDqn(invalid(), { ...record, rewards: new Float32Array(4) }), { code });
});
