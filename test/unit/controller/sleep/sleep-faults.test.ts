import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sleepErrors } from '../../../../src/controller/sleep/errors.ts';
import { errors } from '../../../../src/kubernetes/errors.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { MINUTE, playedSleep, resident } from '../../../support/played-sleep.ts';
import { podOf } from '../../../support/random-cluster.ts';

/*
 * Random clusters under random faults, from a seed: leaders that crash at any step, commands and writes that fail, watches that
 * are late, pods that come and go, operators that interfere.
 */
const FAULTY = 60 * MINUTE;
/** Whatever failed rests for an hour at most. */
const CALM = 75 * MINUTE;
/** How late a watch may be. */
const WATCH_LAG = 15_000;
const MINIMUM_AWAKE = 4 * MINUTE;
/** Within that time a new pod has a node, once nothing fails. */
const SERVED = 6 * MINUTE;

async function play(seed: number) {
  const random = new RandomStream(seed);
  const played = playedSleep();
  const { machines, time } = played;
  const problems: string[] = [];
  let areFaults = true;
  const spareNodes = random.integer(3);
  const size = 3 + random.integer(4);
  for (let i = 0; i < size; i++) machines.add(`n${i}`, { type: random.integer(3), isControlPlane: i === 0 });
  machines.commandMilliseconds = 500 + random.integer(10_000);
  machines.bootMilliseconds = 5_000 + random.integer(60_000);
  const rules = {
    spareNodes,
    drain: random.next() < 0.5,
    minimumAwakeMilliseconds: MINIMUM_AWAKE,
    minimumAsleepMilliseconds: 2 * MINUTE,
    emptyMilliseconds: () => MINUTE,
  };

  let leaders = 0;
  const begin = () => {
    leaders++;
    const next = played.sleeper({ rules, identity: `host-${leaders}#${leaders}` });
    next.follow();
    next.sleeper.start();
    return next;
  };
  machines.tell();
  let leader: ReturnType<typeof begin> | undefined = begin();

  machines.fails = (what) => {
    if (!areFaults || random.next() > 0.2) return undefined;
    const error =
      what === 'sleep' ? sleepErrors.KISIM_E_SLEEP_FAILED('drawn') : sleepErrors.KISIM_E_SLEEP_WAKE('drawn');
    return { error, isHalfDone: random.next() < 0.5 };
  };
  machines.refuses = () => {
    if (!areFaults || random.next() > 0.1) return undefined;
    return random.next() < 0.5
      ? { outcome: 'changed' }
      : { outcome: 'failed', error: errors.KISIM_E_KUBE_UNREACHABLE('drawn') };
  };
  machines.isProtected = () => areFaults && random.next() < 0.3;

  let id = 0;
  const create = () => {
    const pod = podOf(id++, { cpuMilli: 1000 * (1 + random.integer(20)), memoryBytes: 2 ** 30 });
    machines.run(resident(pod, { name: `pod-${pod.id}` }), undefined);
  };
  machines.onEvicted = (pod) => {
    const again = podOf(id++, { cpuMilli: pod.pod.cpuMilli, memoryBytes: pod.pod.memoryBytes });
    machines.run(resident(again, { name: `pod-${again.id}` }), undefined);
  };
  const free = (name: string) => {
    const { type } = machines.nodes.get(name)!;
    const used = (machines.byNode().get(name) ?? []).reduce((sum, { pod }) => sum + pod.cpuMilli, 0);
    return [32_000, 64_000, 128_000][type]! - used;
  };
  /** The default scheduler: where there is room, on nodes that are ready and take pods. */
  const schedule = () => {
    for (const each of machines.pods.values()) {
      if (each.node !== undefined || random.next() < 0.3) continue;
      const nodes = [...machines.nodes.values()].filter(
        ({ name, isReady, isCordoned }) => isReady && !isCordoned && free(name) >= each.resident.pod.cpuMilli,
      );
      // Packed, mostly, so that nodes are empty now and then.
      if (nodes.length > 0) each.node = (random.next() < 0.9 ? nodes[0]! : random.pick(nodes)).name;
    }
  };

  const lastGivenBack = new Map<string, number>();
  const states = new Map<string, string | undefined>();
  const watch = () => {
    const awake: string[] = [];
    for (const [name, node] of machines.nodes) {
      const state = machines.stateOf(name);
      const before = states.get(name);
      states.set(name, state);
      if (state === 'awake' && before !== undefined && before !== 'awake') lastGivenBack.set(name, time.now);
      if (state === 'cordoned' && before !== 'cordoned' && before !== 'draining') {
        const since = lastGivenBack.get(name);
        if (since !== undefined && time.now - since < MINIMUM_AWAKE - 2_000)
          problems.push(`${name} was cordoned ${time.now - since} ms after it was given back`);
      }
      if (!node.isCordoned && node.isReady && node.isOn) awake.push(name);
      if (node.isControlPlane && state !== undefined) problems.push(`${name} is of the control plane`);
    }
    if (awake.length === 0) problems.push('no node is awake');
    for (const { node, resident: pod } of machines.pods.values()) {
      if (node !== undefined && !machines.nodes.get(node)!.isOn)
        problems.push(`${pod.name} is on ${node}, which was put to sleep`);
    }
    const byNode = machines.byNode();
    for (const name of machines.nodes.keys()) {
      if (!byNode.has(name)) occupiedSince.delete(name);
      else if (!occupiedSince.has(name)) occupiedSince.set(name, time.now);
    }
  };
  /** Nodes that took their first pod a moment ago, which nobody can know yet, are among them. */
  const occupiedSince = new Map<string, number>();
  const empties = () =>
    [...machines.nodes.values()].filter(
      ({ name, isCordoned, isOn }) =>
        !isCordoned && isOn && time.now - (occupiedSince.get(name) ?? time.now) < WATCH_LAG,
    ).length;
  const { sleep } = machines;
  machines.sleep = (node, signal) => {
    if (machines.byNode().has(node)) problems.push(`${node} has pods and is put to sleep`);
    // The node itself is cordoned by now.
    if (empties() < spareNodes)
      problems.push(`${empties()} of ${spareNodes} spares are left as ${node} is put to sleep`);
    return sleep.call(machines, node, signal);
  };

  const step = async () => {
    machines.tick();
    // A watch that is late, now and then.
    if (!areFaults || random.next() < 0.8) machines.tell();
    if (!areFaults || random.next() < 0.9) leader?.follow();
    await time.play(areFaults ? 1000 : 3000);
    schedule();
    watch();
  };
  for (let i = 0; i < size; i++) create();
  while (time.now < FAULTY && problems.length === 0) {
    if (random.next() < 0.02) create();
    if (random.next() < 0.004) for (let i = 0; i < 2 * size; i++) create();
    if (random.next() < 0.02 + machines.pods.size / 1000 && machines.pods.size > 0)
      machines.pods.delete(random.pick([...machines.pods.keys()]));
    // Now and then all of it, so that there is something to put to sleep.
    if (random.next() < 0.002) machines.pods.clear();
    if (leader !== undefined && random.next() < 0.01) {
      leader.sleeper.stop();
      leader = undefined;
    } else if (leader === undefined && random.next() < 0.1) leader = begin();
    await step();
  }
  areFaults = false;
  leader ??= begin();
  while (time.now < FAULTY + CALM && problems.length === 0) await step();
  create();
  const fitsOnce = () =>
    [...machines.pods.values()].filter(
      ({ node, resident: { pod } }) =>
        node === undefined && [...machines.nodes.keys()].some((name) => free(name) >= pod.cpuMilli),
    );
  const until = time.now + SERVED;
  while (time.now < until && problems.length === 0) await step();
  for (const { resident: pod } of fitsOnce()) problems.push(`${pod.name} waits although there is room`);
  for (const [name, node] of machines.nodes) {
    const state = machines.stateOf(name);
    const isMarked = state !== undefined && state !== 'awake';
    if (node.isCordoned !== isMarked)
      problems.push(`${name} is ${node.isCordoned ? '' : 'not '}cordoned: ${state}`);
    if (state === 'asleep' && node.isOn) problems.push(`${name} is asleep and on`);
    if (!isMarked && !node.isOn) problems.push(`${name} is off and ${state}`);
  }
  leader.sleeper.stop();
  await time.play(60_000);
  if (time.timers > 0) problems.push(`${time.timers} timers are left`);
  const slept = machines.commands.filter(({ what }) => what === 'sleep').length;
  return { problems, slept, woken: machines.commands.length - slept, leaders };
}

test('whatever fails: no node with pods sleeps, spares stay, minimum times hold, pods that wait are served', async () => {
  let slept = 0;
  let woken = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const result = await play(seed);
      slept += result.slept;
      woken += result.woken;
      assert.deepEqual(result.problems, []);
    }),
    { numRuns: Number(process.env['FAULT_RUNS'] ?? 4), endOnFailure: true },
  );
  // A sleeper that did nothing would pass too.
  assert.ok(slept > 20 && woken > 10, `${slept} times put to sleep, ${woken} times woken`);
});

test('the same seed plays the same', async () => {
  assert.deepEqual(await play(7), await play(7));
});
