import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A2c } from '../../../../src/learning/algorithms/a2c.ts';
import { BehaviourCloning } from '../../../../src/learning/algorithms/behaviour-cloning.ts';
import { Dqn } from '../../../../src/learning/algorithms/dqn.ts';
import { OfflineDqn } from '../../../../src/learning/algorithms/offline-dqn.ts';
import { OpenAiEs } from '../../../../src/learning/algorithms/openai-es.ts';
import { Ppo } from '../../../../src/learning/algorithms/ppo.ts';
import { SacDiscrete } from '../../../../src/learning/algorithms/sac-discrete.ts';
import { CartPole } from '../../../../src/learning/environments/cart-pole.ts';
import { Identity } from '../../../../src/learning/environments/identity.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';

const pole = () => new VectorEnvironment([new CartPole()]);
const code = 'KISIM_E_LEARNING_SETTINGS';
const record = {
  rows: 1,
  observations: new Float32Array(4),
  actions: new Int32Array(1),
  rewards: new Float32Array(1),
  nextObservations: new Float32Array(4),
  terminated: new Uint8Array(1),
  truncated: new Uint8Array(1),
};

test('settings that no training can be made with are refused by name', () => {
  const wrong: readonly [string, () => unknown][] = [
    ['batchSize', () => new Dqn(pole(), { batchSize: 0 })],
    ['gamma', () => new Dqn(pole(), { gamma: 1.01 })],
    ['exploration', () => new Dqn(pole(), { exploration: { from: 1, to: Number.NaN } })],
    ['hidden', () => new Dqn(pole(), { hidden: [0] })],
    ['entities', () => new Dqn(pole(), { entities: 3 })],
    ['minibatch', () => new Ppo(pole(), { minibatch: 2.5 })],
    ['minibatches of 64', () => new Ppo(pole(), { rolloutSteps: 8 })],
    ['clip', () => new Ppo(pole(), { clip: { from: 0.2, to: -0.1 } })],
    ['lambda', () => new A2c(pole(), { lambda: Number.NaN })],
    ['entities', () => new A2c(pole(), { entities: 2 })],
    ['policyRate', () => new SacDiscrete(pole(), { policyRate: Number.POSITIVE_INFINITY })],
    ['sigma', () => new OpenAiEs(pole(), { sigma: 0 })],
    ['pairs', () => new OpenAiEs(pole(), { pairs: 0 })],
    ['totalSteps', () => new BehaviourCloning(new CartPole(), record, { totalSteps: 0 })],
    ['conservative', () => new OfflineDqn(new CartPole(), record, { conservative: -1 })],
  ];
  for (const [name, make] of wrong)
    assert.throws(
      make,
      (error: Error & { code?: string }) => error.code === code && error.message.includes(name),
      name,
    );
});

test('several choices an action are refused where each option has a value', () => {
  const several = () => new VectorEnvironment([new Identity({ actions: [2, 2] })]);
  assert.throws(() => new Dqn(several()), { code });
  assert.throws(() => new SacDiscrete(several()), { code });
});

test('a training that diverges ends with an error, not with weights that are no numbers', () => {
  for (const agent of [
    new Dqn(pole(), { learningRate: 1e30, maxGradientNorm: 0, loss: 'mean-squared', trainEvery: 1 }),
    new Ppo(pole(), { learningRate: 1e30, rolloutSteps: 64 }),
  ])
    assert.throws(
      () => agent.trainUntil(2000),
      { code: 'KISIM_E_LEARNING_DIVERGED' },
      agent.constructor.name,
    );
});
