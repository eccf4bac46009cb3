import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A2c } from '../../../../src/learning/algorithms/a2c.ts';
import { Dqn } from '../../../../src/learning/algorithms/dqn.ts';
import type { Environment } from '../../../../src/learning/environment.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';

/*
 * Stable-Baselines3's test of infinite horizons: 1 at every step for ever, cut into episodes of 5 steps. What was cut off goes on,
 * so every state is worth 1 / (1 - gamma); an end that is one is not.
 */

const GAMMA = 0.9;
const STEPS = 5;

function always(end: 'terminated' | 'truncated'): Environment {
  let elapsed = 0;
  const step = { reward: 1, terminated: false, truncated: false };
  const observe = (observation: Float32Array) => {
    observation.fill(0);
    observation[elapsed % STEPS] = 1;
  };
  return {
    observationSize: STEPS,
    actions: [2],
    masked: false,
    reset(observation) {
      elapsed = 0;
      observe(observation);
    },
    step(_action, observation) {
      elapsed++;
      step[end] = elapsed >= STEPS;
      observe(observation);
      return step;
    },
    save: () => elapsed,
    restore(saved) {
      elapsed = saved as number;
    },
  };
}

/** Of a state with so many steps before it. */
function worth(end: 'terminated' | 'truncated', before: number): number {
  return end === 'truncated' ? 1 / (1 - GAMMA) : (1 - GAMMA ** (STEPS - before)) / (1 - GAMMA);
}

const states = Float32Array.from({ length: STEPS * STEPS }, (_, i) => (i % (STEPS + 1) === 0 ? 1 : 0));

for (const end of ['terminated', 'truncated'] as const) {
  test(`DQN values what ${end === 'truncated' ? 'was cut off as going on' : 'ends as ending'}`, () => {
    for (const steps of [1, 3]) {
      const agent = new Dqn(new VectorEnvironment([always(end), always(end)]), {
        gamma: GAMMA,
        steps,
        learningStarts: 100,
        learningRate: 3e-3,
        trainEvery: 2,
        targetEvery: 50,
        bufferSize: 2000,
        batchSize: 32,
        totalSteps: 6000,
      });
      agent.trainUntil(6000);
      const values = new Float32Array(2 * STEPS);
      agent.network.online.forward(states, STEPS, values);
      for (let state = 0; state < STEPS; state++)
        for (const value of values.subarray(2 * state, 2 * state + 2))
          assert.ok(
            Math.abs(value - worth(end, state)) < 0.5,
            `${steps} steps, state ${state}: ${value}, worth ${worth(end, state)}`,
          );
    }
  });

  test(`A2C values what ${end === 'truncated' ? 'was cut off as going on' : 'ends as ending'}`, () => {
    const agent = new A2c(new VectorEnvironment(Array.from({ length: 4 }, () => always(end))), {
      gamma: GAMMA,
      rolloutSteps: 7,
      learningRate: 3e-3,
    });
    agent.trainUntil(28_000);
    const values = new Float32Array(STEPS);
    agent.model.value.forward(states, STEPS, values);
    values.forEach((value, state) => {
      const expected = worth(end, state);
      assert.ok(Math.abs(value - expected) < 0.5, `state ${state}: ${value}, worth ${expected}`);
    });
  });
}
