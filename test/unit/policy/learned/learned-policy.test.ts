import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bidPrice } from '../../../../src/policy/energy/bid-price.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { waitRules } from '../../../../src/policy/energy/rules.ts';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../../../../src/policy/energy/term-table.ts';
import { type WeightedRule, weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import { placementWeights } from '../../../../src/policy/energy/weights.ts';
import { learnedPolicy } from '../../../../src/policy/learned/learned-policy.ts';
import { OnnxEngine } from '../../../../src/policy/learned/onnx-engine.ts';
import type { ScorerEngine } from '../../../../src/policy/learned/scorer-engine.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { scenarioByName } from '../../../../src/simulation/scenarios/scenarios.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { checkPolicy } from '../../../support/check-policy.ts';
import { trainedModel } from '../../../support/trained-model.ts';

const random = new RandomStream(3);
const near = (rule: WeightedRule, waits: boolean): WeightedRule => ({
  name: 'trained',
  unit: 'points',
  weights: rule.weights.map((weight) => weight + 0.05 * random.normal()),
  ...(waits ? { waitWeights: waitRules[0]!.weights.map((weight) => weight + 0.05 * random.normal()) } : {}),
});
const trained = near(bidPrice('bid-price', 0.5), true);
const small = scenarioByName('Gs').generate({ clusterSeed: 0, workloadSeed: 1, load: 0.6 });
/** Half of its pods may wait. */
const waiting = {
  ...small,
  workload: {
    ...small.workload,
    items: small.workload.items.map((item, i) =>
      i % 2 === 0 || item.prefill === true ? item : { ...item, pod: { ...item.pod, slackSeconds: 3600 } },
    ),
  },
};

/** The scorer's own arithmetic, in place of onnxruntime. */
function ownEngine({ weights, waitWeights }: WeightedRule): ScorerEngine {
  return {
    score(columns, stride, count, out) {
      for (let i = 0; i < count; i++) {
        out[i] = 0;
        for (let t = 0; t < TERM_COUNT; t++)
          if (weights[t] !== 0) out[i]! -= weights[t]! * columns[t * stride + i]!;
      }
      return undefined;
    },
    wait(terms) {
      let sum = waitWeights === undefined ? -1 : 0;
      for (let t = 0; t < WAIT_TERM_COUNT; t++) sum += (waitWeights?.[t] ?? 0) * terms[t]!;
      return sum;
    },
  };
}

test('a model run by onnxruntime decides as the point that it was made of, waiting included', async () => {
  const model = trainedModel(trained, marginalRunOut);
  // Time is not what is tested here.
  const engine = new OnnxEngine(model, 60_000);
  await engine.ready;
  const policy = learnedPolicy({ name: 'learned', model, engine, guardShare: Number.POSITIVE_INFINITY });
  const byModel = simulate({ ...waiting, policy, seed: 1 });
  const byPoint = simulate({ ...waiting, policy: weightedPolicy(trained, 'first'), seed: 1 });
  assert.deepEqual({ ...byModel, policy: '' }, { ...byPoint, policy: '' });
  assert.ok(byPoint.meanWaitSeconds > 60, 'pods wait');
  const { decisions, followed, asRule } = policy.counts;
  assert.equal(followed, decisions);
  assert.ok(asRule > 0 && asRule < followed, `${asRule} of ${followed}`);
  await engine.close();
});

test('it is greedy: the same question has the same answer, always', () => {
  checkPolicy(() => {
    const model = trainedModel(trained, marginalRunOut);
    return learnedPolicy({ name: 'learned', model, engine: ownEngine(trained), guardShare: 0.5 });
  }, [1, 2, 3]);
});

test('a node that costs more than the rule allows is replaced by the rule, and counted', () => {
  const worst: WeightedRule = {
    name: 'worst',
    unit: 'points',
    weights: placementWeights({ 'active-energy': -1, 'idle-energy': -1 }),
  };
  const run = (guardShare: number) => {
    const model = trainedModel(worst, marginalRunOut);
    const policy = learnedPolicy({ name: 'learned', model, engine: ownEngine(worst), guardShare });
    return { counts: policy.counts, joules: simulate({ ...small, policy, seed: 1 }).energyJoules };
  };
  const rule = simulate({ ...small, policy: weightedPolicy(marginalRunOut, 'first'), seed: 1 }).energyJoules;
  const free = run(Number.POSITIVE_INFINITY);
  const guarded = run(0.1);
  assert.equal(free.counts.replaced, 0);
  assert.ok(free.joules > 1.1 * rule, `${free.joules} ${rule}`);
  assert.ok(guarded.counts.replaced > 0);
  assert.ok(guarded.joules < rule + 0.5 * (free.joules - rule), `${guarded.joules} ${rule} ${free.joules}`);
});

test('without an answer the rule decides, and why is counted', () => {
  for (const why of ['starting', 'late', 'failed', 'not-a-number'] as const) {
    const engine: ScorerEngine = { score: () => why, wait: () => why };
    const model = trainedModel(trained, marginalRunOut);
    const policy = learnedPolicy({ name: 'learned', model, engine, guardShare: 0.1 });
    const result = simulate({ ...small, policy, seed: 1 });
    const rule = simulate({ ...small, policy: weightedPolicy(marginalRunOut, 'first'), seed: 1 });
    assert.equal(result.energyJoules, rule.energyJoules);
    assert.equal(policy.counts.unanswered[why], policy.counts.decisions);
    assert.equal(policy.counts.followed, 0);
  }
});
