import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startingPoints } from '../../../../src/learning/own-cluster/starting-points.ts';
import { waitBeginnings } from '../../../../src/learning/own-cluster/wait-beginnings.ts';
import { WAIT_TERM, WAIT_TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';

const rule = startingPoints({ sleeps: true, waits: true }).at(-1)!;

function waits(weights: Float64Array, terms: Readonly<Partial<Record<keyof typeof WAIT_TERM, number>>>) {
  const vector = new Float64Array(WAIT_TERM_COUNT);
  vector[WAIT_TERM.constant] = 1;
  for (const [name, value] of Object.entries(terms))
    vector[WAIT_TERM[name as keyof typeof WAIT_TERM]] = value;
  return vector.reduce((sum, value, i) => sum + value * weights[i]!, 0) > 0;
}

test('where the condition holds large pods wait and small ones do not, and else none does', () => {
  const found = waitBeginnings(rule).find(({ rule: { name } }) => name.endsWith('asleep, energy above 0.5'))!;
  const weights = found.rule.waitWeights!;
  assert.equal(waits(weights, { asleep: 1, size: 0.4, duration: 0.3 }), true);
  assert.equal(waits(weights, { asleep: 1, size: 0.2, duration: 0.2 }), false);
  assert.equal(waits(weights, { asleep: 0, size: 2, duration: 2 }), false);
});

test('the dearer the start is beside what the pod needs anyway, the smaller the pods that wait', () => {
  const found = waitBeginnings(rule).find(({ rule: { name } }) => name.endsWith('ratio 1.6 and energy 0'))!;
  const weights = found.rule.waitWeights!;
  assert.equal(waits(weights, { energyRatio: 1.5, size: 0.2 }), false);
  assert.equal(waits(weights, { energyRatio: 1.7, size: 0.2 }), true);
  assert.equal(waits(weights, { energyRatio: 1.7, size: -1 }), false);
});

test('they place as the rule does, under names of their own', () => {
  const beginnings = waitBeginnings(rule);
  assert.equal(new Set(beginnings.map((each) => each.rule.name)).size, beginnings.length);
  for (const each of beginnings) assert.deepEqual(each.rule.weights, rule.weights);
});
