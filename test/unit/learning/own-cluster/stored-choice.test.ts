import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelStanding } from '../../../../src/learning/own-cluster/cluster-choice.ts';
import { storedChoice } from '../../../../src/learning/own-cluster/stored-choice.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';

const standing = (changes: Partial<ModelStanding> = {}): ModelStanding => ({
  sha256: 'frozen',
  isFirst: true,
  change: -0.012,
  low: -0.02,
  high: -0.004,
  workloads: 24,
  ...changes,
});

function stored(...models: readonly ModelStanding[]) {
  const policy = weightedPolicy(marginalRunOut, 'first');
  const standings = [0, ...models].map(() => ({ policy, meanCost: 1, situations: 12 }));
  return storedChoice({ rule: marginalRunOut, standings, models }, 'frozen', 'monday');
}

test('the frozen model is picked where it is first and proven better than the best rule, with its figures', () => {
  const { picked, refused, reason, time } = stored(standing());
  assert.deepEqual([picked, refused, time], ['frozen', [], 'monday']);
  assert.equal(
    reason,
    'marginal-run-out is the best of 1 rules on 12 simulated workloads of this cluster, and the frozen model is better: -1.20 % of its price (95 %: -2.00 % to -0.40 %) on 24 further ones',
  );
});

test('first by luck, or better but not first, it is not picked; nor is the model of this cluster in its place', () => {
  for (const not of [{ high: 0.001 }, { isFirst: false }, { sha256: 'own' }]) {
    const { picked, refused, reason } = stored(standing(not));
    assert.deepEqual([picked, refused], [null, []]);
    assert.match(reason, /of this cluster$/);
  }
});

test('models are refused that are proven worse than the best rule', () => {
  const worse = { isFirst: false, change: 0.02, low: 0.01, high: 0.03 };
  const { refused } = stored(standing({ ...worse, sha256: 'own' }), standing(worse), standing({ low: 0 }));
  assert.deepEqual(refused, ['own', 'frozen']);
});
