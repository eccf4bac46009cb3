import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClusterChoice,
  type ClusterChoiceOptions,
  choosingForCluster,
} from '../../../../src/learning/own-cluster/cluster-choice.ts';
import { twinOf } from '../../../../src/learning/own-cluster/twin-plan.ts';
import { type WeightedRule, weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import { placementWeights } from '../../../../src/policy/energy/weights.ts';

const twin = twinOf({ kind: 'scenario', scenario: 'G', load: 0.3, clusterSeed: 0 });
const candidate = (rule: WeightedRule) => ({ sha256: rule.name, policy: weightedPolicy(rule, 'first') });
/** Takes the node where the pod costs most. */
const wasteful = candidate({
  name: 'wasteful',
  unit: 'points',
  weights: placementWeights({ 'active-energy': -1 }),
});

function chosen(options: Partial<ClusterChoiceOptions> = {}): { choice: ClusterChoice; stops: string[] } {
  const choosing = choosingForCluster({ twin, models: [], awakeFirst: false, ...options });
  const stops: string[] = [];
  for (;;) {
    const { done, value } = choosing.next();
    if (done === true) return { choice: value, stops };
    stops.push(value);
  }
}

test('rules and models are simulated, and a model that costs more is told to be worse than the best rule', () => {
  const { choice, stops } = chosen({ models: [wasteful] });
  const [first] = choice.standings;
  assert.equal(first!.policy.name, choice.rule.name);
  assert.ok(choice.standings.every(({ meanCost }) => Number.isFinite(meanCost)));
  const [model] = choice.models;
  assert.equal(model!.isFirst, false);
  assert.equal(model!.workloads, 24);
  assert.ok(model!.low > 0, `${model!.low}`);
  assert.match(stops[0]!, /^workload 1 of 12, /);
  assert.match(stops.at(-1)!, /^further workload 24 of 24, wasteful beside /);
});

test('a model that is the best rule is not put before it', () => {
  const { choice } = chosen();
  const same = { ...choice.rule, name: 'the same' };
  const again = chosen({ models: [candidate(same)] }).choice;
  assert.equal(again.rule.name, choice.rule.name);
  assert.deepEqual(
    again.models.map(({ isFirst, change, low, high }) => [isFirst, change, low, high]),
    [[false, 0, 0, 0]],
  );
});

test('without time every policy still runs once, and two further workloads give an interval', () => {
  const { choice } = chosen({ models: [wasteful], hasTime: () => false });
  assert.ok(choice.standings.every(({ situations }) => situations === 1));
  assert.equal(choice.models[0]!.workloads, 2);
});

test('where awake nodes are always taken first, the rules are those that do so', () => {
  const sleeping = twinOf({ kind: 'scenario', scenario: 'Gs', load: 0.3, clusterSeed: 0 });
  const { choice } = chosen({ twin: sleeping, awakeFirst: true, hasTime: () => false });
  assert.ok(choice.standings.every(({ policy }) => policy.name.includes('+awake-first')));
});
