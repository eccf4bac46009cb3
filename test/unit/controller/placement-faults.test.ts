import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ActResult } from '../../../src/controller/ports.ts';
import { type Policy, WAIT } from '../../../src/policy/policy.ts';
import { RandomStream } from '../../../src/util/rng.ts';
import {
  bestFitPolicy,
  DEADLINE_MILLISECONDS,
  type HandedPod,
  pendingPod,
  playedPlacement,
} from '../../support/played-placement.ts';
import { podOf } from '../../support/random-cluster.ts';

/*
 * Random clusters under random faults, all played from one seed: no real time and no real server, as FoundationDB tests
 * itself (Zhou et al., "FoundationDB: A Distributed Unbundled Transactional Key Value Store", SIGMOD 2021, section 4).
 */

/** How long a pod may be gated beyond its deadline and slack while there is a leader, a watch and a server without a break. */
const GRACE_MILLISECONDS = 15_000;
const FAULTY_MILLISECONDS = 120_000;
const SLACK_SECONDS = 20;

type Disturbance = 'no-leader' | 'no-watch' | 'no-server';

/** What the server knows of a pod. */
interface Truth {
  readonly id: number;
  readonly mayPlace: boolean;
  readonly mayTouch: boolean;
  readonly patienceMilliseconds: number;
  version: number;
  isGated: boolean;
  isGone: boolean;
  node: string | undefined;
  readonly createdAt: number;
  isTold: boolean;
}

function erraticPolicy(random: RandomStream, faults: () => boolean): Policy {
  return {
    name: 'erratic',
    start: () => ({
      choose(pod, { nodes, count, slackLeft = 0 }) {
        const draw = random.next();
        if (faults()) {
          if (draw < 0.1) throw new Error('erratic');
          if (draw < 0.15) return WAIT;
          if (draw < 0.2) return 10_000;
        }
        return slackLeft > 0 && draw < 0.6 ? WAIT : nodes[pod.id % count]!;
      },
      explain: () => [],
    }),
  };
}

async function play(seed: number) {
  const random = new RandomStream(seed);
  let areFaults = true;
  const disturbed = new Set<Disturbance>();
  const asleep = new Map<string, 'asleep' | 'lost'>();
  const wanted = new Map<string, string>();
  const world = playedPlacement({
    policy: erraticPolicy(random.fork('policy'), () => areFaults),
    ...(random.next() < 0.5 ? { fallback: bestFitPolicy } : {}),
    nodes: 1 + random.integer(4),
    loop: {
      mostInFlight: 1 + random.integer(8),
      sleeping: {
        readiness: (node) => asleep.get(node) ?? 'ready',
        want: (uid, node) => void wanted.set(uid, node),
        release: (uid) => void wanted.delete(uid),
      },
    },
  });
  const tellSlumber = () =>
    world.book.setSlumber(
      new Map(
        [...asleep].map(
          ([node, state]) => [node, { state: state === 'lost' ? 'closed' : 'asleep' }] as const,
        ),
      ),
    );
  const { time, pods, actor, leadership, book, loop } = world;
  const truths = new Map<string, Truth>();
  const handedNow = new Map<string, number>();
  const problems: string[] = [];
  const cut: (() => void)[] = [];

  /** The watch tells after a while, and nothing while it is cut: then it tells what is true by then. */
  const tell = (truth: Truth) => {
    const seen = { ...truth };
    const now = () => {
      if (disturbed.has('no-watch')) {
        cut.push(() => tellNow(truth));
        return;
      }
      // Late by one version, now and then.
      tellNow(random.next() < 0.9 ? truth : seen);
    };
    time.after(1 + random.integer(50), now);
  };
  const tellNow = (truth: Truth) => {
    const uid = `uid-${truth.id}`;
    if (truth.isGone || truth.node !== undefined) {
      if (truth.node !== undefined) book.bound(uid, podOf(truth.id), truth.node);
      pods.settle(uid, truth.node);
    } else pods.tell({ ...templates.get(uid)!, isGated: truth.isGated });
  };
  const templates = new Map<string, ReturnType<typeof pendingPod>>();

  const create = (id: number) => {
    const kind = random.next();
    const slackSeconds = random.next() < 0.3 ? random.integer(SLACK_SECONDS) : 0;
    const given =
      kind < 0.05
        ? { namespace: 'kube-system' }
        : kind < 0.1
          ? { ownerKinds: ['DaemonSet'] }
          : kind < 0.15
            ? { namespace: 'kisimd' }
            : kind < 0.25
              ? { isOptedIn: false }
              : {};
    const pod = pendingPod(id, {
      createdUnixMilliseconds: 1_800_000_000_000 + time.now,
      pod: podOf(id, { slackSeconds, cpuMilli: 1000 * (1 + random.integer(8)) }),
      isGated: kind >= 0.3 || random.next() < 0.8,
      ...given,
    });
    const truth: Truth = {
      id,
      mayPlace: kind >= 0.25,
      mayTouch: kind >= 0.15,
      patienceMilliseconds: DEADLINE_MILLISECONDS + slackSeconds * 1000,
      version: 0,
      isGated: pod.isGated,
      isGone: false,
      node: undefined,
      createdAt: time.now,
      isTold: false,
    };
    templates.set(pod.uid, pod);
    truths.set(pod.uid, truth);
    tell(truth);
  };

  /** The server: what it does to one write. */
  const write = (handed: HandedPod): ActResult => {
    const truth = truths.get(handed.pod.uid)!;
    if (!leadership.isLeader) return { outcome: 'not-leader' };
    if (truth.isGone) return { outcome: 'gone' };
    if (!truth.isGated) return { outcome: 'already-free' };
    const draw = random.next();
    if (areFaults) {
      if (draw < 0.1) {
        truth.version++;
        tell(truth);
        return { outcome: 'conflict' };
      }
      if (draw < 0.2) return { outcome: 'refused' };
      if (draw < 0.25) return { outcome: 'throttled', retryAfterMilliseconds: 1000 };
      if (draw < 0.35) return { outcome: 'failed', error: new Error('500') };
    }
    truth.isGated = false;
    tell(truth);
    // The scheduler follows, mostly.
    const node = handed.node !== undefined && random.next() < 0.9 ? handed.node : 'node-0';
    time.after(5 + random.integer(200), () => {
      if (truth.isGone) return;
      truth.node = node;
      tell(truth);
    });
    // Done, and the answer is lost.
    if (areFaults && draw < 0.4) return { outcome: 'failed', error: new Error('cut') };
    return handed.node === undefined ? { outcome: 'freed' } : { outcome: 'placed', node: handed.node };
  };

  actor.answer = (handed) => {
    const { uid } = handed.pod;
    const truth = truths.get(uid)!;
    if (!truth.mayTouch) problems.push(`${uid} was touched`);
    if (!truth.mayPlace && handed.node !== undefined) problems.push(`${uid} was placed without opt-in`);
    if (!leadership.isLeader) problems.push(`${uid} was handed over without a lease`);
    const already = handedNow.get(uid) ?? 0;
    if (already > 0) problems.push(`${uid} was handed over twice at a time`);
    handedNow.set(uid, already + 1);
    let isOver = false;
    const settle = (result: ActResult) => {
      if (isOver) return;
      isOver = true;
      handedNow.set(uid, handedNow.get(uid)! - 1);
      handed.settle(result);
    };
    handed.signal.addEventListener('abort', () =>
      time.after(random.integer(1000), () => settle({ outcome: 'failed', error: new Error('called off') })),
    );
    if (areFaults && random.next() < 0.03) {
      time.after(1, () => settle({ outcome: 'failed', error: 'thrown' }));
      return;
    }
    time.after(1 + random.integer(100), () => {
      // A server that is away does not answer at all, half of the time.
      if (!disturbed.has('no-server')) settle(write(handed));
      else if (random.next() < 0.5) settle({ outcome: 'failed', error: new Error('unreachable') });
    });
  };

  const disturb = (what: Disturbance) => {
    disturbed.add(what);
    if (what === 'no-leader') leadership.value = false;
  };
  const mend = (what: Disturbance) => {
    disturbed.delete(what);
    if (what === 'no-leader') leadership.value = true;
    if (what === 'no-watch') for (const late of cut.splice(0)) late();
  };

  loop.start();
  let id = 0;
  const step = 100;
  const gated = () => [...truths.values()].filter((each) => each.isGated && !each.isGone && each.mayTouch);
  let undisturbedSince = 0;
  const watch = () => {
    if (disturbed.size > 0) undisturbedSince = time.now;
    if (time.now - undisturbedSince <= GRACE_MILLISECONDS) return;
    for (const truth of gated()) {
      const overdue = time.now - truth.createdAt - truth.patienceMilliseconds;
      if (truth.isTold || overdue <= GRACE_MILLISECONDS) continue;
      truth.isTold = true;
      problems.push(`uid-${truth.id} is gated past its deadline`);
    }
  };
  while (time.now < FAULTY_MILLISECONDS) {
    if (random.next() < 0.08) for (let i = random.integer(4); i >= 0; i--) create(id++);
    const draw = random.next();
    if (draw < 0.01) disturb('no-leader');
    else if (draw < 0.02) disturb('no-watch');
    else if (draw < 0.03) disturb('no-server');
    else if (draw < 0.034) time.unixAtZero += (random.next() - 0.5) * 2 * 86_400_000;
    else if (draw < 0.038) world.paused.value = world.paused.value === undefined ? 'drill' : undefined;
    else if (draw < 0.045) {
      const gone = [...truths.values()][random.integer(Math.max(1, truths.size))];
      if (gone !== undefined && !gone.isGone) {
        gone.isGone = true;
        tell(gone);
      }
    } else if (draw < 0.05) book.setNodes(book.cluster!.nodes.slice().reverse());
    else if (draw < 0.08) {
      const { name } = random.pick(book.cluster!.nodes);
      const to = random.next();
      if (to < 0.5) asleep.delete(name);
      else asleep.set(name, to < 0.8 ? 'asleep' : 'lost');
      tellSlumber();
    }
    for (const what of [...disturbed]) if (random.next() < 0.02) mend(what);
    await time.play(step);
    watch();
  }
  areFaults = false;
  asleep.clear();
  tellSlumber();
  for (const what of [...disturbed]) mend(what);
  const end = time.now + DEADLINE_MILLISECONDS + SLACK_SECONDS * 1000 + GRACE_MILLISECONDS;
  while (time.now < end) {
    await time.play(step);
    watch();
  }
  for (const { id: left } of gated()) problems.push(`uid-${left} is gated for ever`);
  await time.play(60_000);
  const counts = loop.counts;
  if (loop.gauges.held > 0) problems.push(`${loop.gauges.held} pods are held at the end`);
  if (wanted.size > 0) problems.push(`nodes are wanted at the end: ${[...wanted].join()}`);
  if (loop.gauges.inFlight > 0) problems.push(`${loop.gauges.inFlight} writes are on their way at the end`);
  if (counts.stuck > 0) problems.push('a write was given up although it heeds to be called off');
  const booked = [...truths.values()].filter(({ node }) => node !== undefined).length;
  if (book.cluster!.podCount > booked) problems.push(`${book.cluster!.podCount} booked, ${booked} run`);
  await loop.stop();
  if (time.timers > 0) problems.push(`${time.timers} timers are left`);
  return { problems, counts, pods: id };
}

test('whatever fails, no pod is held past its deadline, handed over twice, or touched without opt-in', async () => {
  let placed = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const { problems, counts } = await play(seed);
      placed += counts.placed;
      assert.deepEqual(problems, []);
    }),
    { numRuns: Number(process.env['FAULT_RUNS'] ?? 15) },
  );
  // A loop that did nothing would pass too.
  assert.ok(placed > 20, `${placed} pods placed`);
});

test('the same seed plays the same', async () => {
  assert.deepEqual(await play(42), await play(42));
});

test('without faults every pod is placed before its deadline', async () => {
  const { time, pods, loop } = playedPlacement({ nodes: 4 });
  loop.start();
  for (let id = 0; id < 200; id++) {
    pods.tell(
      pendingPod(id, {
        pod: podOf(id, { cpuMilli: 100, memoryBytes: 1 }),
        createdUnixMilliseconds: time.unixMilliseconds(),
      }),
    );
    await time.play(1);
  }
  assert.equal(loop.counts.placed, 200);
});
