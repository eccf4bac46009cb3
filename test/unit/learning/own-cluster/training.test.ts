import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultTraining,
  OwnClusterTraining,
  type SavedTraining,
  type TrainingSettings,
} from '../../../../src/learning/own-cluster/training.ts';
import type { Twin } from '../../../../src/learning/own-cluster/twin.ts';
import { TERM } from '../../../../src/policy/energy/term-table.ts';
import type { WeightedRule } from '../../../../src/policy/energy/weighted-policy.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../../src/simulation/scenarios/scenarios.ts';
import type { SimulationInput } from '../../../../src/simulation/simulation.ts';

/** Two hours of a scenario, so that a test is short. */
function twinOf(name: string, load: number, clusterSeed = 4): Twin {
  const { sleeps, waits, generate } = scenarioByName(name);
  return {
    name,
    sleeps,
    waits,
    situation(seed) {
      const { workload, ...rest } = generate({ clusterSeed, workloadSeed: seed, load });
      const windowSeconds = 2 * 3600;
      const items = workload.items.filter(({ arrivalSeconds }) => arrivalSeconds < windowSeconds);
      return { ...rest, workload: { items, windowSeconds } };
    },
  };
}

const small: TrainingSettings = {
  ...defaultTraining,
  generations: 6,
  population: 6,
  trainingSeeds: 4,
  seedsPerGeneration: 2,
  validationSeeds: 4,
  acceptanceSeeds: 6,
  validations: 3,
};

test('a training that was stopped and goes on ends with the same bits', () => {
  const twin = twinOf('Brnd', 0.6);
  const whole = new OwnClusterTraining({ twin, simulate, settings: small });
  while (!whole.isDone) whole.step();
  const first = new OwnClusterTraining({ twin, simulate, settings: small });
  for (let i = 0; i < 3; i++) first.step();
  const saved = JSON.parse(JSON.stringify(first.save())) as SavedTraining;
  const second = new OwnClusterTraining({ twin, simulate, settings: small, saved });
  while (!second.isDone) second.step();
  assert.deepEqual(second.save(), whole.save());
  assert.deepEqual(second.result(), whole.result());
  assert.equal(whole.validations.length, 3);
});

test('where nothing can be saved nothing is accepted, and the rule stays', () => {
  const training = new OwnClusterTraining({ twin: twinOf('A-linear', 0.2), simulate, settings: small });
  while (!training.isDone) training.step();
  const { isAccepted, policy, start } = training.result();
  assert.equal(isAccepted, false);
  assert.equal(policy, start);
});

test('a waste that no rule sees is found, accepted, and told on workloads that nothing was chosen by', () => {
  // The first node really takes ten times what its curve says.
  const wasting = (input: SimulationInput) => {
    const result = simulate(input);
    return { ...result, energyJoules: result.energyJoules + 9 * result.energyByNode[0]! };
  };
  const more = { validations: 5, validationSeeds: 6, acceptanceSeeds: 40 };
  const settings = { ...small, generations: 30, population: 10, ...more };
  const training = new OwnClusterTraining({ twin: twinOf('Brnd', 0.3, 10), simulate: wasting, settings });
  while (!training.isDone) training.step();
  const { isAccepted, policy, validation } = training.result();
  assert.equal(isAccepted, true);
  assert.ok(validation.upper < 0);
  const { mean, interval } = training.report(policy, 60);
  assert.ok(mean < -0.04 && interval!.high < 0, `${mean}`);
});

test('what cannot be is refused with its name', () => {
  const twin = twinOf('Brnd', 0.6);
  const make = (more: Partial<TrainingSettings>) =>
    new OwnClusterTraining({ twin, simulate, settings: { ...small, ...more } });
  for (const [more, says] of [
    [{ sigma: 0 }, /sigma/],
    [{ population: 3 }, /population/],
    [{ validationSeeds: 1 }, /validationSeeds/],
    [{ acceptanceSeeds: 1 }, /acceptanceSeeds/],
    [{ seedsPerGeneration: 9 }, /seedsPerGeneration/],
    [{ generations: 1.5 }, /generations/],
  ] as const)
    assert.throws(() => make(more), { code: 'KISIM_E_LEARNING_SETTINGS', message: says });
});

test('a checkpoint of other settings or another space is refused', () => {
  const twin = twinOf('Brnd', 0.6);
  const training = new OwnClusterTraining({ twin, simulate, settings: small });
  training.step();
  const saved = training.save();
  const resume = (more: Partial<SavedTraining>, settings = small, of = twin) =>
    new OwnClusterTraining({ twin: of, simulate, settings, saved: { ...saved, ...more } });
  const refused = { code: 'KISIM_E_LEARNING_CHECKPOINT' };
  assert.throws(() => resume({}, { ...small, sigma: 0.2 }), refused);
  assert.throws(() => resume({ start: 'nonsense' }), refused);
  assert.throws(() => resume({ best: { ...saved.best, point: [1] } }), refused);
});

test('training begins at another point where that proves better than every rule, and only there', () => {
  const twin = twinOf('Brnd', 0.6);
  const wasting = (input: SimulationInput) => {
    const result = simulate(input);
    return { ...result, energyJoules: result.energyJoules + 9 * result.energyByNode[0]! };
  };
  const last = (start: WeightedRule, weight: number): WeightedRule => {
    const weights = start.weights.slice();
    // Nodes stand in the list by their index: the first one is the dear one.
    weights[TERM.nodeIndex]! += weight;
    return { ...start, name: 'other', weights, unit: 'points' };
  };
  const make = (weight: number) =>
    new OwnClusterTraining({
      twin,
      simulate: wasting,
      settings: small,
      beginnings: (start) => [{ rule: last(start, weight) }],
    });
  const better = make(-100);
  assert.equal(better.beganElsewhere, true);
  assert.equal(make(100).beganElsewhere, false);
  better.step();
  const [first] = better.validations;
  assert.equal(first!.generation, 1);
  const resumed = new OwnClusterTraining({
    twin,
    simulate: wasting,
    settings: small,
    saved: JSON.parse(JSON.stringify(better.save())) as SavedTraining,
  });
  while (!better.isDone) better.step();
  while (!resumed.isDone) resumed.step();
  assert.deepEqual(resumed.save(), better.save());
});
