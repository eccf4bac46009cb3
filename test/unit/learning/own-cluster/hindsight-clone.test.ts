import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordedPolicy } from '../../../../src/evaluation/offline/assigned-policy.ts';
import { type Choices, cloneOf, notedChoices } from '../../../../src/learning/own-cluster/hindsight-clone.ts';
import { TERM } from '../../../../src/policy/energy/term-table.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../../src/simulation/scenarios/scenarios.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

/** Decisions of somebody who takes the least weighted sum, of three terms on very different scales. */
function choicesOf(weights: readonly number[], decisions: number, seed: number): Choices {
  const random = new RandomStream(seed);
  const scales = [1, 1000, 0.01];
  const values: number[] = [];
  const counts: number[] = [];
  const taken: number[] = [];
  for (let d = 0; d < decisions; d++) {
    const count = 2 + random.integer(4);
    const candidates = Array.from({ length: count }, () => scales.map((scale) => scale * random.normal()));
    const sums = candidates.map((terms) => terms.reduce((sum, term, t) => sum + term * weights[t]!, 0));
    values.push(...candidates.flat());
    counts.push(count);
    taken.push(sums.indexOf(Math.min(...sums)));
  }
  return {
    terms: Int32Array.of(0, 1, 2),
    values: Float64Array.from(values),
    counts: Int32Array.from(counts),
    taken: Int32Array.from(taken),
    joules: new Float64Array(decisions).fill(1),
  };
}

test('weights that somebody decided by are found, up to their common scale, whatever the scales of the terms', () => {
  const weights = [1, -0.002, 50];
  const clone = cloneOf([choicesOf(weights, 300, 1), choicesOf(weights, 300, 2)], {
    shrinkage: 1e-3,
    mostTimesMean: 20,
  });
  assert.ok(clone.agreement > 0.97, `${clone.agreement}`);
  const scale = clone.weights[0]!;
  assert.ok(scale > 0);
  for (const [t, weight] of weights.entries())
    assert.ok(Math.abs(clone.weights[t]! / scale / weight - 1) < 0.1, `${clone.weights}`);
});

test('a pod of much energy weighs more than many small ones that were placed the other way', () => {
  const right = choicesOf([1, 0, 0], 40, 3);
  const wrong = choicesOf([-1, 0, 0], 80, 4);
  const clone = cloneOf([{ ...right, joules: new Float64Array(40).fill(100) }, wrong]);
  assert.ok(clone.weights[0]! > 0);
});

test('a term that never differs between candidates gets no weight', () => {
  const choices = choicesOf([1, 0, 0], 50, 5);
  for (let i = 2; i < choices.values.length; i += 3) choices.values[i] = 7;
  assert.ok(Math.abs(cloneOf([choices]).weights[2]!) < 1e-9);
});

test('choices of a rule are noted with its terms, and the rule is found in them', () => {
  const { sleeps: _, generate } = scenarioByName('Brnd');
  const situation = generate({ clusterSeed: 3, workloadSeed: 1, load: 0.5 });
  const policy = new RecordedPolicy(
    policyByName('best-fit', { ties: 'first' }),
    situation.workload.items.length,
  );
  simulate({ ...situation, policy, seed: 0 });
  const terms = Int32Array.of(TERM.activeEnergy, TERM.absoluteFit, TERM.nodeIndex);
  const noted = notedChoices(situation, policy.nodes, terms, simulate);
  assert.equal(noted.values.length, noted.counts.reduce((sum, count) => sum + count, 0) * 3);
  assert.ok(noted.counts.every((count) => count > 1));
  const clone = cloneOf([noted], { shrinkage: 1e-3, mostTimesMean: 20 });
  assert.ok(clone.agreement > 0.9, `${clone.agreement}`);
  assert.ok(clone.weights[1]! > 0);
});

test('an assignment that has no room for a pod is refused, and so are episodes without a choice', () => {
  const situation = scenarioByName('Brnd').generate({ clusterSeed: 3, workloadSeed: 1, load: 0.5 });
  const full = new Int32Array(situation.workload.items.length);
  assert.throws(() => notedChoices(situation, full, Int32Array.of(TERM.fill), simulate), {
    code: 'KISIM_E_LEARNING_ASSIGNMENT',
  });
  assert.throws(() => cloneOf([]), { code: 'KISIM_E_LEARNING_ASSIGNMENT' });
});
