import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decider } from '../../../../src/controller/decider.ts';
import { PlacementLoop } from '../../../../src/controller/placement-loop.ts';
import type { PendingPod } from '../../../../src/controller/ports.ts';
import { SimulatedCluster } from '../../../../src/controller/simulated/simulated-cluster.ts';
import { simulatedNodes } from '../../../../src/controller/simulated/simulated-nodes.ts';
import type { DecisionRecord } from '../../../../src/history/decision-record.ts';
import type { Policy } from '../../../../src/policy/policy.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { PlayedLeadership, PlayedPause } from '../../../support/played-placement.ts';
import { PlayedTime } from '../../../support/played-time.ts';

function simulated(given: { policy?: string; isGated?: boolean; seed?: number; twins?: string[] } = {}) {
  const time = new PlayedTime();
  const cluster = new SimulatedCluster({
    time,
    nodes: simulatedNodes(),
    seed: given.seed ?? 1,
    isGated: given.isGated ?? true,
    twins: (given.twins ?? ['round-robin', 'kube-scheduler']).map((name) => policyByName(name)),
  });
  const { log, events } = recordingLogger();
  const decider = new Decider({
    book: cluster.book,
    policy: policyByName(given.policy ?? 'efficiency-first'),
    seed: 1,
    log,
    monotonicMilliseconds: () => time.now,
  });
  const records: DecisionRecord[] = [];
  const bound: { uid: string; node: string }[] = [];
  const paused = new PlayedPause(undefined);
  const loop = new PlacementLoop({
    pods: cluster,
    book: cluster.book,
    decider,
    actor: cluster,
    leadership: new PlayedLeadership(true),
    paused,
    sink: {
      record: (decision) => void records.push(decision),
      bound: (uid, node) => void bound.push({ uid, node }),
    },
    time,
    random: seededRandom(7),
    log,
    mode: given.isGated === false ? 'dry-run' : 'act',
    ownNamespace: 'kisimd',
    deadlineMilliseconds: 10_000,
    longestSlackMilliseconds: 3_600_000,
    mostInFlight: 16,
  });
  cluster.start();
  loop.start();
  return { time, cluster, loop, records, bound, paused, events };
}

const TEN_MINUTES = 600_000;

test('pods come, are decided by the loop, run where it said, and end', async () => {
  const { time, cluster, records, bound, events } = simulated();
  await time.play(TEN_MINUTES);
  const { created, running, waiting } = cluster.situation;
  assert.ok(created > 100 && created < 200, `${created} created`);
  assert.ok(running > 5 && running < 60, `${running} running`);
  assert.ok(waiting <= 2);
  assert.ok(records.length >= created - waiting);
  assert.deepEqual(new Set(records.map(({ outcome }) => outcome)), new Set(['placed']));
  const decided = new Map(records.map(({ uid, node }) => [uid, node]));
  for (const { uid, node } of bound) assert.equal(node, decided.get(uid));
  assert.ok(bound.length >= created - 2);
  assert.deepEqual(
    events.filter(({ level }) => level === 'error'),
    [],
  );
  assert.equal(cluster.book.cluster!.podCount, running);
});

test('the same seed gives the same pods, decisions and joules; another seed gives others', async () => {
  const runs = [simulated(), simulated(), simulated({ seed: 2 })];
  for (const { time } of runs) await time.play(TEN_MINUTES);
  const [first, second, other] = runs.map(({ records, cluster }) => ({
    decisions: records.map(({ pod, node }) => `${pod} ${node}`),
    situation: cluster.situation,
  }));
  assert.deepEqual(first, second);
  assert.notDeepEqual(first!.decisions, other!.decisions);
});

test('a cluster that the loop fills by the rule of its twin takes the energy of its twin', async () => {
  const { time, cluster } = simulated({ policy: 'round-robin' });
  await time.play(2 * TEN_MINUTES);
  const { energy, twins } = cluster.situation;
  const [twin] = twins;
  assert.equal(twin!.policy, 'round-robin');
  // Pods of the loop start some hundredths of a second later, for which a turn may come out otherwise.
  assert.ok(Math.abs(energy.joules - twin!.joules) / twin!.joules < 0.01, `${energy.joules} ${twin!.joules}`);
});

test('an efficient rule takes less than both of its twins, and all nodes idle the same', async () => {
  const { time, cluster } = simulated();
  await time.play(2 * TEN_MINUTES);
  const { energy, twins, seconds } = cluster.situation;
  assert.ok(Math.abs(seconds - 1200) < 1e-6);
  const idle = simulatedNodes().reduce((sum, { power }) => sum + power!.idleWatts, 0) * seconds;
  for (const { joules, activeJoules } of [energy, ...twins])
    assert.ok(Math.abs(joules - activeJoules - idle) < 1e-6 * idle);
  for (const twin of twins) assert.ok(energy.activeJoules < 0.8 * twin.activeJoules, twin.policy);
});

test('the counters of the nodes add up to the energy of the cluster, say that they are simulated, and never fall', async () => {
  const { time, cluster } = simulated();
  let before = new Map<string, number>();
  for (let i = 0; i < 20; i++) {
    await time.play(7_000);
    const reading = await cluster.read();
    assert.equal(reading.missing.size, 0);
    assert.equal(reading.nodes.size, 12);
    for (const [name, { joules, source }] of reading.nodes) {
      assert.equal(source, 'simulated');
      assert.ok(joules >= (before.get(name) ?? 0));
    }
    before = new Map([...reading.nodes].map(([name, { joules }]) => [name, joules]));
    const sum = [...before.values()].reduce((all, joules) => all + joules, 0);
    const { joules } = cluster.situation.energy;
    assert.ok(Math.abs(sum - joules) < 1e-9 * joules);
  }
});

test('pods that are freed because placement is paused are placed by the own scheduler of the cluster', async () => {
  const { time, cluster, paused, records } = simulated();
  paused.value = 'a test';
  await time.play(60_000);
  assert.ok(records.length > 5);
  for (const { outcome, node } of records) {
    assert.equal(outcome, 'freed');
    assert.equal(node, undefined);
  }
  assert.ok(cluster.situation.running > 5);
  assert.ok(cluster.situation.waiting <= 1);
});

test('without the gate the own scheduler binds the pods, and decisions are observed only', async () => {
  const { time, cluster, records, bound } = simulated({ isGated: false });
  await time.play(120_000);
  assert.ok(records.length > 10);
  for (const { outcome } of records) assert.equal(outcome, 'observed');
  assert.ok(cluster.situation.running > 5);
  assert.ok(bound.length > 10);
});

test('pods for which there is no room wait, and start when others have ended', async () => {
  const time = new PlayedTime();
  const [small] = simulatedNodes();
  const cluster = new SimulatedCluster({ time, nodes: [small!], seed: 3, isGated: false, twins: [] });
  cluster.start();
  const settled = new Set<string>();
  cluster.subscribe({ pending: () => undefined, settled: (uid) => void settled.add(uid) });
  let mostWaiting = 0;
  for (let i = 0; i < 60; i++) {
    await time.play(10_000);
    const { waiting, running, created } = cluster.situation;
    mostWaiting = Math.max(mostWaiting, waiting);
    assert.ok(running > 0);
    assert.equal([...cluster.list()].length, waiting);
    assert.equal(settled.size, created - waiting);
  }
  assert.ok(mostWaiting > 3);
});

test('a pod is freed once; nobody can place it on a node that is not there', async () => {
  const time = new PlayedTime();
  const cluster = new SimulatedCluster({ time, nodes: simulatedNodes(), seed: 1, isGated: true, twins: [] });
  const seen: PendingPod[] = [];
  cluster.subscribe({ pending: (pod) => void seen.push(pod), settled: () => undefined });
  cluster.start();
  await time.play(30_000);
  const [first] = seen;
  assert.equal((await cluster.free(first!, 'no-such-node')).outcome, 'refused');
  assert.equal((await cluster.free(first!, 'sim-epyc5-1')).outcome, 'placed');
  assert.equal((await cluster.free(first!, 'sim-epyc5-1')).outcome, 'already-free');
  await time.play(100);
  assert.equal((await cluster.free(first!, undefined)).outcome, 'gone');
});

test('a process that was stopped for an hour goes on where it was', async () => {
  const { time, cluster } = simulated();
  await time.play(60_000);
  const before = cluster.situation;
  time.now += 3_600_000;
  const { seconds, created, energy } = cluster.situation;
  assert.ok(seconds - before.seconds <= 10.001);
  assert.ok(created - before.created < 20);
  assert.ok(energy.joules < 1.5 * before.energy.joules);
});

test('a twin whose rule fails is left out, and everything else goes on', async () => {
  const time = new PlayedTime();
  const broken: Policy = {
    name: 'broken',
    start: () => ({
      choose: () => {
        throw new Error('no idea');
      },
      explain: () => [],
    }),
  };
  const failed: string[] = [];
  const cluster = new SimulatedCluster({
    time,
    nodes: simulatedNodes(),
    seed: 1,
    isGated: false,
    twins: [broken, policyByName('round-robin')],
    twinFailed: (policy, error) => void failed.push(`${policy}: ${String(error)}`),
  });
  cluster.start();
  await time.play(30_000);
  assert.deepEqual(failed, ['broken: Error: no idea']);
  assert.deepEqual(
    cluster.situation.twins.map(({ policy }) => policy),
    ['round-robin'],
  );
  assert.ok(cluster.situation.running > 5);
});

test('stopping leaves no timer', async () => {
  const { time, cluster, loop } = simulated();
  await time.play(20_000);
  const stopped = loop.stop();
  await time.play(6_000);
  await stopped;
  cluster.stop();
  await time.play(1_000);
  assert.equal(time.timers, 0);
});
