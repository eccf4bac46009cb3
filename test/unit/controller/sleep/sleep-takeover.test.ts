import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_ASLEEP } from '../../../../src/cluster/cluster-state.ts';
import { MINUTE, playedSleep, resident } from '../../../support/played-sleep.ts';
import { podOf } from '../../../support/random-cluster.ts';

/** Two sleepers on the same machines, the first of which leads. */
async function two() {
  const played = playedSleep();
  const { machines } = played;
  machines.add('busy');
  machines.add('idle', { type: 0 });
  machines.run(resident(podOf(1000)), 'busy');
  const first = played.sleeper({ identity: 'host-1#1' });
  const second = played.sleeper({ identity: 'host-2#2' });
  second.leadership.value = false;
  machines.tell();
  first.follow();
  second.follow();
  first.sleeper.start();
  second.sleeper.start();
  /** The first one ends as a process does that is killed: nothing of it goes on. */
  const crash = () => {
    first.sleeper.stop();
    second.leadership.value = true;
  };
  return { ...played, first, second, crash, play: (time: number) => played.play(time, first, second) };
}

test('who does not lead does nothing, and knows what sleeps', async () => {
  const { machines, play, second } = await two();
  await play(7 * MINUTE);
  assert.equal(machines.stateOf('idle'), 'asleep');
  assert.equal(machines.commands.length, 1);
  assert.equal(second.requests.readiness('idle'), 'asleep');
  assert.equal(second.book.cluster?.power[1], NODE_ASLEEP);
});

test('the next leader knows since when a node sleeps, and wakes it', async () => {
  const { machines, play, second, crash } = await two();
  await play(7 * MINUTE);
  crash();
  await play(MINUTE);
  assert.equal(machines.stateOf('idle'), 'asleep');
  second.requests.want('uid-1', 'idle');
  await play(MINUTE);
  assert.equal(machines.stateOf('idle'), 'awake');
  assert.match(machines.nodes.get('idle')!.markText!, /"by":"host-2#2"/);
});

/** Seconds after which the first leader ends, from before the cordon to long after; and whether a pod comes at that moment. */
for (let second = 298; second <= 330; second += 2) {
  for (const needed of [false, true]) {
    test(`a leader that ends after ${second} s${needed ? ', when a pod needs the node,' : ''} leaves nothing half-done`, async () => {
      const played = await two();
      const { machines, play, crash } = played;
      machines.commandMilliseconds = 8_000;
      await play(second * 1000);
      crash();
      if (needed) played.second.requests.want('uid-1', 'idle');
      await play(5 * MINUTE);
      if (needed) {
        const { isCordoned, isOn } = machines.nodes.get('idle')!;
        assert.deepEqual([isCordoned, isOn], [false, true]);
        assert.ok(['awake', undefined].includes(machines.stateOf('idle')));
      } else {
        await play(12 * MINUTE);
        assert.equal(machines.stateOf('idle'), 'asleep');
        assert.equal(machines.nodes.get('idle')?.isOn, false);
      }
    });
  }
}

test('a leader that ends while a node wakes: the next one wakes it again and gives it back', async () => {
  const { machines, play, first, second, crash } = await two();
  await play(8 * MINUTE);
  machines.commandMilliseconds = 10_000;
  first.requests.want('uid-1', 'idle');
  await play(4_000);
  assert.equal(machines.stateOf('idle'), 'waking');
  crash();
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle'), 'awake');
  assert.equal(machines.nodes.get('idle')?.isCordoned, false);
  assert.equal(second.sleeper.counts.woken, 1);
});

test('two that both think that they lead leave the node in one state', async () => {
  const { machines, play, first, second } = await two();
  await play(5 * MINUTE + 2_000);
  assert.equal(machines.stateOf('idle'), 'cordoned');
  // The first one does not know yet that its lease is another's. Each writes under the condition that nobody wrote before.
  second.leadership.value = true;
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle'), 'asleep');
  first.leadership.value = false;
  second.requests.want('uid-1', 'idle');
  await play(2 * MINUTE);
  assert.equal(machines.stateOf('idle'), 'awake');
});
