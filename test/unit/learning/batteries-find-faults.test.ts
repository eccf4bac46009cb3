import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../../../src/learning/agent.ts';
import { A2c } from '../../../src/learning/algorithms/a2c.ts';
import type { Environment, EnvironmentBatch } from '../../../src/learning/environment.ts';
import { CartPole } from '../../../src/learning/environments/cart-pole.ts';
import { InvalidActions } from '../../../src/learning/environments/invalid-actions.ts';
import type { SavedState } from '../../../src/learning/saved-state.ts';
import { VectorEnvironment } from '../../../src/learning/vector-environment.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import { checkAgent } from '../../support/check-agent.ts';
import { checkEnvironment } from '../../support/check-environment.ts';

/** Batteries that find nothing are worth nothing: each fault here is one that people have made. */

const poles = () => new VectorEnvironment([new CartPole(), new CartPole()]);
const masked = () =>
  new VectorEnvironment([new InvalidActions({ actions: [6], invalid: [4], episodeSteps: 9 })]);

class Faulty extends A2c {
  constructor(batch: EnvironmentBatch, seed: number) {
    super(batch, { seed, hidden: [8], rolloutSteps: 4 });
  }
}

const faultyAgents: readonly [
  string,
  (batch: EnvironmentBatch, seed: number) => Agent,
  RegExp,
  () => EnvironmentBatch,
][] = [
  ['the seed is not heeded', (batch) => new Faulty(batch, 0), /another training/, poles],
  [
    'weights are drawn without a seed',
    (batch) => {
      const agent = new Faulty(batch, 1);
      agent.model.policy.parameters[0]! += Math.random();
      return agent;
    },
    /the same training/,
    poles,
  ],
  [
    'the optimiser begins anew',
    (batch, seed) =>
      new (class extends Faulty {
        override restore(saved: SavedState): void {
          const { secondMoments } = saved['optimiser'] as { secondMoments: Float32Array };
          const forgotten = {
            firstMoments: new Float32Array(0),
            secondMoments: secondMoments.map(() => 0),
            steps: 0,
          };
          super.restore({ ...saved, optimiser: forgotten });
        }
      })(batch, seed),
    /saved again right away/,
    poles,
  ],
  [
    'the buffers of a generator are not saved',
    (batch, seed) =>
      new (class extends Faulty {
        readonly #own = new RandomStream(seed);
        override trainUntil(steps: number): void {
          while (this.steps < steps) {
            super.trainUntil(this.steps + 1);
            this.model.value.parameters[0]! += 1e-3 * this.#own.next();
          }
        }
      })(batch, seed),
    /restored at/,
    poles,
  ],
  [
    'it explores when it is asked for its best',
    (batch, seed) =>
      new (class extends Faulty {
        readonly #own = new RandomStream(seed);
        override act(
          observations: Float32Array,
          masks: Uint8Array | undefined,
          rows: number,
          actions: Int32Array,
        ): void {
          super.act(observations, masks, rows, actions);
          if (this.#own.next() < 0.2) actions[0] = 1 - actions[0]!;
        }
      })(batch, seed),
    /acts the same/,
    poles,
  ],
  [
    'the mask is forgotten',
    (batch, seed) =>
      new (class extends Faulty {
        override act(
          observations: Float32Array,
          _: Uint8Array | undefined,
          rows: number,
          actions: Int32Array,
        ): void {
          super.act(observations, undefined, rows, actions);
        }
      })(batch, seed),
    /what it chooses is valid|chooses what alone is valid/,
    masked,
  ],
  [
    'acting goes into the statistics',
    (batch, seed) =>
      new (class extends Faulty {
        override act(
          observations: Float32Array,
          masks: Uint8Array | undefined,
          rows: number,
          actions: Int32Array,
        ): void {
          super.act(observations, masks, rows, actions);
          this.model.value.parameters[0]! += 1;
        }
      })(batch, seed),
    /acting changes nothing/,
    poles,
  ],
];

for (const [fault, make, message, environments] of faultyAgents)
  test(`the battery of agents finds that ${fault}`, () => {
    assert.throws(() => checkAgent({ environments, make, steps: 80 }), { name: 'AssertionError', message });
  });

const faultyEnvironments: readonly [string, (pole: CartPole) => Partial<Environment>, RegExp][] = [
  [
    'the seed is not heeded',
    (pole) => ({ reset: (observation) => pole.reset(observation) }),
    /the same life|another life/,
  ],
  [
    'a state is not saved',
    (pole) => ({ save: () => ({ ...pole.save(), state: new Float64Array(4) }) }),
    /as if never saved/,
  ],
  [
    'an episode never ends',
    (pole) => ({
      step: (action, observation) => ({
        ...pole.step(action, observation),
        terminated: false,
        truncated: false,
      }),
    }),
    /an episode ends/,
  ],
  [
    'a reward is no number',
    (pole) => ({
      step: (action, observation) => ({ ...pole.step(action, observation), reward: Number.NaN }),
    }),
    /rewards are finite/,
  ],
  ['a mask is promised and not given', () => ({ masked: true }), /masked environments write masks/],
];

for (const [fault, change, message] of faultyEnvironments)
  test(`the battery of environments finds that ${fault}`, () => {
    const make = (): Environment => {
      const pole = new CartPole();
      return {
        observationSize: pole.observationSize,
        actions: pole.actions,
        masked: pole.masked,
        reset: (observation, seed) => pole.reset(observation, seed),
        step: (action, observation) => pole.step(action, observation),
        save: () => pole.save(),
        restore: (saved) => pole.restore(saved),
        ...change(pole),
      };
    };
    assert.throws(() => checkEnvironment(make), { name: 'AssertionError', message });
  });
