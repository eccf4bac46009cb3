import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inThisThread } from '../../../../src/learning/own-cluster/episodes.ts';
import type { Twin } from '../../../../src/learning/own-cluster/twin.ts';
import { fittedQ } from '../../../../src/learning/placement/fitted-q-trainer.ts';
import {
  defaultFittedQ,
  type FittedQSettings,
  FittedQTraining,
  type SavedFittedQ,
} from '../../../../src/learning/placement/fitted-q-training.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../../src/simulation/scenarios/scenarios.ts';

/** Half an hour of a scenario, so that a test is short. */
function twinOf(name: string, load: number, clusterSeed = 4): Twin {
  const { sleeps, waits, generate } = scenarioByName(name);
  return {
    name,
    sleeps,
    waits,
    situation(seed) {
      const { workload, ...rest } = generate({ clusterSeed, workloadSeed: seed, load });
      const windowSeconds = 1800;
      const items = workload.items.filter(({ arrivalSeconds }) => arrivalSeconds < windowSeconds);
      return { ...rest, workload: { items, windowSeconds } };
    },
  };
}

const small: FittedQSettings = {
  ...defaultFittedQ,
  rounds: 4,
  episodesPerRound: 3,
  trainingSeeds: 6,
  probeSeeds: 2,
  validationSeeds: 4,
  acceptanceSeeds: 6,
  validations: 2,
};

for (const scenario of ['Drnd', 'Ernd'])
  test(`${scenario}: a training that was stopped and goes on ends with the same bits`, () => {
    const twin = twinOf(scenario, 0.5);
    const whole = new FittedQTraining({ twin, settings: small });
    while (!whole.isDone) whole.step();
    const first = new FittedQTraining({ twin, settings: small });
    for (let i = 0; i < 2; i++) first.step();
    const saved = JSON.parse(JSON.stringify(first.save())) as SavedFittedQ;
    const second = new FittedQTraining({ twin, settings: small, saved });
    while (!second.isDone) second.step();
    assert.deepEqual(second.save(), whole.save());
    assert.deepEqual(second.result(), whole.result());
    assert.equal(whole.validations.length, 2);
  });

test('where nothing can be saved nothing is accepted, and the rule stays', () => {
  const training = new FittedQTraining({ twin: twinOf('A-linear', 0.2), settings: small });
  while (!training.isDone) training.step();
  const { isAccepted, policy, start } = training.result();
  assert.equal(isAccepted, false);
  assert.equal(policy, start);
});

test('what cannot be is refused with its name', () => {
  const twin = twinOf('Brnd', 0.6);
  for (const [more, says] of [
    [{ lambda: 1.1 }, /lambda/],
    [{ temperature: 0 }, /temperature/],
    [{ mixings: [] }, /mixings/],
    [{ ridges: [0] }, /ridges/],
    [{ rounds: 0.5 }, /rounds/],
    [{ episodesPerRound: 7 }, /7 and 2 workloads/],
  ] as const)
    assert.throws(() => new FittedQTraining({ twin, settings: { ...small, ...more } }), {
      code: 'KISIM_E_LEARNING_SETTINGS',
      message: says,
    });
});

test('a checkpoint of other settings is refused', () => {
  const twin = twinOf('Brnd', 0.6);
  const saved = new FittedQTraining({ twin, settings: small }).save();
  const resume = (settings: FittedQSettings, more: Partial<SavedFittedQ> = {}) =>
    new FittedQTraining({ twin, settings, saved: { ...saved, ...more } });
  const refused = { code: 'KISIM_E_LEARNING_CHECKPOINT' };
  assert.throws(() => resume({ ...small, lambda: 0.5 }), refused);
  assert.throws(() => resume(small, { point: [1] }), refused);
});

test('as an algorithm of training it counts rounds, and learns how many fit', () => {
  const twin = twinOf('Brnd', 0.6);
  const episodes = inThisThread(twin, simulate);
  const begun = fittedQ.begin({ twin, episodes, seed: 1, steps: 1 }).save();
  let ticks = 0;
  const steps = fittedQ.stepsWithin(1000, {
    twin,
    episodes,
    seed: 1,
    begun,
    clock: () => 10_000 * ticks++,
    reportWorkloads: 4,
  });
  assert.ok(steps > 10 && steps < 1000, `${steps}`);
  const trainer = fittedQ.begin({ twin, episodes, seed: 1, steps: 2, saved: begun });
  trainer.step();
  assert.equal(trainer.progress().step, 1);
  assert.equal(trainer.isDone, false);
});
