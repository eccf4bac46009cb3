import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  DECIDED_BY_ANNOTATION,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  NODE_ANNOTATION,
  PLACEMENT_GATE,
  SLACK_ANNOTATION,
  STARTED_ANNOTATION,
} from '../../../../src/kubernetes/names.ts';
import { inTurn, patient, playedJobs, templateNodes } from '../../../support/played-jobs.ts';
import { DEADLINE_MILLISECONDS } from '../../../support/played-placement.ts';

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
      policy: inTurn(),
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
