import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SleepingJobNodes } from '../../../../src/controller/jobs/sleeping-job-nodes.ts';
import { SLACK_ANNOTATION } from '../../../../src/kubernetes/names.ts';
import { inTurn, patient, playedJobs, templateNodes } from '../../../support/played-jobs.ts';
import { DEADLINE_MILLISECONDS } from '../../../support/played-placement.ts';

describe('a Job that is decided for nodes that sleep', () => {
  const asleep = () => {
    const states = new Map<string, 'asleep' | 'lost'>();
    const wanted = new Map<string, string>();
    return {
      states,
      wanted,
      sleeping: new SleepingJobNodes({
        readiness: (node) => states.get(node) ?? 'ready',
        want: (key, node) => void wanted.set(key, node),
        release: (key) => void wanted.delete(key),
      }),
    };
  };
  const twoPods = { annotations: { [SLACK_ANNOTATION]: '30m' }, spec: { parallelism: 2, completions: 2 } };

  test('waits until all of them are up, and holds them meanwhile', async () => {
    const { states, wanted, sleeping } = asleep();
    const { time, loop, waiting, create, see, now } = playedJobs({
      policy: inTurn(),
      loop: { sleeping },
    });
    states.set('node-1', 'asleep');
    waiting.start();
    loop.start();
    const job = create(twoPods);
    see(job);
    await time.play(120_000);
    assert.equal(now(job)?.spec?.suspend, true);
    assert.deepEqual([...wanted.values()], ['node-0', 'node-1']);
    states.clear();
    await time.play(1_500);
    assert.deepEqual(templateNodes(now(job)), ['node-0', 'node-1']);
    assert.equal(wanted.size, 0);
  });

  test('is decided anew where one of them does not wake', async () => {
    const { states, wanted, sleeping } = asleep();
    const { time, loop, waiting, create, see, now, book } = playedJobs({
      policy: inTurn(),
      loop: { sleeping },
    });
    states.set('node-1', 'asleep');
    waiting.start();
    loop.start();
    const job = create(twoPods);
    see(job);
    await time.play(60_000);
    states.set('node-1', 'lost');
    await time.play(1_500);
    assert.deepEqual(templateNodes(now(job)), ['node-2', 'node-0']);
    assert.equal(wanted.size, 0);
    assert.equal(book.cluster?.podCount, 2);
  });

  test('is started as it is at its deadline', async () => {
    const { states, wanted, sleeping } = asleep();
    const { time, loop, waiting, create, see, now, book } = playedJobs({ loop: { sleeping } });
    for (const node of ['node-0', 'node-1', 'node-2']) states.set(node, 'asleep');
    waiting.start();
    loop.start();
    const job = create();
    see(job);
    await time.play(DEADLINE_MILLISECONDS + 1_000);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.deepEqual(templateNodes(now(job)), []);
    assert.equal(wanted.size, 0);
    assert.equal(book.cluster?.podCount, 0);
  });
});

describe('room of a started Job', () => {
  test('is held until its pods run, which are told when all do', async () => {
    const { time, loop, waiting, create, see, book, jobBook, ran } = playedJobs({ policy: inTurn() });
    waiting.start();
    loop.start();
    const job = create({ spec: { parallelism: 2, completions: 2 } });
    const { uid } = job.metadata;
    see(job);
    await time.play(10);
    // The watch tells that the Job waits no more; its pods are still to come.
    see(job);
    assert.equal(book.cluster?.podCount, 2);
    jobBook.bound(uid, 'node-2');
    assert.equal(book.cluster?.podCount, 1);
    assert.deepEqual(ran, []);
    jobBook.bound(uid, 'node-0');
    assert.equal(book.cluster?.podCount, 0);
    assert.deepEqual(ran, [{ uid, nodes: 'node-0,node-2' }]);
  });

  test('is free again where no pods come', async () => {
    const { time, loop, waiting, create, see, book, ran } = playedJobs();
    waiting.start();
    loop.start();
    const job = create();
    see(job);
    await time.play(10);
    see(job);
    await time.play(59_000);
    assert.equal(book.cluster?.podCount, 1);
    await time.play(2_000);
    assert.equal(book.cluster?.podCount, 0);
    assert.deepEqual(ran, []);
  });

  test('is free at once where the write fails', async () => {
    const { time, loop, waiting, create, see, book, api } = playedJobs();
    waiting.start();
    loop.start();
    const job = create();
    api.faults.add({ fault: { status: 403 } });
    see(job);
    await time.play(10);
    assert.equal(book.cluster?.podCount, 0);
  });

  test('an orderly stop starts what still waits, and leaves nothing behind', async () => {
    const { time, loop, waiting, create, see, now, book, stop } = playedJobs({ policy: patient() });
    waiting.start();
    loop.start();
    const job = create({ annotations: { [SLACK_ANNOTATION]: '10m' } });
    see(job);
    await time.play(1_000);
    const stopped = stop();
    await time.play(10);
    await stopped;
    assert.equal(now(job)?.spec?.suspend, false);
    assert.equal(book.cluster?.podCount, 0);
    assert.equal(time.timers, 0);
  });
});
