import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { adopt } from '../../../../src/cli/train/adopt.ts';
import { modelCard, modelOf } from '../../../../src/learning/model-card.ts';
import type { FinishedTraining } from '../../../../src/learning/run-training.ts';
import { bidPrice } from '../../../../src/policy/energy/bid-price.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import type { WeightedRule } from '../../../../src/policy/energy/weighted-policy.ts';
import { placementWeights } from '../../../../src/policy/energy/weights.ts';
import { ModelStore } from '../../../../src/policy/learned/model-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** Takes the node where the pod costs most. */
const wasteful: WeightedRule = {
  name: 'wasteful',
  unit: 'points',
  weights: placementWeights({ 'active-energy': -1 }),
};

function finishedWith(policy: WeightedRule, isAccepted = true): FinishedTraining {
  const plan = { kind: 'scenario', scenario: 'G', load: 0.4, clusterSeed: 0 } as const;
  return {
    request: { plan, algorithm: 'es', seed: 0, steps: 1 },
    twin: 'G',
    unit: 'generations',
    result: {
      start: marginalRunOut,
      policy,
      isAccepted,
      validation: { generation: 1, change: -0.1, upper: -0.05 },
    },
    report: { count: 2, mean: -0.1, interval: { low: -0.12, high: -0.08 }, p: 0 },
    reportWorkloads: 2,
    seconds: 1,
    decisions: 1,
  };
}

function adopted(store: ModelStore, finished: FinishedTraining) {
  const model = modelOf(finished);
  const origin = { command: '', code: '', finished: '', machine: {}, threads: 1 };
  const card = modelCard(finished, model, origin);
  const says = adopt(store, finished, model, card, 'now');
  return { says, model, digest: card.trained.cluster.digest };
}

const storeOf = (t: TestContext) => new ModelStore(join(temporaryFolder(t), 'models'));

test('the first accepted model of a cluster is put to use, and replaced only by one that is proven better', (t) => {
  const store = storeOf(t);
  assert.match(adopted(store, finishedWith(wasteful)).says, /^put to use .*none before/);
  const better = adopted(store, finishedWith(bidPrice('bid-price', 0.5)));
  assert.match(better.says, /^put to use for cluster .*-\d+\.\d\d % against the one in use/);
  assert.equal(store.current(better.digest)!.sha256, better.model.sha256);
  assert.match(adopted(store, finishedWith(wasteful)).says, /^not put to use: \+\d/);
  assert.match(adopted(store, finishedWith(bidPrice('bid-price', 0.5))).says, /in use already/);
  assert.equal(store.current(better.digest)!.sha256, better.model.sha256);
  assert.equal(store.swaps(better.digest).length, 2);
});

test('a model that proved no better than its rule is not put to use', (t) => {
  const store = storeOf(t);
  assert.match(adopted(store, finishedWith(marginalRunOut, false)).says, /no better than its rule/);
  assert.deepEqual(store.clusters(), []);
});
