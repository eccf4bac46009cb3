import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resident } from '../../../../src/controller/resident.ts';
import { MINUTE, playedSleep, resident } from '../../../support/played-sleep.ts';
import { podOf } from '../../../support/random-cluster.ts';

/** `a` is the dearest and has two small pods; `b` and `c` have room for them. */
function world(drain = true, pods: readonly Partial<Resident>[] = [{}, {}]) {
  const played = playedSleep();
  const { machines } = played;
  machines.add('a', { type: 0 });
  machines.add('b', { type: 1 });
  machines.add('c', { type: 2 });
  pods.forEach((given, i) => {
    machines.run(resident(podOf(i), given), 'a');
  });
  machines.run(resident(podOf(100, { cpuMilli: 40_000 })), 'b');
  machines.run(resident(podOf(101, { cpuMilli: 80_000 })), 'c');
  const one = played.sleeper({ rules: { drain } });
  // Another pod comes in place of each, on the cheapest node.
  machines.onEvicted = (pod) => {
    const uid = `${pod.uid}'`;
    machines.run({ ...pod, uid, pod: podOf(pod.pod.id + 500) }, 'c');
  };
  machines.tell();
  one.follow();
  one.sleeper.start();
  const worlds = [one];
  const another = () => {
    const next = played.sleeper({ rules: { drain }, identity: 'host-2#2' });
    worlds.push(next);
    next.follow();
    next.sleeper.start();
    return next;
  };
  return { ...played, ...one, another, play: (time: number) => played.play(time, ...worlds) };
}

test('a node with little on it is emptied by eviction, and put to sleep', async () => {
  const { machines, play, evicted, sleeper } = world();
  await play(5 * MINUTE + 4_000);
  assert.equal(machines.nodes.get('a')?.isCordoned, true);
  await play(MINUTE);
  assert.equal(machines.stateOf('a'), 'asleep');
  assert.deepEqual(evicted, ['pod-0', 'pod-1']);
  assert.equal(sleeper.counts.evicted, 2);
  // The others are too full, or have nowhere to go.
  await play(30 * MINUTE);
  assert.deepEqual(machines.states(), { a: 'asleep', b: '-', c: '-' });
});

test('without leave to drain nothing is evicted', async () => {
  const { machines, play } = world(false);
  await play(20 * MINUTE);
  assert.deepEqual(machines.states(), { a: '-', b: '-', c: '-' });
});

const fixed: Readonly<Record<string, Partial<Resident>>> = {
  'of kube-system': { namespace: 'kube-system' },
  'that nobody opted in': { isOptedIn: false },
  'that nobody makes again': { isControlled: false },
  'with local storage': { hasLocalStorage: true },
  'of a Job': { ownerKinds: ['Job'] },
  'that keeps its node awake': { keepsAwake: true },
  'that must not be moved': { move: 'never' },
  'that is ending': { isDeleting: true },
};
for (const [what, given] of Object.entries(fixed)) {
  test(`a node with a pod ${what} is not emptied`, async () => {
    const { machines, play } = world(true, [{}, given]);
    await play(12 * MINUTE);
    assert.equal(machines.stateOf('a'), undefined);
    assert.deepEqual(machines.evicted, []);
  });
}

test('its owner may allow what is otherwise left alone', async () => {
  const { machines, play } = world(true, [{ ownerKinds: ['Job'], move: 'allowed' }]);
  await play(7 * MINUTE);
  assert.equal(machines.stateOf('a'), 'asleep');
});

test('a node whose pods do not fit elsewhere is not emptied', async () => {
  const { machines, play } = world(true, [
    { pod: podOf(0, { cpuMilli: 12_000, memoryBytes: 60 * 2 ** 30 }) },
  ]);
  machines.run(resident(podOf(200, { cpuMilli: 1000, memoryBytes: 250 * 2 ** 30 })), 'b');
  machines.run(resident(podOf(201, { cpuMilli: 1000, memoryBytes: 470 * 2 ** 30 })), 'c');
  await play(12 * MINUTE);
  assert.equal(machines.stateOf('a'), undefined);
});

test('where a disruption budget forbids one of the evictions none is begun', async () => {
  const { machines, play } = world();
  machines.isProtected = ({ name }) => name === 'pod-1';
  await play(12 * MINUTE);
  assert.deepEqual(machines.evicted, []);
  assert.equal(machines.nodes.get('a')?.isCordoned, false);
});

test('a budget that closes in between is obeyed and asked again; a node that cannot be emptied is given back', async () => {
  const { machines, play } = world();
  machines.onEvicted = () => {
    machines.isProtected = () => true;
  };
  await play(6 * MINUTE);
  assert.equal(machines.stateOf('a'), 'draining');
  assert.deepEqual(machines.evicted, ['pod-0']);
  machines.isProtected = () => false;
  await play(30_000);
  assert.equal(machines.stateOf('a'), 'asleep');

  const never = world();
  never.machines.onEvicted = () => {
    never.machines.isProtected = () => true;
  };
  await never.play(17 * MINUTE);
  assert.equal(never.machines.stateOf('a'), 'awake');
  assert.equal(never.machines.nodes.get('a')?.isCordoned, false);
  const told = never.events.find(({ event }) => event === 'node-sleep-failed');
  assert.equal((told!.fields['error'] as { code: string }).code, 'KISIM_E_SLEEP_DRAIN');
});

test('a pod that needs the node ends the emptying at once', async () => {
  const { machines, play, requests } = world();
  machines.onEvicted = () => {
    machines.isProtected = () => true;
  };
  await play(5 * MINUTE + 20_000);
  assert.equal(machines.stateOf('a'), 'draining');
  requests.want('uid-9', 'a');
  await play(10_000);
  assert.equal(machines.stateOf('a'), 'awake');
});

test('the next leader goes on emptying a node', async () => {
  const one = world();
  const { machines } = one;
  machines.onEvicted = () => {
    machines.isProtected = () => true;
  };
  await one.play(6 * MINUTE);
  assert.equal(machines.stateOf('a'), 'draining');
  one.sleeper.stop();
  machines.isProtected = () => false;
  const next = one.another();
  await one.play(MINUTE);
  assert.equal(machines.stateOf('a'), 'asleep');
  assert.deepEqual(next.evicted, ['pod-1']);
});
