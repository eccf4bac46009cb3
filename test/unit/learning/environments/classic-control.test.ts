import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Environment } from '../../../../src/learning/environment.ts';
import { Acrobot } from '../../../../src/learning/environments/acrobot.ts';
import { CartPole } from '../../../../src/learning/environments/cart-pole.ts';
import { MountainCar } from '../../../../src/learning/environments/mountain-car.ts';
import { checkEnvironment } from '../../../support/check-environment.ts';

interface Run {
  readonly initial: readonly number[];
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  readonly terminated: readonly number[];
  readonly observations: Readonly<Record<string, readonly number[]>>;
}

type Golden = Readonly<Record<'cartPole' | 'mountainCar' | 'acrobot', readonly Run[]>>;
const golden = JSON.parse(
  readFileSync(new URL('../../../golden/learning/classic-control.json', import.meta.url), 'utf8'),
) as Golden;

const cases: readonly [keyof Golden, string, () => Environment, number][] = [
  ['cartPole', 'CartPole-v1', () => new CartPole(), 500],
  ['mountainCar', 'MountainCar-v0', () => new MountainCar(), 200],
  ['acrobot', 'Acrobot-v1', () => new Acrobot(), 500],
];

for (const [key, name, make, limit] of cases) {
  test(`${name} keeps the rules of environments`, () => checkEnvironment(make));

  test(`${name} goes the way that Gymnasium goes from the same state`, () => {
    for (const run of golden[key]) {
      const environment = make();
      const observation = new Float32Array(environment.observationSize);
      environment.reset(observation, 1);
      environment.restore({ random: [1, 2, 3, 4], state: Float64Array.from(run.initial), elapsed: 0 });
      run.actions.forEach((action, i) => {
        const { reward, terminated } = environment.step(Int32Array.of(action), observation);
        assert.equal(reward, run.rewards[i]);
        assert.equal(terminated, run.terminated[i] === 1, `step ${i}`);
        run.observations[i]?.forEach((expected, j) => {
          // float32 observations; the sines differ in their last bits, and the double pendulum is chaotic.
          assert.ok(
            Math.abs(observation[j]! - expected) <= 2e-6 * (1 + Math.abs(expected)),
            `step ${i}, place ${j}: ${observation[j]}, Gymnasium ${expected}`,
          );
        });
      });
    }
  });

  test(`${name} is cut off after ${limit} steps`, () => {
    const environment = make();
    const observation = new Float32Array(environment.observationSize);
    environment.reset(observation, 1);
    const still = Int32Array.of(1);
    for (let i = 1; i <= limit; i++) {
      // CartPole falls long before: put it back to where it began, with the steps that are gone.
      if (key === 'cartPole')
        environment.restore({ random: [1, 2, 3, 4], state: new Float64Array(4), elapsed: i - 1 });
      const { terminated, truncated } = environment.step(still, observation);
      assert.equal(terminated, false);
      assert.equal(truncated, i === limit);
    }
  });
}
