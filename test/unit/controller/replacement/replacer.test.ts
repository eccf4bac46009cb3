import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveCluster } from '../../../../src/controller/live-cluster.ts';
import { Intentions } from '../../../../src/controller/replacement/intentions.ts';
import type { Move } from '../../../../src/controller/replacement/move-plan.ts';
import { Replacer } from '../../../../src/controller/replacement/replacer.ts';
import type { Resident } from '../../../../src/controller/resident.ts';
import type { DecisionMode } from '../../../../src/history/decision-record.ts';
import { errors } from '../../../../src/kubernetes/errors.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { PlayedLeadership, PlayedPause } from '../../../support/played-placement.ts';
import { MINUTE, PlayedMachines, resident } from '../../../support/played-sleep.ts';
import { PlayedTime } from '../../../support/played-time.ts';
import { podOf } from '../../../support/random-cluster.ts';

const HOUR = 60 * MINUTE;

/** Four pods on a dear node, and room on a cheap one. */
async function world(mode: DecisionMode = 'act') {
  const time = new PlayedTime();
  time.unixAtZero += 24 * HOUR;
  const machines = new PlayedMachines(time);
  const book = new LiveCluster();
  const shape = { labels: {}, cpuMilli: 10_000, memoryBytes: 64 * 2 ** 30, pods: 110 };
  book.setNodes([
    { ...shape, name: 'dear', power: new LinearCurve(50, 150, 'synthetic') },
    { ...shape, name: 'cheap', power: new LinearCurve(50, 100, 'synthetic') },
  ]);
  const run = (id: number, node: string, given: Partial<Resident> = {}) => {
    const pod = podOf(id, {
      cpuMilli: 1000,
      predictedCpuMilli: 1000,
      predictedSeconds: Number.POSITIVE_INFINITY,
    });
    machines.run(resident(pod, given), node);
    book.bound(`uid-${id}`, pod, node);
  };
  for (const id of [1, 2, 3, 4]) run(id, 'dear');
  machines.onEvicted = ({ uid }) => book.gone(uid);
  const leadership = new PlayedLeadership(true);
  const paused = new PlayedPause(undefined);
  const intentions = new Intentions(() => time.now);
  const { log, events } = recordingLogger();
  const moved: Move[] = [];
  let waiting = false;
  let owner: string | undefined = 'web';
  const replacer = new Replacer({
    book,
    residents: machines,
    evictions: machines,
    controllerOf: async () => owner,
    intentions,
    isAnyWaiting: () => waiting,
    leadership,
    paused,
    time,
    log,
    mode,
    evictionsPerHour: 10,
    rules: {
      restartJoules: 500,
      paybackSeconds: 1800,
      ownNamespace: 'kisimd',
      maySleep: () => false,
      spareNodes: 0,
    },
    moved: (move) => void moved.push(move),
  });
  replacer.start();
  /** The loop takes the pod that came in place of one: to the node that is meant for it. */
  let next = 100;
  const place = () => {
    const id = next++;
    const node = intentions.nodeFor(`uid-${id}`, 'web');
    if (node !== undefined) run(id, node, { createdUnixMilliseconds: time.unixMilliseconds() });
    intentions.settle(`uid-${id}`);
    return node;
  };
  return {
    time,
    machines,
    book,
    leadership,
    paused,
    intentions,
    events,
    moved,
    replacer,
    run,
    place,
    wait: (is: boolean) => {
      waiting = is;
    },
    own: (uid: string | undefined) => {
      owner = uid;
    },
  };
}

test('one pod at a time, as the budget allows, and the next when the one before has its place', async () => {
  const { time, machines, place, moved, replacer } = await world();
  await time.play(6 * MINUTE - 1000);
  assert.deepEqual(machines.evicted, []);
  await time.play(MINUTE);
  assert.deepEqual(machines.evicted, ['pod-1']);
  assert.deepEqual([moved[0]?.from, moved[0]?.to], ['dear', 'cheap']);
  await time.play(MINUTE);
  assert.equal(place(), 'cheap');
  await time.play(7 * MINUTE);
  assert.equal(machines.evicted.length, 2);
  assert.equal(replacer.counts.evicted, 2);
});

test('a pod that never comes in its place holds up the next plan for five minutes only', async () => {
  const { time, machines } = await world();
  await time.play(HOUR);
  // One after six minutes, and then one every five minutes and a half at most.
  assert.ok(machines.evicted.length >= 4 && machines.evicted.length <= 10, String(machines.evicted.length));
});

test('never more than the budget', async () => {
  const { time, machines, place, run } = await world();
  for (let id = 5; id < 10; id++) run(id, 'dear');
  let hour = 0;
  for (let minute = 0; minute < 60; minute++) {
    await time.play(MINUTE);
    place();
    hour = machines.evicted.length;
  }
  assert.ok(hour <= 10 && hour >= 7, String(hour));
});

test('nothing is moved while pods wait, while placement is paused, or without the lease', async () => {
  const { time, machines, wait, paused, leadership } = await world();
  wait(true);
  await time.play(30 * MINUTE);
  wait(false);
  paused.value = 'drill';
  await time.play(30 * MINUTE);
  paused.value = undefined;
  leadership.value = false;
  await time.play(30 * MINUTE);
  assert.deepEqual(machines.evicted, []);
  leadership.value = true;
  // A new term has no evictions saved up.
  await time.play(5 * MINUTE);
  assert.deepEqual(machines.evicted, []);
  await time.play(2 * MINUTE);
  assert.equal(machines.evicted.length, 1);
});

test('a disruption budget is obeyed, and the pod left alone for a while', async () => {
  const { time, machines, replacer } = await world();
  machines.isProtected = ({ name }) => name === 'pod-1';
  await time.play(8 * MINUTE);
  assert.deepEqual(machines.evicted, ['pod-2']);
  assert.ok(replacer.counts.refused >= 1);
});

test('a pod whose controller is not known is not evicted', async () => {
  const { time, machines, own } = await world();
  own(undefined);
  await time.play(HOUR);
  assert.deepEqual(machines.evicted, []);
});

test('an eviction that fails is told, and its plan is abandoned', async () => {
  const { time, machines, intentions, events, replacer } = await world();
  const { evict } = machines;
  machines.evict = async (pod, options) =>
    options.dryRun
      ? evict.call(machines, pod, options)
      : { outcome: 'failed', error: errors.KISIM_E_KUBE_UNREACHABLE('drawn') };
  await time.play(8 * MINUTE);
  assert.equal(intentions.open, 0);
  assert.ok(events.some(({ event }) => event === 'replacement-failed'));
  assert.ok(replacer.counts.failures >= 1);
});

test('a pod that has come in place of another is left where it is for the payback time', async () => {
  const { time, machines, book, place } = await world();
  await time.play(7 * MINUTE);
  assert.equal(place(), 'cheap');
  // The prices change: now the other way round.
  const shape = { labels: {}, cpuMilli: 10_000, memoryBytes: 64 * 2 ** 30, pods: 110 };
  book.setNodes([
    { ...shape, name: 'dear', power: new LinearCurve(50, 60, 'synthetic') },
    { ...shape, name: 'cheap', power: new LinearCurve(50, 150, 'synthetic') },
  ]);
  await time.play(28 * MINUTE);
  assert.deepEqual(machines.evicted, ['pod-1']);
  await time.play(10 * MINUTE);
  assert.deepEqual(machines.evicted, ['pod-1', 'pod-100']);
});

for (const mode of ['dry-run', 'shadow'] as const) {
  test(`in ${mode} it is only told what would be moved`, async () => {
    const { time, machines, moved, intentions } = await world(mode);
    await time.play(8 * MINUTE);
    assert.deepEqual(machines.evicted, []);
    assert.equal(intentions.open, 0);
    assert.ok(moved.length >= 1);
    assert.equal(new Set(moved.map(({ pod }) => pod.uid)).size, moved.length, 'each once in ten minutes');
  });
}

test('when it is stopped nothing goes on', async () => {
  const { time, machines, replacer } = await world();
  replacer.stop();
  await time.play(HOUR);
  assert.deepEqual(machines.evicted, []);
  assert.equal(time.timers, 0);
});
