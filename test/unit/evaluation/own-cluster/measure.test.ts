import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellTwin, ownClusterCells, randomisedTwin } from '../../../../src/evaluation/own-cluster/cells.ts';
import { compare } from '../../../../src/evaluation/own-cluster/measure.ts';
import { believing } from '../../../../src/evaluation/own-cluster/seen-nodes.ts';
import { trainWithin } from '../../../../src/evaluation/own-cluster/train-within.ts';
import { startingPoints } from '../../../../src/learning/own-cluster/starting-points.ts';
import { weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import { readServerModels } from '../../../../src/power-model/server-models.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { randomHardware } from '../../../../src/simulation/generators/hardware.ts';

const groups = randomHardware(readServerModels(), 1);
const cellOf = (name: string) => ownClusterCells.find((each) => each.name === name)!;

test('the cells are those of the goal, with sleep and waiting where their family has them', () => {
  assert.deepEqual(
    ownClusterCells.map(({ name }) => name),
    ['B30', 'B60', 'B90', 'D30', 'D60', 'D90', 'E30', 'E60'],
  );
  const [b, d, e] = ['B60', 'D60', 'E60'].map((name) => cellTwin(cellOf(name), groups, 0));
  assert.deepEqual([b!.sleeps, d!.sleeps, e!.sleeps], [false, true, true]);
  assert.deepEqual([b!.waits, d!.waits, e!.waits], [false, false, true]);
});

test('a cluster that deviates differs in just that', () => {
  const cell = cellOf('B60');
  const asTold = cellTwin(cell, groups, 0).situation(5);
  const less = cellTwin(cell, groups, 0, { load: 0.5 }).situation(5);
  const hot = cellTwin(cell, groups, 0, { curvesSeed: 1 }).situation(5);
  const other = cellTwin(cell, groups, 0, { otherMix: true }).situation(5);
  assert.ok(less.workload.items.length < 0.7 * asTold.workload.items.length);
  assert.deepEqual(hot.workload, asTold.workload);
  assert.notEqual(hot.nodes[0]!.power!.fullWatts, asTold.nodes[0]!.power!.fullWatts);
  const heavy = ({ workload }: typeof asTold) =>
    workload.items.some(({ pod }) => pod.name.startsWith('memory-heavy'));
  assert.deepEqual([heavy(asTold), heavy(other)], [true, false]);
});

test('a randomised twin draws another cluster for every seed, and the same for the same', () => {
  const twin = randomisedTwin(cellOf('D60'), groups, 0);
  const [a, b, again] = [twin.situation(1), twin.situation(2), twin.situation(1)];
  assert.notEqual(a.nodes[0]!.power!.fullWatts, b.nodes[0]!.power!.fullWatts);
  assert.deepEqual(a.workload, again.workload);
});

test('who believes in other curves chooses by them, and is charged by the real ones', () => {
  const cell = cellOf('B60');
  const real = cellTwin(cell, groups, 0, { curvesSeed: 9 }).situation(1);
  const told = cellTwin(cell, groups, 0).situation(1);
  const rule = startingPoints({ sleeps: false, waits: false }).find(({ name }) => name === 'bid-price')!;
  const policy = weightedPolicy(rule, 'first');
  const misled = simulate({ ...real, policy: believing(policy, told.nodes), seed: 1 });
  const informed = simulate({ ...told, policy, seed: 1 });
  const knowing = simulate({ ...real, policy: believing(policy, real.nodes), seed: 1 });
  // The same placements as on the cluster that it believes in, at other watts.
  assert.deepEqual(misled.waits, informed.waits);
  assert.notEqual(misled.energyJoules, informed.energyJoules);
  assert.equal(knowing.energyJoules, simulate({ ...real, policy, seed: 1 }).energyJoules);
});

test('a rule against itself saves nothing, and hindsight is never worse than the rule', () => {
  const twin = cellTwin(cellOf('D30'), groups, 1);
  const points = startingPoints(twin);
  const rule = points.find(({ name }) => name === 'marginal-run-out')!;
  const found = compare({ twin, simulate, learned: rule, rule, seeds: [1, 2], rivals: points.slice(0, 4) });
  assert.deepEqual(found.againstRule, [0, 0]);
  assert.deepEqual(found.energyAgainstRule, [0, 0]);
  assert.ok(found.againstHindsight.reduce((sum, each) => sum + each, 0) >= -1e-9);
  assert.equal(found.learned.waitSeconds, found.rule.waitSeconds);
});

test('training keeps within its time, by the clock that it is given', () => {
  // Every look at the clock is a tenth of a second.
  let now = 0;
  const cpuSeconds = () => {
    now += 0.1;
    return now;
  };
  const settings = {
    seed: 1,
    population: 4,
    sigma: 0.12,
    trainingSeeds: 2,
    seedsPerGeneration: 1,
    validationSeeds: 2,
    acceptanceSeeds: 3,
  };
  const whole = cellTwin(cellOf('B30'), groups, 0);
  // Half an hour of it.
  const twin = {
    ...whole,
    situation(seed: number) {
      const { workload, ...rest } = whole.situation(seed);
      const items = workload.items.filter(({ arrivalSeconds }) => arrivalSeconds < 1800);
      return { ...rest, workload: { items, windowSeconds: 1800 } };
    },
  };
  const trained = trainWithin({ twin, simulate, settings, seconds: 6, cpuSeconds });
  assert.ok(trained.generations >= 1);
  assert.ok(trained.seconds <= 8, `${trained.seconds}`);
  assert.ok(trained.isAccepted || trained.policy === trained.start);
});
