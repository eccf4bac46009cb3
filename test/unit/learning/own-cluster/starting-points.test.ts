import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startingPoints } from '../../../../src/learning/own-cluster/starting-points.ts';
import { weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../../src/simulation/scenarios/scenarios.ts';

/** Rules whose points place as they do, ties aside. */
const same = [
  'marginal-run-out',
  'bid-price',
  'marginal-power',
  'efficiency-first',
  'kube-efficiency',
  'peaks',
];

for (const scenario of ['Brnd', 'Drnd'])
  test(`points of moderate weights spend the energy of the rules that they stand for: ${scenario}`, () => {
    const { sleeps, waits, generate } = scenarioByName(scenario);
    const situation = generate({ clusterSeed: 2, workloadSeed: 3, load: 0.6 });
    const points = startingPoints({ sleeps, waits });
    const names = sleeps ? [...same, 'marginal-run-out+awake-first', 'peaks+awake-first'] : same;
    for (const name of names) {
      const point = points.find((each) => each.name === name)!;
      const ours = simulate({ ...situation, policy: weightedPolicy(point, 'first'), seed: 1 });
      const theirs = simulate({ ...situation, policy: policyByName(name, { ties: 'first' }), seed: 1 });
      const change = ours.energyJoules / theirs.energyJoules - 1;
      assert.ok(Math.abs(change) < 0.01, `${name}: ${(100 * change).toFixed(2)} %`);
      // An efficiency-first of moderate weights may take another node of a type now and then.
      if (name !== 'efficiency-first') assert.ok(Math.abs(change) < 0.004, `${name}: ${change}`);
    }
  });

test('names are distinct, and every kind of cluster has more of them', () => {
  const counts = [
    startingPoints({ sleeps: false, waits: false }),
    startingPoints({ sleeps: true, waits: false }),
    startingPoints({ sleeps: true, waits: true }),
  ].map((points) => {
    assert.equal(new Set(points.map(({ name }) => name)).size, points.length);
    return points.length;
  });
  assert.ok(counts[0]! < counts[1]! && counts[1]! < counts[2]!);
});
