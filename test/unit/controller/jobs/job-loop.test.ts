import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SleepingJobNodes } from '../../../../src/controller/jobs/sleeping-job-nodes.ts';
import {
  DECIDED_BY_ANNOTATION,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  NODE_ANNOTATION,
  PLACEMENT_GATE,
  SLACK_ANNOTATION,
  STARTED_ANNOTATION,
} from '../../../../src/kubernetes/names.ts';
import { type Policy, WAIT } from '../../../../src/policy/policy.ts';
import { playedJobs, templateNodes } from '../../../support/played-jobs.ts';
import { DEADLINE_MILLISECONDS } from '../../../support/played-placement.ts';

/** Waits as long as it may, then takes the first node; of several pods each the next node. */
function patient(until: () => boolean = () => false): Policy {
  return {
    name: 'patient',
    start: () => ({
      choose: (_, { nodes, slackLeft = 0 }) => (slackLeft > 0 && !until() ? WAIT : nodes[0]!),
      explain: (_, node) => [{ term: 'active-energy', amount: 10 * (node + 1), unit: 'J' }],
    }),
  };
}

function roundRobin(): Policy {
  let next = 0;
  return {
    name: 'in-turn',
    start: () => ({
      choose: (_, { nodes, count }) => nodes[next++ % count]!,
      explain: () => [{ term: 'active-energy', amount: 5, unit: 'J' }],
    }),
  };
}

describe('a suspended Job that asks to be placed', () => {
  test('is started on its node in one write, with who decided it', async () => {
    const { time, loop, waiting, create, see, now, api, records } = playedJobs();
    waiting.start();
    loop.start();
    const job = create();
    api.requests.length = 0;
    see(job);
    await time.play(10);
    const started = now(job)!;
    assert.equal(started.spec?.suspend, false);
    assert.equal(api.requests.length, 1);
    assert.deepEqual(templateNodes(started), ['node-0']);
    assert.equal(started.metadata.annotations?.[NODE_ANNOTATION], 'node-0');
    assert.equal(started.metadata.annotations?.[DECIDED_BY_ANNOTATION], 'host-1#1');
    assert.equal(records.length, 1);
    const { namespace, pod, uid, node, outcome } = records[0]!;
    assert.deepEqual(
      { namespace, pod, uid, node, outcome },
      { namespace: 'shop', pod: 'job/job-0', uid: job.metadata.uid, node: 'node-0', outcome: 'placed' },
    );
  });

  test('loses our gate of its template', async () => {
    const { time, loop, waiting, create, see, now } = playedJobs();
    waiting.start();
    loop.start();
    const containers = [{ name: 'main', image: 'registry.example/base:1' }];
    const job = create({
      template: {
        spec: { restartPolicy: 'Never', containers, schedulingGates: [{ name: PLACEMENT_GATE }] },
      },
    });
    see(job);
    await time.play(10);
    assert.deepEqual(now(job)?.spec?.template?.spec?.schedulingGates ?? [], []);
  });

  test('with several pods gets all their nodes, those of more pods first, and one record of their sum', async () => {
    const { time, loop, waiting, create, see, now, records, book } = playedJobs({
      policy: roundRobin(),
      strength: 'required',
    });
    waiting.start();
    loop.start();
    const job = create({ spec: { parallelism: 4, completions: 8 } });
    see(job);
    await time.play(10);
    assert.deepEqual(templateNodes(now(job)), ['node-0', 'node-1', 'node-2']);
    assert.deepEqual(records[0]?.terms, [{ term: 'active-energy', amount: 20, unit: 'J' }]);
    assert.equal(book.cluster?.podCount, 4);
  });

  test('of which only some pods fit is not bound to their nodes', async () => {
    const { time, loop, waiting, create, see, now } = playedJobs({ nodes: 1, strength: 'required' });
    waiting.start();
    loop.start();
    // The one node has 32 CPUs.
    const job = create({ cpu: '20', spec: { parallelism: 2, completions: 2 } });
    see(job);
    await time.play(10);
    const affinity = now(job)?.spec?.template?.spec?.affinity?.nodeAffinity;
    assert.equal(affinity?.requiredDuringSchedulingIgnoredDuringExecution, undefined);
    assert.deepEqual(templateNodes(now(job)), ['node-0']);
  });

  test("waits for the policy's moment within its slack", async () => {
    let isMoment = false;
    const { time, loop, waiting, create, see, now } = playedJobs({ policy: patient(() => isMoment) });
    waiting.start();
    loop.start();
    const job = create({ annotations: { [SLACK_ANNOTATION]: '10m' } });
    see(job);
    await time.play(300_000);
    assert.equal(now(job)?.spec?.suspend, true);
    isMoment = true;
    await time.play(1_500);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.deepEqual(templateNodes(now(job)), ['node-0']);
  });

  test('is decided without more waiting when its slack is over', async () => {
    const { time, loop, waiting, create, see, now, records } = playedJobs({ policy: patient() });
    waiting.start();
    loop.start();
    const job = create({ annotations: { [SLACK_ANNOTATION]: '1m' } });
    see(job);
    await time.play(59_000);
    assert.equal(now(job)?.spec?.suspend, true);
    await time.play(2_500);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.equal(records[0]?.outcome, 'placed');
  });

  test('that no node can take is started as it is at its deadline', async () => {
    const { time, loop, waiting, create, see, now, records } = playedJobs();
    waiting.start();
    loop.start();
    const job = create({ cpu: '4000', annotations: { [SLACK_ANNOTATION]: '1m' } });
    see(job);
    await time.play(61_000 + DEADLINE_MILLISECONDS);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.deepEqual(templateNodes(now(job)), []);
    assert.equal(records[0]?.outcome, 'freed');
  });

  test('is started as it is, at once, while placement is paused', async () => {
    const { time, loop, waiting, create, see, now, paused } = playedJobs({ policy: patient() });
    waiting.start();
    loop.start();
    const job = create({ annotations: { [SLACK_ANNOTATION]: '10m' } });
    see(job);
    await time.play(5_000);
    paused.value = 'drill';
    await time.play(10);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.deepEqual(templateNodes(now(job)), []);
  });

  test('left by a dead predecessor is started when this one comes to lead', async () => {
    const { time, loop, waiting, create, see, now, leadership } = playedJobs();
    leadership.value = false;
    const job = create();
    see(job);
    waiting.start();
    loop.start();
    await time.play(60_000);
    assert.equal(now(job)?.spec?.suspend, true);
    leadership.value = true;
    await time.play(10);
    assert.equal(now(job)?.spec?.suspend, false);
  });

  test('labelled long after it was made is decided, not just started', async () => {
    const { time, loop, waiting, create, see, now, records } = playedJobs();
    waiting.start();
    loop.start();
    const job = create();
    await time.play(3_600_000);
    see(job);
    await time.play(10);
    assert.deepEqual(templateNodes(now(job)), ['node-0']);
    assert.equal(records[0]?.outcome, 'placed');
  });

  test('whose template cannot be read is started as it is, and that is told', async () => {
    const { time, loop, waiting, create, see, now, events, records } = playedJobs();
    waiting.start();
    loop.start();
    const containers = [{ name: 'main', image: 'a', resources: { requests: { cpu: 'many' } } }];
    const job = create({ template: { spec: { restartPolicy: 'Never', containers } } });
    see(job);
    await time.play(10);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.match(records[0]?.reason ?? '', /its template cannot be read/);
    assert.equal(events.filter(({ event }) => event === 'job-not-read').length, 1);
  });
});

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
      policy: roundRobin(),
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
      policy: roundRobin(),
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

describe('a Job that is not ours to start', () => {
  const label = { [JOB_LABEL]: JOB_LABEL_VALUE };
  const cases = {
    'nobody asked for it': { labels: {} },
    'another value of the label': { labels: { [JOB_LABEL]: 'never' } },
    'Kueue queues it': { labels: { ...label, 'kueue.x-k8s.io/queue-name': 'q' } },
    'another controller has it': { spec: { managedBy: 'kueue.x-k8s.io/multikueue' } },
    'it belongs to the system': { namespace: 'kube-system' },
    'it belongs to the program': { namespace: 'kisimd' },
  } as const;
  for (const [why, given] of Object.entries(cases)) {
    test(`is left alone: ${why}`, async () => {
      const { time, loop, waiting, create, see, now, records } = playedJobs();
      waiting.start();
      loop.start();
      const job = create(given);
      const before = now(job)!.metadata.resourceVersion;
      see(job);
      await time.play(3_600_000);
      assert.equal(now(job)?.metadata.resourceVersion, before);
      assert.deepEqual(records, []);
    });
  }

  test('once it was started and its owner has suspended it again', async () => {
    const { time, loop, waiting, create, see, now, api } = playedJobs();
    waiting.start();
    loop.start();
    const job = create();
    see(job);
    await time.play(10);
    assert.equal(now(job)?.metadata.annotations?.[STARTED_ANNOTATION], job.metadata.uid);
    see(job);
    api.change(job, (copy) => {
      (copy['spec'] as { suspend: boolean }).suspend = true;
    });
    see(job);
    await time.play(3_600_000);
    assert.equal(now(job)?.spec?.suspend, true);
  });

  test('a Job made from the manifest of a started one is started too', async () => {
    const { time, loop, waiting, create, see, now } = playedJobs();
    waiting.start();
    loop.start();
    const job = create({ annotations: { [STARTED_ANNOTATION]: 'uid-of-another' } });
    see(job);
    await time.play(10);
    assert.equal(now(job)?.spec?.suspend, false);
  });
});

describe('what is not acted on', () => {
  test('in dry-run nothing is written, and the decision is recorded', async () => {
    const { time, loop, waiting, create, see, now, records, book } = playedJobs({
      loop: { mode: 'dry-run' },
    });
    waiting.start();
    loop.start();
    const job = create();
    see(job);
    await time.play(60_000);
    assert.equal(now(job)?.spec?.suspend, true);
    assert.deepEqual(
      records.map(({ outcome, node }) => ({ outcome, node })),
      [{ outcome: 'observed', node: 'node-0' }],
    );
    assert.equal(book.cluster?.podCount, 0);
  });

  test('in shadow mode the Job is started as it is, and the decision recorded', async () => {
    const { time, loop, waiting, create, see, now, records } = playedJobs({ loop: { mode: 'shadow' } });
    waiting.start();
    loop.start();
    const job = create();
    see(job);
    await time.play(10);
    assert.equal(now(job)?.spec?.suspend, false);
    assert.deepEqual(templateNodes(now(job)), []);
    assert.equal(records[0]?.node, 'node-0');
  });
});

describe('room of a started Job', () => {
  test('is held until its pods run, which are told when all do', async () => {
    const { time, loop, waiting, create, see, book, jobBook, ran } = playedJobs({ policy: roundRobin() });
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
