import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Policy, WAIT } from '../../../src/policy/policy.ts';
import {
  bestFitPolicy,
  DEADLINE_MILLISECONDS,
  type PlacementGiven,
  pendingPod,
  playedPlacement,
} from '../../support/played-placement.ts';
import { podOf, serverTypes } from '../../support/random-cluster.ts';

function policyThat(choose: (asked: number) => number): Policy {
  let asked = 0;
  return { name: 'played', start: () => ({ choose: () => choose(asked++), explain: () => [] }) };
}

const throwing = policyThat(() => {
  throw new Error('out of ideas');
});

const waits: Policy = {
  name: 'waits',
  start: () => ({
    choose: (_, { slackLeft = 0, nodes }) => (slackLeft > 0 ? WAIT : nodes[0]!),
    explain: () => [],
  }),
};

async function started(given: PlacementGiven = {}) {
  const world = playedPlacement(given);
  world.loop.start();
  await world.time.play(1);
  return world;
}

test('a gated pod is decided and handed to the actor with its node, at once', async () => {
  const { pods, actor, records, time, loop } = await started();
  pods.tell(pendingPod(0));
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ pod, node }) => [pod.name, node]),
    [['pod-0', 'node-0']],
  );
  assert.equal(records.length, 1);
  assert.equal(records[0]?.outcome, 'placed');
  assert.equal(records[0]?.policy, 'best-fit');
  assert.equal(records[0]?.others.length, 2);
  assert.equal(loop.counts.placed, 1);
  assert.equal(loop.gauges.held, 0);
});

test('the next decision knows of one that is not written yet', async () => {
  const { pods, actor, book } = await started({ nodes: 2 });
  actor.answer = () => undefined;
  const { cpuMilli } = serverTypes[0]!;
  pods.tell(pendingPod(0, { pod: podOf(0, { cpuMilli }) }));
  pods.tell(pendingPod(1, { pod: podOf(1, { cpuMilli }) }));
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', 'node-1'],
  );
  assert.equal(book.cluster?.podCount, 2);
});

test('a booking is rolled back where the server refuses, and the pod is freed as it was', async () => {
  const { pods, actor, book, records, time } = await started();
  actor.answer = ({ node, settle }) =>
    settle(node === undefined ? { outcome: 'freed' } : { outcome: 'refused' });
  pods.tell(pendingPod(0));
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', undefined],
  );
  assert.equal(book.cluster?.podCount, 0);
  assert.deepEqual([records[0]?.outcome, records[0]?.reason], ['freed', 'refused']);
});

test('a conflict is decided again on the pod as it is then', async () => {
  const { pods, actor, time } = await started();
  let first = true;
  actor.answer = ({ node, settle }) => {
    settle(first ? { outcome: 'conflict' } : { outcome: 'placed', node: node! });
    first = false;
  };
  pods.tell(pendingPod(0));
  pods.tell(pendingPod(0, { ownerKinds: ['Job'] }));
  await time.play(100);
  assert.deepEqual(actor.handed.at(-1)?.pod.ownerKinds, ['Job']);
  assert.equal(actor.handed.length, 2);
});

test('a server that asks for silence gets it, also past the deadline', async () => {
  const { pods, actor, time } = await started();
  actor.answer = ({ settle }) => settle({ outcome: 'throttled', retryAfterMilliseconds: 12_000 });
  pods.tell(pendingPod(0));
  await time.play(11_990);
  assert.equal(actor.handed.length, 1);
  await time.play(20);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', undefined],
  );
});

test('a write that hangs is called off at the deadline and the pod freed unmodified', async () => {
  const { pods, actor, time, records } = await started();
  actor.answer = ({ node, signal, settle }) => {
    if (node === undefined) settle({ outcome: 'freed' });
    else signal.addEventListener('abort', () => settle({ outcome: 'failed', error: new Error('stopped') }));
  };
  pods.tell(pendingPod(0));
  // Since its creation, a millisecond ago. By itself it has eight seconds.
  await time.play(DEADLINE_MILLISECONDS - 2);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', 'node-0'],
  );
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', 'node-0', undefined],
  );
  assert.deepEqual([records.at(-1)?.outcome, records.at(-1)?.reason], ['freed', 'deadline']);
});

test('a write that never ends does not hold the pod, and its late answer changes nothing', async () => {
  const { pods, actor, time, loop, records, events } = await started();
  actor.answer = ({ node, settle }) => {
    if (node === undefined) settle({ outcome: 'freed' });
  };
  pods.tell(pendingPod(0));
  await time.play(DEADLINE_MILLISECONDS + 2_000);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', undefined],
  );
  assert.equal(loop.counts.stuck, 1);
  assert.ok(events.some(({ event }) => event === 'write-stuck'));
  actor.handed[0]?.settle({ outcome: 'placed', node: 'node-0' });
  await time.play(10);
  assert.equal(records.length, 1);
  assert.equal(loop.gauges.inFlight, 0);
});

test('a pod that no node can take is freed at once, so that the scheduler may preempt or scale', async () => {
  const { pods, actor, records, time } = await started();
  pods.tell(pendingPod(0, { pod: podOf(0, { cpuMilli: 1e9 }) }));
  await time.play(1);
  assert.equal(actor.handed[0]?.node, undefined);
  assert.equal(records[0]?.reason, 'no-node');
});

test('without a policy every pod is freed to the default scheduler at once, also one with slack', async () => {
  const { time, pods, actor, records, decider } = await started();
  decider.usePolicy(undefined);
  pods.tell(pendingPod(0, { pod: podOf(0, { slackSeconds: 600 }) }));
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    [undefined],
  );
  assert.equal(records[0]?.reason, 'default-scheduler');
  assert.equal(records[0]?.policy, 'default');
});

test('a policy may hold a pod back within its slack and not beyond', async () => {
  const { pods, actor, time, loop } = await started({ policy: waits });
  pods.tell(pendingPod(0, { pod: podOf(0, { slackSeconds: 60 }) }));
  await time.play(59_000);
  assert.equal(actor.handed.length, 0);
  assert.equal(loop.gauges.waiting, 1);
  await time.play(2_500);
  assert.equal(actor.handed.length, 1);
  assert.equal(actor.handed[0]?.node, 'node-0');
});

test('slack beyond what is allowed is cut', async () => {
  const { pods, actor, time } = await started({ policy: waits, loop: { longestSlackMilliseconds: 20_000 } });
  pods.tell(pendingPod(0, { pod: podOf(0, { slackSeconds: 1e6 }) }));
  await time.play(21_500);
  assert.equal(actor.handed.length, 1);
});

test('where the policy throws the fallback rule decides, and the record says so', async () => {
  const { pods, actor, records, time } = await started({ policy: throwing, fallback: bestFitPolicy });
  pods.tell(pendingPod(0));
  await time.play(1);
  assert.equal(actor.handed[0]?.node, 'node-0');
  assert.equal(records[0]?.policy, 'best-fit');
  assert.equal(records[0]?.fellBack?.from, 'played');
  assert.match(records[0]?.fellBack?.why ?? '', /out of ideas/);
});

test('where the policy throws and there is no other the pod is freed', async () => {
  const { pods, actor, records, time } = await started({ policy: throwing });
  pods.tell(pendingPod(0));
  await time.play(1);
  assert.equal(actor.handed[0]?.node, undefined);
  assert.match(records[0]?.reason ?? '', /policy-failed.*out of ideas/);
});

test('an actor that throws is tried again, and the pod is freed in the end', async () => {
  const { pods, actor, time, loop } = await started();
  let broken = true;
  actor.answer = ({ node, settle }) => {
    if (broken) throw new Error('no actor today');
    settle(node === undefined ? { outcome: 'freed' } : { outcome: 'placed', node });
  };
  pods.tell(pendingPod(0));
  await time.play(DEADLINE_MILLISECONDS + 1_000);
  broken = false;
  await time.play(5_000);
  assert.deepEqual(loop.counts.freed, { deadline: 1 });
});

test('while placement is paused every pod is freed unmodified at once', async () => {
  const { pods, actor, time, paused, records } = await started();
  actor.answer = ({ node, signal, settle }) => {
    if (node === undefined) settle({ outcome: 'freed' });
    else signal.addEventListener('abort', () => settle({ outcome: 'failed', error: new Error('stopped') }));
  };
  pods.tell(pendingPod(0));
  paused.value = 'fire drill';
  pods.tell(pendingPod(1));
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ pod, node }) => [pod.name, node]),
    [
      ['pod-0', 'node-0'],
      ['pod-1', undefined],
      ['pod-0', undefined],
    ],
  );
  assert.ok(records.every(({ reason }) => reason === 'paused: fire drill'));
  paused.value = undefined;
  actor.answer = undefined;
  pods.tell(pendingPod(2));
  await time.play(1);
  assert.equal(actor.handed.at(-1)?.node, 'node-0');
});

test('a leader begins by freeing what is past its deadline, and takes over the rest', async () => {
  const world = playedPlacement();
  const { pods, actor, time, loop } = world;
  const { unixAtZero } = time;
  pods.known.set('uid-0', pendingPod(0, { createdUnixMilliseconds: unixAtZero - 60_000 }));
  pods.known.set('uid-1', pendingPod(1, { createdUnixMilliseconds: unixAtZero - 1_000 }));
  loop.start();
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ pod, node }) => [pod.name, node]),
    [
      ['pod-0', undefined],
      ['pod-1', 'node-0'],
    ],
  );
});

test('who does not lead hands nothing to the actor, and sweeps when it comes to lead', async () => {
  const { pods, actor, time, leadership } = await started();
  leadership.value = false;
  pods.tell(pendingPod(0));
  await time.play(60_000);
  assert.equal(actor.handed.length, 0);
  leadership.value = true;
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    [undefined],
  );
});

test('a lost lease calls off what is on its way', async () => {
  const { pods, actor, time, leadership, book } = await started();
  actor.answer = ({ signal, settle }) =>
    signal.addEventListener('abort', () => settle({ outcome: 'not-leader' }));
  pods.tell(pendingPod(0));
  leadership.value = false;
  await time.play(5_000);
  assert.equal(actor.handed.length, 1);
  assert.equal(book.cluster?.podCount, 0);
});

test('shadow: decided, recorded and freed unmodified', async () => {
  const { pods, actor, records, time, book } = await started({ loop: { mode: 'shadow' } });
  pods.tell(pendingPod(0));
  pods.tell(pendingPod(1, { isGated: false }));
  await time.play(1);
  assert.deepEqual(
    actor.handed.map(({ pod, node }) => [pod.name, node]),
    [['pod-0', undefined]],
  );
  assert.deepEqual(
    records.map(({ node, outcome, mode }) => [node, outcome, mode]),
    [
      ['node-0', 'observed', 'shadow'],
      ['node-0', 'freed', 'shadow'],
    ],
  );
  assert.equal(book.cluster?.podCount, 0);
});

test('dry-run: decided and recorded, never handed to the actor, without a lease', async () => {
  const { pods, actor, records, time, leadership, events } = await started({ loop: { mode: 'dry-run' } });
  leadership.value = false;
  pods.tell(pendingPod(0));
  await time.play(60_000);
  assert.equal(actor.handed.length, 0);
  assert.deepEqual(
    records.map(({ node, outcome }) => [node, outcome]),
    [['node-0', 'observed']],
  );
  // Nobody frees it, and that is told.
  assert.equal(events.filter(({ event }) => event === 'pod-left-gated').length, 1);
});

test('where a pod runs in the end is told to the records, also where the watch is faster than the answer', async () => {
  const { pods, actor, time, bound } = await started();
  pods.tell(pendingPod(0));
  await time.play(1);
  pods.settle('uid-0', 'node-2');
  actor.answer = () => undefined;
  pods.tell(pendingPod(1));
  pods.tell(pendingPod(1, { isGated: false }));
  pods.settle('uid-1', 'node-1');
  actor.handed.at(-1)?.settle({ outcome: 'placed', node: 'node-0' });
  await time.play(1);
  assert.deepEqual(bound, [
    { uid: 'uid-0', node: 'node-2' },
    { uid: 'uid-1', node: 'node-1' },
  ]);
});

test('a decision that the scheduler did not follow gives its room back', async () => {
  const { pods, time, book } = await started();
  pods.tell(pendingPod(0));
  await time.play(1);
  assert.equal(book.cluster?.podCount, 1);
  await time.play(61_000);
  assert.equal(book.cluster?.podCount, 0);
});

test('a pod that is deleted before it is bound gives its room back at once', async () => {
  const { pods, time, book, bound } = await started();
  pods.tell(pendingPod(0));
  await time.play(1);
  pods.settle('uid-0');
  assert.equal(book.cluster?.podCount, 0);
  assert.deepEqual(bound, []);
});

test('a pod that the watch still shows at the gate long after it was freed is freed again', async () => {
  const { pods, actor, time } = await started();
  pods.tell(pendingPod(0));
  await time.play(50_000);
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    ['node-0', undefined],
  );
});

test('an orderly stop frees what is held', async () => {
  const { pods, actor, time, loop } = await started({ policy: waits });
  pods.tell(pendingPod(0, { pod: podOf(0, { slackSeconds: 600 }) }));
  await time.play(5_000);
  assert.equal(actor.handed.length, 0);
  const stopped = loop.stop();
  await time.play(100);
  await stopped;
  assert.deepEqual(
    actor.handed.map(({ node }) => node),
    [undefined],
  );
  assert.equal(time.timers, 0);
});

test('a stop does not wait for a server that does not answer', async () => {
  const { pods, actor, time, loop } = await started();
  actor.answer = () => undefined;
  pods.tell(pendingPod(0));
  const stopped = loop.stop();
  await time.play(5_000);
  await stopped;
  assert.equal(time.timers, 0);
});

test('a sink that throws holds no pod', async () => {
  const { pods, actor, time, loop, events } = await started({
    loop: {
      sink: {
        record: () => {
          throw new Error('disk full');
        },
        bound: () => undefined,
      },
    },
  });
  pods.tell(pendingPod(0));
  pods.tell(pendingPod(1));
  await time.play(1);
  assert.equal(actor.handed.length, 2);
  assert.equal(loop.gauges.held, 0);
  assert.ok(events.some(({ event }) => event === 'decision-not-recorded'));
});
