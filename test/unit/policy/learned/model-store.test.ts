import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { bidPrice } from '../../../../src/policy/energy/bid-price.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { clusterDigest } from '../../../../src/policy/learned/cluster-digest.ts';
import { learnedForCluster } from '../../../../src/policy/learned/learned-for-cluster.ts';
import { newLearnedCounts } from '../../../../src/policy/learned/learned-policy.ts';
import { ModelStore } from '../../../../src/policy/learned/model-store.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { podOf, SLEEP, server } from '../../../support/random-cluster.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { modelBytes } from '../../../support/trained-model.ts';

const nodes = [server('a', 0), server('b', 0), server('c', 1)];
const cluster = clusterDigest(nodes);
const first = modelBytes(marginalRunOut, marginalRunOut, cluster);
const second = modelBytes(bidPrice('bid-price', 0.5), marginalRunOut, cluster);
const storeOf = (t: TestContext) => new ModelStore(join(temporaryFolder(t), 'models'));

test('every swap is recorded, and can be undone, and that is recorded too', (t) => {
  const store = storeOf(t);
  assert.deepEqual(store.clusters(), []);
  const a = store.use('m', first, '{}', 'monday');
  assert.deepEqual([a.cluster, a.before], [cluster, null]);
  const b = store.use('m', second, '{}', 'tuesday');
  assert.equal(b.before, a.model);
  assert.equal(store.current(cluster)!.sha256, b.model);
  assert.equal(store.undo(cluster, 'wednesday').model, a.model);
  assert.equal(store.current(cluster)!.sha256, a.model);
  assert.deepEqual(
    store.swaps(cluster).map(({ time, action, model }) => [time, action, model]),
    [
      ['monday', 'use', a.model],
      ['tuesday', 'use', b.model],
      ['wednesday', 'undo', a.model],
    ],
  );
  assert.deepEqual(store.clusters(), [cluster]);
});

test('with nothing to undo, with a model of no cluster and with a damaged one there are codes', (t) => {
  const store = storeOf(t);
  assert.throws(() => store.undo(cluster, 'now'), { code: 'KISIM_E_MODEL_STORE' });
  const anywhere = modelBytes(marginalRunOut, marginalRunOut);
  assert.throws(() => store.use('m', anywhere, '{}', 'now'), { code: 'KISIM_E_MODEL_METADATA' });
  const { model } = store.use('m', first, '{}', 'now');
  truncateSync(join(store.folder, cluster, `${model!.slice(0, 16)}.onnx`), 100);
  assert.throws(() => store.current(cluster), { code: 'KISIM_E_ONNX_FORMAT' });
});

test('a cluster is known by the types of its nodes, whatever they are called and however many there are', () => {
  assert.equal(clusterDigest([server('x', 1), server('y', 0)]), cluster);
  assert.equal(
    clusterDigest([...nodes, { ...server('z', 1), memoryBytes: nodes[2]!.memoryBytes - 5000 }]),
    cluster,
  );
  assert.notEqual(clusterDigest([...nodes, server('z', 2)]), cluster);
  assert.notEqual(clusterDigest([server('a', 0, SLEEP), server('c', 1)]), cluster);
});

test('`learned` takes the model of the cluster that it finds, else the frozen one, else says what to do', (t) => {
  const store = storeOf(t);
  const policy = (frozen?: string) => learnedForCluster({ store, frozen, guardShare: 0.5 });
  const context = { cluster: new ClusterState(nodes), random: new RandomStream(1) };
  assert.throws(() => policy().start(context), { code: 'KISIM_E_MODEL_NONE', action: /kisimd train/ });
  assert.throws(() => policy('/nonexistent').start(context), { code: 'KISIM_E_MODEL_UNREADABLE' });
  store.use('m', first, '{}', 'now');
  const run = policy('/nonexistent').start(context);
  const candidates = { nodes: Int32Array.of(0, 1, 2), count: 3 };
  assert.ok([0, 1, 2].includes(run.choose(podOf(1), candidates)));
});

test('a run takes the other model as soon as one is put to use, and the one of before after an undo', (t) => {
  const store = storeOf(t);
  const changes = { count: 0, decisions: newLearnedCounts() };
  store.use('m', first, '{}', 'now');
  const context = { cluster: new ClusterState(nodes), random: new RandomStream(1) };
  const run = learnedForCluster({ store, frozen: undefined, guardShare: 0.5, changes }).start(context);
  const terms = () => run.explain(podOf(1), 0).map(({ term }) => term);
  assert.ok(!terms().includes('cpu-price'));
  store.use('m', second, '{}', 'now');
  assert.ok(!terms().includes('cpu-price'));
  changes.count++;
  assert.ok(terms().includes('cpu-price'));
  store.undo(cluster, 'now');
  changes.count++;
  assert.ok(!terms().includes('cpu-price'));
  run.choose(podOf(1), { nodes: Int32Array.of(0, 1, 2), count: 3 });
  assert.equal(changes.decisions.decisions, 1);
});
