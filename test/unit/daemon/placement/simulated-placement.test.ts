import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { writePauseFile } from '../../../../src/controller/pause-file.ts';
import { simulatedNodes } from '../../../../src/controller/simulated/simulated-nodes.ts';
import { ModelWatch } from '../../../../src/daemon/models/model-watch.ts';
import { placementView } from '../../../../src/daemon/placement/placement-view.ts';
import { SimulatedPlacement } from '../../../../src/daemon/placement/simulated-placement.ts';
import type { ClusterRecordSink } from '../../../../src/history/cluster-record-sink.ts';
import type { DecisionRecord } from '../../../../src/history/decision-record.ts';
import type { NodeEnergyRecord } from '../../../../src/history/node-energy-record.ts';
import type { PodRunRecord } from '../../../../src/history/pod-run-record.ts';
import { marginalRunOut } from '../../../../src/policy/energy/marginal-run-out.ts';
import { clusterDigest } from '../../../../src/policy/learned/cluster-digest.ts';
import type { ModelChanges } from '../../../../src/policy/learned/learned-for-cluster.ts';
import { ModelStore } from '../../../../src/policy/learned/model-store.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** Keeps all that is told of pods and nodes. */
function keptRecords() {
  const runs: PodRunRecord[] = [];
  const energy: NodeEnergyRecord[] = [];
  const seen = new Set<string>();
  const records: ClusterRecordSink = {
    podRun: (record) => void runs.push(record),
    nodeEnergy: (record) => void energy.push(record),
    nodeSeen: ({ node }) => void seen.add(node),
    podsPresent: () => undefined,
    clusterWatched: () => undefined,
  };
  return { runs, energy, seen, records };
}

function played(
  t: TestContext,
  changes: Partial<Config['placement']> = {},
  seed = 1,
  kept?: ClusterRecordSink,
  modelChanges?: ModelChanges,
) {
  const base = defaultConfig({}, { hostname: 'host', uid: 1000, homeDirectory: undefined });
  const folder = temporaryFolder(t);
  const config: Config = {
    ...base,
    history: { ...base.history, path: join(folder, 'energy.db') },
    placement: { ...base.placement, cluster: 'simulated', ...changes },
  };
  const time = new PlayedTime();
  const { log, events } = recordingLogger();
  const records: DecisionRecord[] = [];
  const bound: string[] = [];
  const placement = new SimulatedPlacement({
    config,
    time,
    log,
    seed,
    records: kept,
    ...(modelChanges === undefined ? {} : { modelChanges }),
    sink: { record: (decision) => void records.push(decision), bound: (uid) => void bound.push(uid) },
  });
  placement.start();
  return { placement, time, records, bound, events, folder };
}

test('decisions are recorded as those of a simulated cluster, with what the reference would have done', async (t) => {
  const { placement, time, records, bound } = played(t);
  await time.play(120_000);
  assert.ok(records.length > 10);
  for (const { cluster, outcome, reference } of records) {
    assert.equal(cluster, 'simulated');
    assert.equal(outcome, 'placed');
    assert.equal(reference?.policy, 'round-robin');
  }
  assert.ok(bound.length >= records.length - 1);
  const { status } = placement;
  assert.equal(status.cluster, 'simulated');
  assert.equal(status.state, 'leading');
  assert.equal(status.counts?.placed, records.length);
  assert.equal(status.nodes, 12);
});

test('the view has the last decisions with their joules, and the energy beside that of both twins', async (t) => {
  const { placement, time, records } = played(t);
  await time.play(300_000);
  const view = placementView(placement);
  assert.equal(view.cluster, 'simulated');
  assert.equal(view.recent.length, 8);
  assert.equal(view.recent[0]!.pod, records.at(-1)!.pod);
  for (const { node, predictedJoules, reference } of view.recent) {
    assert.ok(predictedJoules! > 0);
    assert.ok(reference!.predictedJoules! > 0);
    if (reference!.node === node) assert.equal(reference!.predictedJoules, predictedJoules);
  }
  const { placed, twins, isOnePolicy, seconds } = view.simulated!;
  assert.ok(isOnePolicy);
  assert.equal(Math.round(seconds), 300);
  assert.deepEqual(
    [placed, ...twins].map(({ policy }) => policy),
    ['auto:efficiency-first', 'round-robin', 'kube-scheduler'],
  );
  for (const twin of twins) assert.ok(placed.joules < twin.joules);
  assert.doesNotThrow(() => JSON.stringify(view));
});

test('the seed is told, and two daemons with one seed decide the same', async (t) => {
  const [first, second] = [played(t, {}, 5), played(t, {}, 5)];
  for (const { time } of [first, second]) await time.play(120_000);
  assert.deepEqual(first.records, second.records);
  const started = first.events.find(({ event }) => event === 'simulated-cluster');
  assert.equal(started?.fields['seed'], 5);
});

test('after another policy was taken the energy is no longer that of one policy', async (t) => {
  const { placement, time, records } = played(t, { policy: 'efficiency-first' });
  await time.play(60_000);
  placement.usePolicy('efficiency-first');
  assert.ok(placement.simulated.isOnePolicy);
  placement.usePolicy('most-allocated');
  const before = records.length;
  await time.play(60_000);
  assert.ok(!placement.simulated.isOnePolicy);
  assert.equal(placement.status.policy, 'most-allocated');
  assert.deepEqual(new Set(records.slice(before).map(({ policy }) => policy)), new Set(['most-allocated']));
});

test('by itself it begins with efficiency-first, and goes over to what simulation finds best, with the reason', async (t) => {
  const store = new ModelStore(join(temporaryFolder(t), 'models'));
  const watch = new ModelWatch({ store, log: recordingLogger().log, keepsNotes: false });
  const { placement, time, records, folder } = played(t, {}, 1, undefined, watch);
  await time.play(60_000);
  assert.equal(placement.status.policy, 'auto:efficiency-first');
  assert.match(placement.status.policyReason!, /not enough .* is known/);
  assert.ok(placement.simulated.isOnePolicy);
  const choice = { time: 'now', rule: marginalRunOut, picked: null, refused: [], reason: 'it won' };
  new ModelStore(join(folder, 'models')).choose(clusterDigest(simulatedNodes()), choice);
  watch.look();
  store.choose('0123456789abcdef', choice);
  watch.look();
  const before = records.length;
  await time.play(60_000);
  assert.equal(placement.status.policy, 'auto:marginal-run-out');
  assert.equal(placementView(placement).policyReason, 'it won');
  assert.ok(!placement.simulated.isOnePolicy);
  assert.deepEqual(
    new Set(records.slice(before + 1).map(({ policy }) => policy)),
    new Set(['auto:marginal-run-out']),
  );
});

test('the pause file stops it as it stops a live one', async (t) => {
  const { placement, time, records, folder } = played(t);
  await time.play(30_000);
  writePauseFile(join(folder, 'paused'), 'maintenance');
  await time.play(2_000);
  const before = records.length;
  await time.play(60_000);
  assert.equal(placement.status.paused, 'maintenance');
  assert.ok(records.length > before);
  for (const { outcome, reason } of records.slice(before)) {
    assert.equal(outcome, 'freed');
    assert.match(reason ?? '', /maintenance/);
  }
});

test('in shadow mode the cluster schedules by itself, and decisions are only observed', async (t) => {
  const { time, records, bound } = played(t, { mode: 'shadow' });
  await time.play(120_000);
  assert.ok(records.length > 10);
  assert.deepEqual(new Set(records.map(({ outcome }) => outcome)), new Set(['observed']));
  assert.ok(bound.length > 10);
});

test('an unknown policy is refused before anything runs', (t) => {
  assert.throws(() => played(t, { policy: 'no-such-rule' }), { code: 'KISIM_E_POLICY_UNKNOWN' });
});

test('stopping ends all timers', async (t) => {
  const { placement, time } = played(t);
  await time.play(20_000);
  const stopped = placement.stop();
  await time.play(6_000);
  await stopped;
  assert.equal(placement.status.state, 'stopped');
  assert.equal(time.timers, 0);
});

test('pods with their lives and use, and the energy of the nodes, are kept as those of a simulated cluster', async (t) => {
  const { runs, energy, seen, records } = keptRecords();
  const { placement, time } = played(t, {}, 1, records);
  await time.play(600_000);
  assert.equal(seen.size, 12);
  assert.ok(runs.length > 100);
  for (const { cluster } of [...runs, ...energy]) assert.equal(cluster, 'simulated');
  const ended = runs.filter(({ endedUnixMilliseconds }) => endedUnixMilliseconds !== undefined);
  assert.ok(ended.length > 50);
  for (const { startedUnixMilliseconds, endedUnixMilliseconds, cpu, cpuMilli, node } of ended) {
    assert.ok(node !== undefined);
    const lived = endedUnixMilliseconds! - startedUnixMilliseconds!;
    assert.ok(lived >= 30_000);
    // Timers come a moment late.
    assert.ok(Math.abs(lived - cpu!.meteredMilliseconds) < 20, `${lived} ${cpu!.meteredMilliseconds}`);
    assert.ok(cpu!.usedMicroseconds <= cpuMilli * cpu!.meteredMilliseconds);
  }
  const joules = energy.reduce((sum, { microjoules }) => sum + microjoules, 0) / 1e6;
  for (const { source } of energy) assert.equal(source, 'simulated');
  // What was used since the last full minute is not told yet.
  const total = placement.simulated.placed.joules;
  assert.ok(joules > 0.85 * total && joules < 1.000001 * total, `${joules} of ${total}`);
});
