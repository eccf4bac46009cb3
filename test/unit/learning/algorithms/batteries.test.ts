import { test } from 'node:test';
import { A2c } from '../../../../src/learning/algorithms/a2c.ts';
import { Dqn } from '../../../../src/learning/algorithms/dqn.ts';
import { OpenAiEs } from '../../../../src/learning/algorithms/openai-es.ts';
import { Ppo } from '../../../../src/learning/algorithms/ppo.ts';
import { SacDiscrete } from '../../../../src/learning/algorithms/sac-discrete.ts';
import { CartPole } from '../../../../src/learning/environments/cart-pole.ts';
import { Identity } from '../../../../src/learning/environments/identity.ts';
import { InvalidActions } from '../../../../src/learning/environments/invalid-actions.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';
import { checkAgent } from '../../../support/check-agent.ts';

const poles = (count: number) => () =>
  new VectorEnvironment(Array.from({ length: count }, () => new CartPole()));
const masked = () =>
  new VectorEnvironment(
    Array.from({ length: 3 }, () => new InvalidActions({ actions: [6], invalid: [4], episodeSteps: 7 })),
  );
const several = () =>
  new VectorEnvironment(
    Array.from(
      { length: 2 },
      () => new InvalidActions({ actions: [4, 3], invalid: [2, 1], episodeSteps: 9 }),
    ),
  );
const identities = () =>
  new VectorEnvironment(Array.from({ length: 4 }, () => new Identity({ actions: [3], episodeSteps: 6 })));

const dqn = {
  hidden: [16],
  learningStarts: 30,
  trainEvery: 5,
  batchSize: 8,
  targetEvery: 20,
  bufferSize: 100,
  totalSteps: 300,
};

test('DQN keeps the rules of agents', () => {
  checkAgent({ environments: poles(1), make: (batch, seed) => new Dqn(batch, { ...dqn, seed }), steps: 200 });
});

test('DQN with all its switches and masks keeps the rules of agents', () => {
  checkAgent({
    environments: masked,
    make: (batch, seed) =>
      new Dqn(batch, {
        ...dqn,
        seed,
        double: true,
        dueling: true,
        steps: 3,
        quantiles: 5,
        prioritised: { alpha: 0.5, beta: 0.4, epsilon: 1e-6 },
        learningRate: { from: 1e-3, to: 1e-4 },
        maxGradientNorm: 0,
      }),
    steps: 200,
  });
});

test('PPO keeps the rules of agents', () => {
  checkAgent({
    environments: poles(4),
    make: (batch, seed) =>
      new Ppo(batch, {
        seed,
        hidden: [16],
        rolloutSteps: 10,
        minibatch: 16,
        epochs: 3,
        totalSteps: 400,
        normaliseObservations: true,
        normaliseRewards: true,
        learningRate: { from: 1e-3, to: 0 },
      }),
    steps: 200,
  });
});

test('PPO with several choices, masks, clipped values and a limit of divergence keeps the rules of agents', () => {
  checkAgent({
    environments: several,
    make: (batch, seed) =>
      new Ppo(batch, {
        seed,
        hidden: [16],
        rolloutSteps: 12,
        minibatch: 8,
        epochs: 4,
        valueClip: 0.2,
        valueLoss: 'greatest',
        entropyCoefficient: 0.01,
        learningRate: 1e-2,
        targetKl: 0.01,
      }),
    steps: 150,
  });
});

test('A2C keeps the rules of agents', () => {
  checkAgent({
    environments: poles(4),
    make: (batch, seed) => new A2c(batch, { seed, hidden: [16], normaliseObservations: true }),
    steps: 200,
  });
  checkAgent({
    environments: several,
    make: (batch, seed) =>
      new A2c(batch, { seed, hidden: [16], rmsprop: 'tensorflow', normaliseAdvantages: true }),
    steps: 100,
  });
});

test('discrete SAC keeps the rules of agents', () => {
  for (const environments of [poles(2), masked])
    checkAgent({
      environments,
      make: (batch, seed) =>
        new SacDiscrete(batch, {
          seed,
          hidden: [16],
          learningStarts: 30,
          batchSize: 8,
          bufferSize: 100,
          maxGradientNorm: 1,
        }),
      steps: 150,
    });
});

test('the evolution strategy keeps the rules of agents', () => {
  for (const environments of [identities, several])
    checkAgent({
      environments,
      make: (batch, seed) => new OpenAiEs(batch, { seed, hidden: [4], pairs: 3 }),
      steps: 400,
    });
});
