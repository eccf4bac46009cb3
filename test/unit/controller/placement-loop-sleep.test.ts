import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SleepingNodes } from '../../../src/controller/ports.ts';
import {
  DEADLINE_MILLISECONDS,
  type PlacementGiven,
  pendingPod,
  playedPlacement,
} from '../../support/played-placement.ts';
import { podOf, serverTypes } from '../../support/random-cluster.ts';

class PlayedSleepers implements SleepingNodes {
  readonly states = new Map<string, 'asleep' | 'lost'>();
  readonly wanted = new Map<string, string>();

  readiness(node: string): 'ready' | 'asleep' | 'lost' {
    return this.states.get(node) ?? 'ready';
  }

  want(uid: string, node: string): void {
    this.wanted.set(uid, node);
  }

  release(uid: string): void {
    this.wanted.delete(uid);
  }
}

/** Two nodes; the first sleeps, and best fit takes it. */
async function withSleeper(given: PlacementGiven = {}) {
  const sleeping = new PlayedSleepers();
  sleeping.states.set('node-0', 'asleep');
  const world = playedPlacement({ nodes: 2, ...given, loop: { sleeping, ...given.loop } });
  world.book.setSlumber(new Map([['node-0', { state: 'asleep' }]]));
  world.loop.start();
  await world.time.play(1);
  const handed = () => world.actor.handed.map(({ node }) => node);
  return { ...world, sleeping, handed };
}

test('a pod that was decided for a node that sleeps has it woken, and is sent there when it is up', async () => {
  const { pods, time, sleeping, handed, book, loop } = await withSleeper();
  pods.tell(pendingPod(0));
  await time.play(4_000);
  assert.deepEqual([...sleeping.wanted], [['uid-0', 'node-0']]);
  assert.deepEqual(handed(), []);
  assert.equal(book.assumedOn('node-0'), 1);
  assert.equal(loop.gauges.waiting, 1);
  sleeping.states.clear();
  await time.play(1_000);
  assert.deepEqual(handed(), ['node-0']);
  assert.equal(sleeping.wanted.size, 0);
});

test('what waits for a node takes its room: the next pod goes elsewhere', async () => {
  const { pods, time, handed } = await withSleeper();
  const { cpuMilli } = serverTypes[0]!;
  pods.tell(pendingPod(0, { pod: podOf(0, { cpuMilli }) }));
  pods.tell(pendingPod(1, { pod: podOf(1, { cpuMilli }) }));
  await time.play(10);
  assert.deepEqual(handed(), ['node-1']);
});

test('a node that does not wake in time: the pod is freed at its deadline, and its room with it', async () => {
  const { pods, time, handed, book, records, sleeping } = await withSleeper();
  pods.tell(pendingPod(0));
  await time.play(DEADLINE_MILLISECONDS - 2);
  assert.deepEqual(handed(), []);
  await time.play(1);
  assert.deepEqual(handed(), [undefined]);
  assert.equal(book.assumedOn('node-0'), 0);
  assert.equal(sleeping.wanted.size, 0);
  assert.deepEqual([records[0]?.outcome, records[0]?.reason], ['freed', 'deadline: node-0 was being woken']);
});

test('a node that is lost: the pod is decided again at once', async () => {
  const { pods, time, handed, book, sleeping } = await withSleeper();
  pods.tell(pendingPod(0));
  await time.play(1_500);
  sleeping.states.set('node-0', 'lost');
  book.setSlumber(new Map([['node-0', { state: 'closed' }]]));
  await time.play(1_000);
  assert.deepEqual(handed(), ['node-1']);
  assert.equal(sleeping.wanted.size, 0);
});

test('an emergency stop frees what waits for a node', async () => {
  const { pods, time, handed, book, sleeping, paused } = await withSleeper();
  pods.tell(pendingPod(0));
  await time.play(500);
  paused.value = 'drill';
  await time.play(1);
  assert.deepEqual(handed(), [undefined]);
  assert.deepEqual([book.assumedOn('node-0'), sleeping.wanted.size], [0, 0]);
});

test('a pod that goes while its node wakes leaves nothing behind', async () => {
  const { pods, time, handed, book, sleeping, loop } = await withSleeper();
  pods.tell(pendingPod(0));
  await time.play(500);
  pods.settle('uid-0');
  await time.play(2_000);
  assert.deepEqual(handed(), []);
  assert.deepEqual([book.assumedOn('node-0'), sleeping.wanted.size, loop.gauges.held], [0, 0, 0]);
});

test('who loses the lease wakes for nobody, and decides anew when it leads again', async () => {
  const { pods, time, handed, book, sleeping, leadership } = await withSleeper();
  pods.tell(pendingPod(0));
  await time.play(500);
  leadership.value = false;
  await time.play(2_000);
  assert.deepEqual([book.assumedOn('node-0'), sleeping.wanted.size], [0, 0]);
  sleeping.states.clear();
  leadership.value = true;
  await time.play(1);
  assert.deepEqual(handed(), ['node-0']);
});

test('nothing waits for a node where decisions are not acted on', async () => {
  const { pods, time, records, sleeping } = await withSleeper({ loop: { mode: 'dry-run' } });
  pods.tell(pendingPod(0));
  await time.play(10);
  assert.equal(sleeping.wanted.size, 0);
  assert.deepEqual([records[0]?.outcome, records[0]?.node], ['observed', 'node-0']);
});

test('a pod that is meant for a node by a plan goes there where it can, and by the policy elsewhere', async () => {
  const { pods, time, actor, loop } = playedPlacement({
    nodes: 3,
    loop: { intended: ({ uid }) => (uid === 'uid-0' ? 'node-2' : uid === 'uid-1' ? 'gone' : undefined) },
  });
  loop.start();
  for (const id of [0, 1, 2]) pods.tell(pendingPod(id));
  await time.play(10);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-2', 'node-0', 'node-0'],
  );
});
