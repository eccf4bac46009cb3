import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_ASLEEP, NODE_CLOSED, NODE_ON, NODE_WAKING } from '../../../../src/cluster/cluster-state.ts';
import { sleepErrors } from '../../../../src/controller/sleep/errors.ts';
import { MINUTE, playedSleep, resident, type SleepGiven } from '../../../support/played-sleep.ts';
import { podOf } from '../../../support/random-cluster.ts';

/** `busy` has a pod; `idle-*` are empty. Type 0 is the dearest machine, 2 the cheapest. */
function world(given: SleepGiven = {}, idle = 1) {
  const played = playedSleep();
  const { machines } = played;
  machines.add('busy', { type: 2 });
  for (let i = 0; i < idle; i++) machines.add(`idle-${i}`, { type: i % 3 });
  machines.run(resident(podOf(1000)), 'busy');
  const one = played.sleeper(given);
  machines.tell();
  one.follow();
  one.sleeper.start();
  const another = (other: SleepGiven) => {
    const next = played.sleeper(other);
    next.follow();
    next.sleeper.start();
    return { ...next, play: (milliseconds: number) => played.play(milliseconds, next) };
  };
  return { ...played, ...one, another, play: (milliseconds: number) => played.play(milliseconds, one) };
}

async function asleep(given: SleepGiven = {}, idle = 1) {
  const played = world(given, idle);
  await played.play(6 * MINUTE);
  assert.equal(played.machines.stateOf('idle-0'), 'asleep');
  return played;
}

test('a node that has been empty for long enough is cordoned, and then put to sleep', async () => {
  const { machines, play, book } = world();
  await play(5 * MINUTE - 5_000);
  assert.deepEqual(machines.states(), { busy: '-', 'idle-0': '-' });
  await play(6_000);
  assert.equal(machines.stateOf('idle-0'), 'cordoned');
  assert.equal(machines.nodes.get('idle-0')?.isCordoned, true);
  await play(15_000);
  assert.equal(machines.stateOf('idle-0'), 'asleep');
  assert.equal(machines.nodes.get('idle-0')?.isOn, false);
  assert.deepEqual(
    machines.commands.map(({ what, node }) => [what, node]),
    [['sleep', 'idle-0']],
  );
  assert.deepEqual([...book.cluster!.power], [NODE_ON, NODE_ASLEEP]);
});

test('the dearest nodes go first, a spare stays, and the last node never goes', async () => {
  const { machines, play } = world({ rules: { spareNodes: 1 } }, 4);
  await play(20 * MINUTE);
  // Types 0, 1, 2 and 0: the spare is the cheapest.
  assert.deepEqual(machines.states(), {
    busy: '-',
    'idle-0': 'asleep',
    'idle-1': 'asleep',
    'idle-2': '-',
    'idle-3': 'asleep',
  });
  const alone = playedSleep();
  alone.machines.add('a');
  alone.machines.add('b');
  const one = alone.sleeper();
  one.sleeper.start();
  await alone.play(20 * MINUTE, one);
  assert.equal(Object.values(alone.machines.states()).filter((state) => state === 'asleep').length, 1);
});

const untouched: Readonly<Record<string, Parameters<ReturnType<typeof playedSleep>['machines']['add']>[1]>> =
  {
    'of the control plane': { isControlPlane: true },
    'that is to be kept awake': { keepsAwake: true },
    'that somebody else has cordoned': { isCordoned: true },
    'that is not ready': { isReady: false, isOn: false },
    'with a mark that cannot be read': { markText: 'mine!' },
    'that became ready a moment ago': { readinessSince: 1_800_000_000_000 + 15 * MINUTE },
  };
for (const [what, given] of Object.entries(untouched)) {
  test(`a node ${what} is not touched`, async () => {
    const { machines, play } = world({}, 0);
    machines.add('special', given);
    const { isCordoned, markText } = { ...machines.nodes.get('special')! };
    await play(20 * MINUTE);
    assert.deepEqual(machines.commands, []);
    assert.equal(machines.nodes.get('special')?.markText, markText);
    assert.equal(machines.nodes.get('special')?.isCordoned, isCordoned);
  });
}

test('the node that the program runs on is not touched', async () => {
  const { machines, play } = world({ rules: { ownNode: 'idle-0' } });
  await play(20 * MINUTE);
  assert.deepEqual(machines.commands, []);
});

test('a mark that cannot be read is told once', async () => {
  const { machines, play, events } = world({}, 0);
  machines.add('special', { markText: '{}' });
  await play(MINUTE);
  const told = events.filter(({ event }) => event === 'node-mark-unreadable');
  assert.equal(told.length, 1);
  assert.equal((told[0]!.fields['error'] as { code: string }).code, 'KISIM_E_SLEEP_MARK');
});

test('what belongs to a node does not keep it awake, and what was decided for it does', async () => {
  const { machines, play, book } = world();
  machines.run(resident(podOf(1), { ownerKinds: ['DaemonSet'] }), 'idle-0');
  machines.run(resident(podOf(2), { ownerKinds: ['Node'], namespace: 'kube-system' }), 'idle-0');
  await play(3 * MINUTE);
  book.assume('decided', podOf(3), 1, undefined);
  await play(4 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), undefined);
  book.forget('decided');
  await play(6 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'asleep');
});

test('a pod that came while the node was being cordoned keeps it', async () => {
  const { machines, play } = world();
  await play(5 * MINUTE + 2_000);
  assert.equal(machines.stateOf('idle-0'), 'cordoned');
  machines.run(resident(podOf(1)), 'idle-0');
  await play(10_000);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  assert.equal(machines.nodes.get('idle-0')?.isCordoned, false);
  assert.deepEqual(machines.commands, []);
});

test('a pod that the watch has not told is seen before the command', async () => {
  const { machines, play } = world();
  machines.readOn = () => Promise.resolve([resident(podOf(1))]);
  await play(8 * MINUTE);
  assert.deepEqual(machines.commands, []);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('a node that a pod was decided for is woken, and stays awake for its time', async () => {
  const { machines, play, requests, book, news } = await asleep();
  assert.equal(requests.readiness('idle-0'), 'asleep');
  requests.want('uid-1', 'idle-0');
  await play(5_000);
  assert.equal(machines.stateOf('idle-0'), 'waking');
  assert.deepEqual([...book.cluster!.power], [NODE_ON, NODE_WAKING]);
  assert.equal(requests.readiness('idle-0'), 'asleep');
  await play(40_000);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  assert.equal(machines.nodes.get('idle-0')?.isCordoned, false);
  assert.equal(requests.readiness('idle-0'), 'ready');
  assert.deepEqual(news, ['idle-0 asleep', 'idle-0 waking', 'idle-0 awake']);
  requests.release('uid-1');
  await play(9 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'asleep');
});

test('a node that joins anew when it is woken, without its mark, is waited for until it is ready', async () => {
  const { machines, play, requests } = await asleep();
  await play(MINUTE);
  machines.switchOn = (node) => {
    machines.nodes.delete(node.name);
    machines.add(node.name, { uid: 'another', isOn: true, isReady: false, upAt: Number.POSITIVE_INFINITY });
  };
  requests.want('uid-1', 'idle-0');
  await play(20_000);
  assert.equal(machines.stateOf('idle-0'), undefined);
  assert.equal(requests.readiness('idle-0'), 'asleep');
  machines.nodes.get('idle-0')!.upAt = 0;
  await play(4_000);
  assert.equal(requests.readiness('idle-0'), 'ready');
});

test('a pod that the scheduler finds no room for wakes one node; one that fits nowhere wakes none', async () => {
  const { machines, play } = await asleep({}, 2);
  await play(MINUTE);
  assert.equal(machines.stateOf('idle-1'), 'asleep');
  const cpuMilli = 128_000 - 2_000;
  machines.run(resident(podOf(1, { cpuMilli: 900_000 })), undefined);
  await play(30_000);
  assert.equal(machines.commands.filter(({ what }) => what === 'wake').length, 0);
  // The busy node has its room for one; the next needs a node of 64 cores.
  machines.run(resident(podOf(2, { cpuMilli })), undefined);
  machines.run(resident(podOf(3, { cpuMilli: 60_000 })), undefined);
  await play(30_000);
  assert.deepEqual(
    machines.commands.filter(({ what }) => what === 'wake').map(({ node }) => node),
    ['idle-1'],
  );
});

test('a pod that still waits beside the node that was woken for it wakes it again after an hour at the soonest', async () => {
  const { machines, play } = await asleep();
  machines.run(resident(podOf(9, { cpuMilli: 110_000 })), 'busy');
  // By its requests it fits idle-0 alone; what else it waits for nobody knows.
  machines.run(resident(podOf(1, { cpuMilli: 31_000 })), undefined);
  const wakes = () => machines.commands.filter(({ what }) => what === 'wake').length;
  await play(MINUTE);
  assert.equal(wakes(), 1);
  await play(55 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'asleep');
  assert.equal(wakes(), 1);
  await play(10 * MINUTE);
  assert.equal(wakes(), 2);
});

test('a pod whose place others have taken has another node woken', async () => {
  const { machines, play } = await asleep({}, 2);
  await play(MINUTE);
  machines.run(resident(podOf(9, { cpuMilli: 110_000 })), 'busy');
  machines.run(resident(podOf(1, { cpuMilli: 20_000 })), undefined);
  await play(10_000);
  const [first] = machines.commands.filter(({ what }) => what === 'wake');
  const other = first!.node === 'idle-0' ? 'idle-1' : 'idle-0';
  // Somebody is faster, as soon as the node is up.
  machines.run(resident(podOf(2, { cpuMilli: 30_000 })), first!.node);
  if (first!.node === 'idle-1') machines.run(resident(podOf(3, { cpuMilli: 30_000 })), 'idle-1');
  await play(35_000);
  assert.equal(machines.stateOf(first!.node), 'awake');
  // The scheduler has its time first.
  assert.equal(machines.stateOf(other), 'asleep');
  await play(MINUTE);
  assert.equal(machines.stateOf(other), 'awake');
});

test('a sleeping node that a pod needs while the command to put it to sleep runs is woken at once after it', async () => {
  const { machines, play, requests } = world();
  machines.commandMilliseconds = 20_000;
  await play(5 * MINUTE + 10_000);
  assert.equal(machines.stateOf('idle-0'), 'falling-asleep');
  requests.want('uid-1', 'idle-0');
  await play(20_000);
  assert.equal(machines.stateOf('idle-0'), 'waking');
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('a cordoned node that is needed is simply given back', async () => {
  const { machines, play, requests } = world();
  await play(5 * MINUTE + 2_000);
  assert.equal(machines.stateOf('idle-0'), 'cordoned');
  requests.want('uid-1', 'idle-0');
  await play(2_000);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  assert.deepEqual(machines.commands, []);
});

test('a command that fails: told, given back, and tried again later and later', async () => {
  const { machines, play, events } = world({ rules: { minimumAwakeMilliseconds: 0 } });
  machines.fails = () => ({ error: sleepErrors.KISIM_E_SLEEP_FAILED('status 1'), isHalfDone: false });
  await play(6 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  assert.equal(machines.nodes.get('idle-0')?.isCordoned, false);
  const told = events.find(({ event }) => event === 'node-sleep-failed');
  assert.equal((told!.fields['error'] as { code: string }).code, 'KISIM_E_SLEEP_FAILED');
  await play(80 * MINUTE);
  const { commands } = machines;
  const gaps = commands.slice(1).map(({ at }, i) => at - commands[i]!.at);
  assert.ok(commands.length >= 4 && commands.length <= 8, `${commands.length} commands`);
  assert.ok(gaps.at(-1)! > 2 * gaps[0]! && gaps[0]! >= MINUTE, gaps.join());
});

test('a command that was ended half-way: the node is woken to be sure', async () => {
  const { machines, play } = world();
  machines.fails = (what) =>
    what === 'sleep' ? { error: sleepErrors.KISIM_E_SLEEP_FAILED('too slow'), isHalfDone: true } : undefined;
  await play(6 * MINUTE);
  assert.deepEqual(
    machines.commands.map(({ what }) => what),
    ['sleep', 'wake'],
  );
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('a node that does not wake is told, cannot be had, and is tried again; the next candidate is woken', async () => {
  const { machines, play, requests, events, book } = await asleep({}, 2);
  await play(MINUTE);
  machines.fails = (what, node) =>
    what === 'wake' && node === 'idle-1'
      ? { error: sleepErrors.KISIM_E_SLEEP_WAKE('status 1'), isHalfDone: false }
      : undefined;
  const cpuMilli = 30_000;
  machines.run(resident(podOf(9, { cpuMilli: 110_000 })), 'busy');
  machines.run(resident(podOf(1, { cpuMilli })), undefined);
  await play(10_000);
  assert.equal(requests.readiness('idle-1'), 'lost');
  assert.equal(book.cluster?.power[2], NODE_CLOSED);
  const told = events.filter(({ event }) => event === 'node-sleep-failed');
  assert.equal((told[0]!.fields['error'] as { code: string }).code, 'KISIM_E_SLEEP_WAKE');
  await play(5_000);
  assert.equal(machines.stateOf('idle-0'), 'waking');
  machines.fails = () => undefined;
  await play(3 * MINUTE);
  assert.deepEqual([machines.stateOf('idle-0'), machines.stateOf('idle-1')], ['awake', 'awake']);
});

test('a node that is not ready in time after its command counts as one that does not wake', async () => {
  const { machines, play, requests, events } = await asleep();
  machines.bootMilliseconds = 4 * MINUTE;
  requests.want('uid-1', 'idle-0');
  await play(2 * MINUTE + 10_000);
  assert.equal(requests.readiness('idle-0'), 'lost');
  assert.ok(events.some(({ event }) => event === 'node-sleep-failed'));
  await play(3 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('a node that never fell asleep, whatever its command said, is told and given back', async () => {
  const { machines, play, events } = world();
  machines.switchOff = () => undefined;
  await play(10 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  const told = events.find(({ event }) => event === 'node-sleep-failed');
  assert.equal((told!.fields['error'] as { code: string }).code, 'KISIM_E_SLEEP_STILL_UP');
});

test('a node that somebody else switched on is given back', async () => {
  const { machines, play } = await asleep();
  await play(2 * MINUTE);
  machines.switchOn(machines.nodes.get('idle-0')!);
  await play(MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
  assert.equal(machines.nodes.get('idle-0')?.isCordoned, false);
});

test('a sleeping node that somebody uncordons is woken', async () => {
  const { machines, play } = await asleep();
  machines.nodes.get('idle-0')!.isCordoned = false;
  await play(5_000);
  assert.equal(machines.stateOf('idle-0'), 'waking');
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('a pod that was bound to a sleeping node by name wakes it', async () => {
  const { machines, play } = await asleep();
  machines.run(resident(podOf(1)), 'idle-0');
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('a spare that is used up is replaced by a node that has slept for its time', async () => {
  const { machines, play } = await asleep({ rules: { spareNodes: 1 } }, 2);
  assert.equal(machines.stateOf('idle-1'), undefined);
  machines.run(resident(podOf(1)), 'idle-1');
  await play(3 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'asleep');
  await play(10 * MINUTE);
  assert.equal(machines.stateOf('idle-0'), 'awake');
});

test('nothing goes to sleep while placement is paused, and what was on its way is given back', async () => {
  const { machines, play, paused } = world();
  await play(5 * MINUTE + 2_000);
  assert.equal(machines.stateOf('idle-0'), 'cordoned');
  paused.value = 'drill';
  await play(20 * MINUTE);
  assert.deepEqual(machines.commands, []);
  assert.equal(machines.nodes.get('idle-0')?.isCordoned, false);
});

test('where sleep was switched off, what sleeps is woken and nothing goes to sleep', async () => {
  const { machines, play, sleeper, ...rest } = await asleep({}, 2);
  await play(MINUTE);
  sleeper.stop();
  const next = rest.another({ rules: { restores: true } });
  await next.play(2 * MINUTE);
  assert.deepEqual([machines.stateOf('idle-0'), machines.stateOf('idle-1')], ['awake', 'awake']);
  await next.play(20 * MINUTE);
  assert.deepEqual(machines.states(), { busy: '-', 'idle-0': '-', 'idle-1': '-' });
});

for (const mode of ['dry-run', 'shadow'] as const) {
  test(`in ${mode} it is only told what would be done`, async () => {
    const { machines, play, events } = world({ mode });
    await play(20 * MINUTE);
    assert.deepEqual(machines.states(), { busy: '-', 'idle-0': '-' });
    assert.equal(events.filter(({ event }) => event === 'node-would-sleep').length, 1);
  });
}
