import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../../../../src/learning/agent.ts';
import { A2c } from '../../../../src/learning/algorithms/a2c.ts';
import { Dqn } from '../../../../src/learning/algorithms/dqn.ts';
import { OpenAiEs } from '../../../../src/learning/algorithms/openai-es.ts';
import { Ppo } from '../../../../src/learning/algorithms/ppo.ts';
import { SacDiscrete } from '../../../../src/learning/algorithms/sac-discrete.ts';
import type { Environment } from '../../../../src/learning/environment.ts';
import { Identity } from '../../../../src/learning/environments/identity.ts';
import { InvalidActions } from '../../../../src/learning/environments/invalid-actions.ts';
import { greedyEpisodes } from '../../../../src/learning/greedy-episodes.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';

/*
 * The field's quick tests: Stable-Baselines3's tests/test_identity.py (4 actions, gamma 0.4, above 90 of 100) and sb3-contrib's
 * tests/test_invalid_actions.py (most actions invalid, above 90; by chance 6.7).
 */

const batch = (make: () => Environment, count: number) =>
  new VectorEnvironment(Array.from({ length: count }, make));

function score(agent: Agent, make: () => Environment): number {
  const returns = greedyEpisodes(agent, batch(make, 10), 500);
  return returns.reduce((sum, value) => sum + value, 0) / returns.length;
}

const identity = () => new Identity({ actions: [4] });
const choices = () => new Identity({ actions: [4, 3] });
const invalid = () => new InvalidActions({ actions: [70], invalid: [55] });

const dqn = {
  gamma: 0.4,
  learningStarts: 0,
  learningRate: 2e-3,
  trainEvery: 1,
  targetEvery: 100,
  totalSteps: 1200,
};
const switches: readonly [string, Partial<ConstructorParameters<typeof Dqn>[1]>][] = [
  ['plain', {}],
  ['double', { double: true }],
  ['dueling', { dueling: true }],
  ['prioritised', { prioritised: { alpha: 0.6, beta: 0.4, epsilon: 1e-6 } }],
  ['three steps', { steps: 3 }],
  ['quantiles', { quantiles: 8, learningRate: 4e-3 }],
  [
    'all of them',
    {
      double: true,
      dueling: true,
      steps: 2,
      quantiles: 8,
      prioritised: { alpha: 0.5, beta: 0.4, epsilon: 1e-6 },
      learningRate: 4e-3,
    },
  ],
];

for (const [name, settings] of switches)
  test(`DQN (${name}) learns to name the state`, () => {
    const agent = new Dqn(batch(identity, 1), { ...dqn, ...settings, seed: 3 });
    const before = score(agent, identity);
    agent.trainUntil(1200);
    const after = score(agent, identity);
    assert.ok(before < 60 && after > 90, `from ${before} to ${after}`);
  });

test('PPO learns to name the state, of one choice and of two', () => {
  for (const make of [identity, choices]) {
    const agent = new Ppo(batch(make, 4), { gamma: 0.4, rolloutSteps: 64, seed: 3, learningRate: 2e-3 });
    agent.trainUntil(2560);
    assert.ok(score(agent, make) > 90, String(score(agent, make)));
  }
});

test('A2C learns to name the state, of one choice and of two', () => {
  for (const make of [identity, choices]) {
    const agent = new A2c(batch(make, 8), { gamma: 0.4, seed: 3, learningRate: 2e-3 });
    agent.trainUntil(16_000);
    assert.ok(score(agent, make) > 90, String(score(agent, make)));
  }
});

test('discrete SAC learns to name the state', () => {
  const agent = new SacDiscrete(batch(identity, 1), {
    gamma: 0.4,
    seed: 3,
    learningStarts: 100,
    trainEvery: 1,
    policyRate: 3e-3,
    criticRate: 3e-3,
    temperatureRate: 3e-3,
    targetShare: 0.05,
    targetEntropyShare: 0.3,
  });
  agent.trainUntil(2000);
  assert.ok(score(agent, identity) > 90, String(score(agent, identity)));
});

test('the evolution strategy learns to name the state', () => {
  const agent = new OpenAiEs(
    batch(() => new Identity({ actions: [4], episodeSteps: 20 }), 4),
    { seed: 3 },
  );
  agent.trainUntil(200_000);
  assert.ok(score(agent, identity) > 90, String(score(agent, identity)));
});

test('with 55 of 70 options invalid, what heeds the mask learns in a few thousand steps', () => {
  // Six thousand steps with the defaults, as sb3-contrib's own test has it.
  const ppo = new Ppo(batch(invalid, 1), { gamma: 0.4, seed: 3 });
  ppo.trainUntil(6144);
  const learned = new Dqn(batch(invalid, 1), {
    gamma: 0.4,
    seed: 3,
    learningStarts: 100,
    trainEvery: 1,
    batchSize: 64,
    learningRate: 2e-3,
    targetEvery: 100,
    totalSteps: 8192,
    explorationShare: 0.7,
  });
  learned.trainUntil(8192);
  for (const [name, agent] of [
    ['PPO', ppo],
    ['DQN', learned],
  ] as const)
    assert.ok(score(agent, invalid) > 90, `${name}: ${score(agent, invalid)}`);
});

test('with all but one option invalid nobody needs to learn', () => {
  const make = () => new InvalidActions({ actions: [70], invalid: [69] });
  const agents = [
    new Ppo(batch(make, 1), { rolloutSteps: 64 }),
    new A2c(batch(make, 1)),
    new Dqn(batch(make, 1), { quantiles: 3, dueling: true }),
    new SacDiscrete(batch(make, 1)),
    new OpenAiEs(batch(make, 1)),
  ];
  for (const agent of agents) assert.equal(score(agent, make), 100, agent.constructor.name);
});
