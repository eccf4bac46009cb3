import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../../../../src/learning/agent.ts';
import { A2c } from '../../../../src/learning/algorithms/a2c.ts';
import { BehaviourCloning } from '../../../../src/learning/algorithms/behaviour-cloning.ts';
import { Dqn } from '../../../../src/learning/algorithms/dqn.ts';
import { Ppo } from '../../../../src/learning/algorithms/ppo.ts';
import { SacDiscrete } from '../../../../src/learning/algorithms/sac-discrete.ts';
import type { Environment } from '../../../../src/learning/environment.ts';
import { greedyEpisodes } from '../../../../src/learning/greedy-episodes.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { checkAgent } from '../../../support/check-agent.ts';

/*
 * A network shared over the parts of an observation, as over the nodes of a cluster: each of some entities has two numbers, and the one
 * with the greatest difference is to be chosen among the valid ones.
 */

function choosing(entities: number): Environment {
  const random = new RandomStream(0);
  const state = new Float32Array(2 * entities);
  const mask = new Uint8Array(entities);
  const step = { reward: 0, terminated: false, truncated: false };
  let elapsed = 0;
  const best = () => {
    let found = -1;
    for (let i = 0; i < entities; i++)
      if (
        mask[i] === 1 &&
        (found < 0 || state[2 * i]! - state[2 * i + 1]! > state[2 * found]! - state[2 * found + 1]!)
      )
        found = i;
    return found;
  };
  const next = (observation: Float32Array) => {
    for (let i = 0; i < state.length; i++) state[i] = random.uniform(-1, 1);
    mask.fill(1);
    mask[random.integer(entities)] = 0;
    observation.set(state);
  };
  return {
    observationSize: 2 * entities,
    actions: [entities],
    masked: true,
    reset(observation, seed) {
      if (seed !== undefined) random.restore(new RandomStream(seed).state);
      elapsed = 0;
      next(observation);
    },
    step(action, observation) {
      step.reward = action[0] === best() ? 1 : 0;
      step.truncated = ++elapsed >= 20;
      next(observation);
      return step;
    },
    writeMask: (into) => into.set(mask),
    save: () => ({ random: random.state, state: state.slice(), mask: mask.slice(), elapsed }),
    restore(saved) {
      const fields = saved as {
        random: [number, number, number, number];
        state: Float32Array;
        mask: Uint8Array;
        elapsed: number;
      };
      random.restore(fields.random);
      state.set(fields.state);
      mask.set(fields.mask);
      ({ elapsed } = fields);
    },
  };
}

/** What the value network reads: here the same numbers. */
class WithValues extends VectorEnvironment {
  readonly valueObservations = this.observations;
  readonly nextValueObservations = this.nextObservations;
}

const ENTITIES = 5;
const batch = (count: number) => new WithValues(Array.from({ length: count }, () => choosing(ENTITIES)));

function score(agent: Agent, entities = ENTITIES): number {
  const fresh = new VectorEnvironment(Array.from({ length: 20 }, () => choosing(entities)));
  const returns = greedyEpisodes(agent, fresh, 700);
  return returns.reduce((sum, value) => sum + value, 0) / returns.length / 20;
}

const shared = { entities: ENTITIES, gamma: 0 };

test('a network shared over entities learns which of them to choose, by every algorithm that can share', () => {
  const agents: readonly [Agent, number][] = [
    [
      new Dqn(batch(4), {
        ...shared,
        hidden: [32],
        learningRate: 2e-3,
        learningStarts: 200,
        totalSteps: 8000,
        targetEvery: 100,
      }),
      8000,
    ],
    [new Ppo(batch(8), { ...shared, hidden: [32], rolloutSteps: 64, learningRate: 3e-3 }), 10_000],
    [new A2c(batch(8), { ...shared, hidden: [32], learningRate: 3e-3 }), 20_000],
    [
      new SacDiscrete(batch(4), {
        ...shared,
        hidden: [32],
        policyRate: 2e-3,
        criticRate: 2e-3,
        temperatureRate: 2e-3,
        targetEntropyShare: 0.2,
        learningStarts: 200,
      }),
      12_000,
    ],
  ];
  for (const [agent, steps] of agents) {
    agent.trainUntil(steps);
    // By chance a quarter.
    assert.ok(score(agent) > 0.8, `${agent.constructor.name}: ${score(agent)}`);
  }
});

test('agents that share a network over entities keep the rules of agents', () => {
  const environments = () => batch(2);
  checkAgent({
    environments,
    make: (made, seed) =>
      new Ppo(made, { ...shared, seed, hidden: [8], rolloutSteps: 12, minibatch: 8, epochs: 2 }),
    steps: 60,
  });
  checkAgent({
    environments,
    make: (made, seed) =>
      new Dqn(made, { ...shared, seed, hidden: [8], quantiles: 3, learningStarts: 20, batchSize: 8 }),
    steps: 60,
  });
});

test('a clone that shares its network over entities decides as the rule does', () => {
  const made = batch(1);
  const rows = 600;
  const observations = new Float32Array(rows * made.observationSize);
  const masks = new Uint8Array(rows * ENTITIES);
  const actions = new Int32Array(rows);
  made.reset(1);
  for (let row = 0; row < rows; row++) {
    observations.set(made.observations, row * made.observationSize);
    masks.set(made.masks, row * ENTITIES);
    const differences = Array.from({ length: ENTITIES }, (_, i) =>
      made.masks[i] === 1
        ? made.observations[2 * i]! - made.observations[2 * i + 1]!
        : Number.NEGATIVE_INFINITY,
    );
    actions[row] = differences.indexOf(Math.max(...differences));
    made.step(actions.subarray(row, row + 1));
  }
  const clone = new BehaviourCloning(
    made,
    { rows, observations, masks, actions },
    { entities: ENTITIES, hidden: [16] },
  );
  clone.trainUntil(800);
  assert.ok(score(clone) > 0.9, String(score(clone)));
});
