import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  JOB_LABEL,
  JOB_LABEL_VALUE,
  SLACK_ANNOTATION,
  STARTED_ANNOTATION,
} from '../../../../src/kubernetes/names.ts';
import { type Policy, WAIT } from '../../../../src/policy/policy.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import type { StoreEvent } from '../../../support/fake-api/object-store.ts';
import { type Fields, fieldsOf, type StoredObject } from '../../../support/fake-api/objects.ts';
import { playedJobs } from '../../../support/played-jobs.ts';
import { DEADLINE_MILLISECONDS } from '../../../support/played-placement.ts';

/*
 * Two daemons, one of which leads at a time, on one server: everything that may fail does, all played from one seed. What is
 * checked is what the server saw, not what the loops believe.
 */

/** How long a Job may wait beyond its deadline and slack while there is a leader, a watch and a server without a break. */
const GRACE_MILLISECONDS = 20_000;
const FAULTY_MILLISECONDS = 90_000;
const SLACK_SECONDS = 20;

/** What the server saw of a Job. */
interface Truth {
  readonly job: StoredObject;
  /** Whether it may ever be touched. */
  readonly isAsked: boolean;
  readonly patience: number;
  readonly since: number;
  starts: number;
  isTold: boolean;
}

function erratic(random: RandomStream, areFaults: () => boolean): Policy {
  return {
    name: 'erratic',
    start: () => ({
      choose(_, { nodes, count, slackLeft = 0 }) {
        const draw = random.next();
        if (areFaults() && draw < 0.1) throw new Error('erratic');
        if (areFaults() && draw < 0.15) return 10_000;
        return slackLeft > 0 && draw < 0.6 ? WAIT : nodes[random.integer(count)]!;
      },
      explain: () => [],
    }),
  };
}

async function play(seed: number) {
  const random = new RandomStream(seed);
  let areFaults = true;
  let hasServer = true;
  let hasWatch = true;
  const policy = erratic(random.fork('policy'), () => areFaults);
  const nodes = 1 + random.integer(4);
  const first = playedJobs({ policy, nodes, identity: 'host-1#1', random: random.fork('first') });
  const { time, api } = first;
  const second = playedJobs({
    policy,
    nodes,
    identity: 'host-2#2',
    random: random.fork('second'),
    beside: first,
  });
  const daemons = [first, second];
  second.leadership.value = false;
  const truths = new Map<string, Truth>();
  const problems: string[] = [];
  let isOwnersWrite = false;

  api.store.changes.on('change', ({ type, object, previous }: StoreEvent) => {
    if (type !== 'MODIFIED' || object.kind !== 'Job' || isOwnersWrite) return;
    const { uid } = object.metadata;
    const isStarted = (each: StoredObject | undefined) =>
      fieldsOf(each?.metadata, 'annotations')[STARTED_ANNOTATION] === uid;
    if (
      isStarted(object) &&
      fieldsOf(previous, 'spec')['suspend'] === true &&
      fieldsOf(object, 'spec')['suspend'] === false
    ) {
      const truth = truths.get(uid)!;
      truth.starts++;
      if (truth.starts > 1) problems.push(`${object.metadata.name} was started twice`);
      if (fieldsOf(previous?.metadata, 'labels')[JOB_LABEL] !== JOB_LABEL_VALUE || !truth.isAsked)
        problems.push(`${object.metadata.name} was touched`);
      if (!daemons.some(({ leadership }) => leadership.isLeader)) problems.push('written without a lease');
    }
  });
  api.meanwhile = ({ method }) => {
    const draw = random.next();
    if (!hasServer) api.faults.add({ fault: random.next() < 0.5 ? 'cut' : 'hang' });
    else if (!areFaults) return;
    else if (draw < 0.05) api.faults.add({ fault: 'cut' });
    else if (draw < 0.12) api.faults.add({ fault: 'cut-after' });
    else if (draw < 0.2) api.faults.add({ fault: { status: 500 } });
    else if (draw < 0.25) api.faults.add({ fault: { status: 429, headers: { 'retry-after': '1' } } });
    else if (draw < 0.3 && method === 'PATCH') api.faults.add({ fault: { status: 409 } });
    else if (draw < 0.35 && method === 'PATCH') api.faults.add({ fault: { status: 422 } });
  };

  /** The watches tell after a while: what is true by then, or nothing while they are cut. */
  const late = new Set<StoredObject>();
  const tell = (job: StoredObject) => {
    for (const { see } of daemons)
      time.after(1 + random.integer(50), () => {
        if (hasWatch) see(job);
        else late.add(job);
      });
  };
  const change = (job: StoredObject, work: (copy: StoredObject) => void) => {
    if (first.now(job) === undefined) return;
    isOwnersWrite = true;
    api.change(job, work);
    isOwnersWrite = false;
    tell(job);
  };
  const create = () => {
    const kind = random.next();
    const slack = random.next() < 0.3 ? random.integer(SLACK_SECONDS) : 0;
    const labels: Fields =
      kind < 0.1
        ? {}
        : { [JOB_LABEL]: JOB_LABEL_VALUE, ...(kind < 0.2 ? { 'kueue.x-k8s.io/queue-name': 'q' } : {}) };
    const parallelism = 1 + random.integer(5);
    const job = first.create({
      labels,
      namespace: kind > 0.95 ? 'kube-system' : 'shop',
      cpu: String(1 + random.integer(40)),
      annotations: slack === 0 ? {} : { [SLACK_ANNOTATION]: `${slack}s` },
      spec: { parallelism, completions: parallelism },
    });
    truths.set(job.metadata.uid, {
      job,
      isAsked: kind >= 0.2 && kind <= 0.95,
      patience: DEADLINE_MILLISECONDS + slack * 1000,
      since: time.now,
      starts: 0,
      isTold: false,
    });
    for (const { adopt } of daemons) adopt(job);
    tell(job);
  };
  const disturbed = () => !hasServer || !hasWatch || !daemons.some(({ leadership }) => leadership.isLeader);
  let undisturbedSince = 0;
  const waiting = () =>
    [...truths.values()].filter(({ job, isAsked, starts }) => {
      const now = first.now(job);
      return (
        isAsked &&
        starts === 0 &&
        now?.spec?.suspend === true &&
        now.metadata.labels?.[JOB_LABEL] === JOB_LABEL_VALUE
      );
    });
  const look = () => {
    if (disturbed()) undisturbedSince = time.now;
    if (time.now - undisturbedSince <= GRACE_MILLISECONDS) return;
    for (const truth of waiting()) {
      if (truth.isTold || time.now - truth.since - truth.patience <= GRACE_MILLISECONDS) continue;
      truth.isTold = true;
      problems.push(`${truth.job.metadata.name} is kept past its deadline`);
    }
  };
  const elect = (which: number | undefined) =>
    daemons.forEach(({ leadership }, i) => {
      leadership.value = i === which;
    });

  for (const { waiting: jobs, loop } of daemons) {
    jobs.start();
    loop.start();
  }
  const step = 100;
  const end = () =>
    FAULTY_MILLISECONDS + DEADLINE_MILLISECONDS + SLACK_SECONDS * 1000 + 2 * GRACE_MILLISECONDS;
  while (time.now < end()) {
    if (time.now >= FAULTY_MILLISECONDS && areFaults) {
      areFaults = false;
      hasServer = hasWatch = true;
      for (const job of late) for (const { see } of daemons) see(job);
      elect(random.integer(2));
      for (const { paused } of daemons) paused.value = undefined;
    }
    if (areFaults) {
      if (random.next() < 0.05) create();
      if (random.next() < 0.02) for (const { paused } of daemons) paused.value = undefined;
      const draw = random.next();
      if (draw < 0.01) elect(undefined);
      else if (draw < 0.03) elect(random.integer(2));
      else if (draw < 0.035) hasServer = !hasServer;
      else if (draw < 0.04) {
        hasWatch = !hasWatch;
        if (hasWatch) for (const job of late) for (const { see } of daemons) see(job);
      } else if (draw < 0.044) time.unixAtZero += (random.next() - 0.5) * 2 * 86_400_000;
      else if (draw < 0.046) for (const { paused } of daemons) paused.value = 'drill';
      else if (draw < 0.07 && truths.size > 0) {
        const { job } = [...truths.values()][random.integer(truths.size)]!;
        const what = random.next();
        if (what < 0.2) {
          if (first.now(job) !== undefined) api.remove(job);
          tell(job);
        } else if (what < 0.4)
          change(job, ({ metadata }) => {
            metadata['annotations'] = { ...fieldsOf(metadata, 'annotations'), touched: String(time.now) };
          });
        else if (what < 0.6)
          change(job, ({ metadata }) => {
            metadata['labels'] = {};
          });
        // Its owner starts it, or suspends it again.
        else
          change(job, (copy) => {
            const spec = copy['spec'] as { suspend: boolean };
            spec.suspend = !spec.suspend;
          });
      } else if (draw < 0.075)
        for (const { book } of daemons) book.setNodes(book.cluster!.nodes.slice().reverse());
    }
    await time.play(step);
    look();
    // The watch tells of every write.
    for (const { job } of truths.values())
      if (random.next() < 0.3 && hasWatch) for (const { see } of daemons) see(job);
  }
  for (const { job } of waiting()) problems.push(`${job.metadata.name} waits for ever`);
  await time.play(120_000);
  for (const { book, loop, jobBook } of daemons) {
    if (loop.gauges.inFlight > 0) problems.push(`${loop.gauges.inFlight} writes are on their way at the end`);
    if (book.cluster!.podCount > 0) problems.push(`${book.cluster!.podCount} pods are booked at the end`);
    if (loop.counts.stuck > 0) problems.push('a write was given up');
    assert.equal(jobBook.cluster, book.cluster);
  }
  for (const { stop } of daemons) {
    const stopped = stop();
    await time.play(10_000);
    await stopped;
  }
  if (time.timers > 0) problems.push(`${time.timers} timers are left`);
  const placed = daemons.reduce((sum, { loop }) => sum + loop.counts.placed, 0);
  const started = [...truths.values()].filter(({ starts }) => starts > 0).length;
  return { problems, placed, started };
}

test('whatever fails, no Job is started twice, kept past its deadline, or touched unasked', async () => {
  let placed = 0;
  let started = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const played = await play(seed);
      placed += played.placed;
      started += played.started;
      assert.deepEqual(played.problems, []);
    }),
    { numRuns: Number(process.env['FAULT_RUNS'] ?? 10) },
  );
  // Loops that did nothing would pass too.
  assert.ok(placed > 20 && started > placed, `${placed} placed, ${started} started`);
});
