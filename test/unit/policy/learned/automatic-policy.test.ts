import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import type { Node } from '../../../../src/cluster/node.ts';
import { bidPrice } from '../../../../src/policy/energy/bid-price.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { automaticPolicy } from '../../../../src/policy/learned/automatic-policy.ts';
import { AutomaticReasons } from '../../../../src/policy/learned/automatic-reasons.ts';
import { clusterDigest } from '../../../../src/policy/learned/cluster-digest.ts';
import type { ChosenPolicy } from '../../../../src/policy/learned/learned-for-cluster.ts';
import { newLearnedCounts } from '../../../../src/policy/learned/learned-policy.ts';
import { checkModel } from '../../../../src/policy/learned/load-model.ts';
import { ModelStore, type StoredChoice } from '../../../../src/policy/learned/model-store.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { podOf, SLEEP, server } from '../../../support/random-cluster.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { modelBytes } from '../../../support/trained-model.ts';

const nodes = [server('a', 0), server('b', 0), server('c', 1)];
const cluster = clusterDigest(nodes);
const own = modelBytes(bidPrice('bid-price', 0.5), marginalRunOut, cluster);
const anywhere = modelBytes(bidPrice('frozen', 1), marginalRunOut);
const sha256 = (onnx: Uint8Array) => checkModel('m', onnx).sha256;
const context = (some: readonly Node[] = nodes) => ({
  cluster: new ClusterState(some),
  random: new RandomStream(1),
});
const candidates = { nodes: Int32Array.of(0, 1, 2), count: 3 };

function choiceOf(changes: Partial<StoredChoice> = {}): StoredChoice {
  return { time: 'monday', rule: marginalRunOut, picked: null, refused: [], reason: 'it won', ...changes };
}

/** The policy over a folder of models, and what it tells. */
function automatic(
  t: TestContext,
  options: { readonly frozen?: Uint8Array; readonly nodesSleep?: boolean } = {},
) {
  const folder = temporaryFolder(t);
  const store = new ModelStore(join(folder, 'models'));
  const frozen = join(folder, 'frozen.onnx');
  if (options.frozen !== undefined) writeFileSync(frozen, options.frozen);
  const told: ChosenPolicy[] = [];
  const changes = {
    count: 0,
    decisions: newLearnedCounts(),
    chose: (chosen: ChosenPolicy) => void told.push(chosen),
  };
  const models = { store, frozen: options.frozen && frozen, guardShare: 1, changes };
  return { store, told, changes, frozen, policy: automaticPolicy(models, options.nodesSleep) };
}

test('while nothing is known of the cluster it is efficiency-first, and says so', (t) => {
  const { policy, told } = automatic(t, { frozen: anywhere });
  assert.equal(policy.name, 'auto');
  policy.start(context());
  assert.equal(policy.name, 'auto:efficiency-first');
  assert.deepEqual(
    told.map((each) => [each.cluster, each.policy]),
    [[cluster, 'auto:efficiency-first']],
  );
  assert.match(told[0]!.reason, /not enough .* is known/);
});

test('it is the rule that simulation of this cluster found best, and of no other cluster', (t) => {
  const { policy, store, told } = automatic(t);
  store.choose(cluster, choiceOf());
  const run = policy.start(context());
  assert.equal(policy.name, 'auto:marginal-run-out');
  assert.equal(told[0]!.reason, 'it won');
  const rule = run.explain(podOf(1), 2).map(({ term, amount }) => [term, amount]);
  assert.deepEqual(
    rule.map(([term]) => term),
    ['active-energy', 'idle-energy'],
  );
  policy.start(context([...nodes, server('d', 2)]));
  assert.equal(policy.name, 'auto:efficiency-first');
});

test('the model for any cluster is taken only where simulation put this very model first, with the best rule in its shadow', (t) => {
  const { policy, store, told, changes } = automatic(t, { frozen: anywhere });
  store.choose(cluster, choiceOf({ picked: 'of another model' }));
  policy.start(context());
  assert.equal(policy.name, 'auto:marginal-run-out');
  store.choose(cluster, choiceOf({ picked: sha256(anywhere) }));
  const run = policy.start(context());
  assert.equal(policy.name, 'auto:frozen');
  assert.equal(told.at(-1)!.reason, 'it won');
  run.choose(podOf(1), candidates);
  assert.equal(changes.decisions.decisions, 1);
});

test('the model that was put to use for the cluster comes first, unless it is proven worse than the best rule', (t) => {
  const { policy, store, told } = automatic(t, { frozen: anywhere });
  store.use('m', own, '{}', 'monday');
  policy.start(context());
  assert.equal(policy.name, 'auto:learned');
  assert.match(told[0]!.reason, new RegExp(`model ${sha256(own).slice(0, 16)} was put to use`));
  store.choose(cluster, choiceOf({ refused: [sha256(own)] }));
  policy.start(context());
  assert.equal(policy.name, 'auto:marginal-run-out');
  assert.match(told.at(-1)!.reason, /proven worse than marginal-run-out; it won$/);
});

test('a run goes over to another policy as soon as one is chosen, and keeps deciding', (t) => {
  const { policy, store, changes, told } = automatic(t);
  const run = policy.start(context());
  store.choose(cluster, choiceOf());
  run.choose(podOf(1), candidates);
  assert.equal(policy.name, 'auto:efficiency-first');
  changes.count++;
  run.choose(podOf(1), candidates);
  assert.equal(policy.name, 'auto:marginal-run-out');
  assert.equal(told.length, 2);
});

test('a model and a choice that cannot be read are passed over, and told', (t) => {
  const { policy, store, told, frozen } = automatic(t, { frozen: anywhere });
  store.choose(cluster, choiceOf({ picked: sha256(anywhere) }));
  truncateSync(frozen, 50);
  policy.start(context());
  assert.equal(policy.name, 'auto:marginal-run-out');
  assert.match(told.at(-1)!.reason, /; it won$/);
  writeFileSync(join(store.folder, cluster, 'choice.json'), 'no JSON');
  policy.start(context());
  assert.equal(policy.name, 'auto:efficiency-first');
  assert.match(told.at(-1)!.reason, /choice\.json/);
});

test('where nodes sleep it takes those that are awake first, whatever it came to', (t) => {
  const sleeping = [server('a', 0, SLEEP), server('b', 2, SLEEP)];
  const { policy } = automatic(t, { nodesSleep: true });
  const started = context(sleeping);
  started.cluster.power[1] = 1;
  const run = policy.start(started);
  assert.equal(policy.name, 'auto:efficiency-first+awake-first');
  assert.equal(run.choose(podOf(1), { nodes: Int32Array.of(0, 1), count: 2 }), 0);
});

test('a node without a power curve is told as by every energy rule', (t) => {
  const { power, ...without } = server('a', 0);
  assert.throws(() => automatic(t).policy.start(context([without])), { code: 'KISIM_E_POLICY_NO_POWER' });
});

test('a choice of other terms than those of this version is none', (t) => {
  const { store } = automatic(t);
  store.choose(cluster, choiceOf({ picked: 'x', refused: ['y'] }));
  assert.deepEqual(store.choice(cluster), choiceOf({ picked: 'x', refused: ['y'] }));
  const path = join(store.folder, cluster, 'choice.json');
  writeFileSync(path, JSON.stringify({ features: 'terms-of-before', rule: '{}' }));
  assert.equal(store.choice(cluster), undefined);
});

test('the reason of a decision is the last one that was noted of its policy before', (t) => {
  const { store } = automatic(t);
  assert.deepEqual(store.notes(), []);
  const note = (time: string, policy: string, reason: string) =>
    store.note({ time, cluster, policy, reason });
  note('2026-01-01T00:00:00Z', 'auto:efficiency-first', 'first');
  note('2026-01-02T00:00:00Z', 'auto:best-fit', 'second');
  note('2026-01-03T00:00:00Z', 'auto:best-fit', 'third');
  const reasons = new AutomaticReasons(store.notes());
  const of = (policy: string, time: string) => reasons.of({ policy, unixMilliseconds: Date.parse(time) });
  assert.equal(of('auto:best-fit', '2026-01-02T10:00:00Z'), 'second');
  assert.equal(of('auto:best-fit', '2026-01-09T10:00:00Z'), 'third');
  assert.equal(of('auto:best-fit', '2026-01-01T10:00:00Z'), undefined);
  assert.equal(of('best-fit', '2026-01-09T10:00:00Z'), undefined);
});
