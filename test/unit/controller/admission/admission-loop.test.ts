import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import { type AdmissionPolicy, NONE, type QueueState } from '../../../../src/queueing/policy.ts';
import { fieldsOf, listOf, type StoredObject } from '../../../support/fake-api/objects.ts';
import { playedQueue, type QueueGiven } from '../../../support/played-queue.ts';

const isStarted = (object: StoredObject | undefined) => fieldsOf(object, 'spec')['suspend'] === false;

function started(given: QueueGiven) {
  const bench = playedQueue(given);
  const order = () => bench.records.filter(({ outcome }) => outcome === 'admitted').map(({ name }) => name);
  return { ...bench, order };
}

/** Nodes have 96 cores: two of these do not fit on one. */
const HALF = '60';

describe('the admission of Jobs', () => {
  test('goes by the order of the policy, as long as there is room', async () => {
    const { loop, time, job, order, now } = started({ policy: admissionByName('sjf'), nodes: 1 });
    const long = job('long', 300, { cpu: HALF, annotations: { 'kisimd.io/expected-duration': '2h' } });
    const short = job('short', 100, { cpu: HALF, annotations: { 'kisimd.io/expected-duration': '5m' } });
    loop.start();
    await time.play(1_000);
    await loop.stop();
    assert.deepEqual(order(), ['short']);
    assert.equal(isStarted(now(short)), true);
    assert.equal(isStarted(now(long)), false);
  });

  test('writes the nodes of the plan and starts the Job in one write', async () => {
    const { loop, time, job, now, api, records } = started({
      policy: admissionByName('fifo'),
      strength: 'required',
      nodes: 2,
    });
    const two = job('two', 10, { cpu: HALF, spec: { parallelism: 2, completions: 2 } });
    loop.start();
    await time.play(1_000);
    await loop.stop();
    const annotations = fieldsOf(now(two), 'metadata', 'annotations');
    assert.equal(annotations['kisimd.io/node'], 'node-0,node-1');
    assert.equal(annotations['kisimd.io/decided-by'], 'host-1#1');
    assert.equal(api.requests.filter(({ method }) => method === 'PATCH').length, 1);
    const [record] = records;
    assert.equal(record?.nodes, 'node-0,node-1');
    assert.equal(record.waitedMilliseconds, 10_050);
    assert.deepEqual([record.queued, record.passedOver, record.oldest], [1, 0, undefined]);
  });

  test('takes all pods of a Job or none', async () => {
    const { loop, time, job, order, now } = started({
      policy: admissionByName('fifo-best-effort'),
      nodes: 2,
    });
    const three = job('three', 20, { cpu: HALF, spec: { parallelism: 3, completions: 3 } });
    job('one', 10, { cpu: HALF });
    loop.start();
    await time.play(1_000);
    await loop.stop();
    assert.deepEqual(order(), ['one']);
    assert.equal(isStarted(now(three)), false);
  });

  test('counts what it has admitted until its pods are seen', async () => {
    const { loop, time, job, order, see, cluster } = started({ policy: admissionByName('fifo'), nodes: 1 });
    const first = job('first', 20, { cpu: HALF });
    job('second', 10, { cpu: HALF });
    loop.start();
    await time.play(1_000);
    see(first);
    await time.play(30_000);
    assert.deepEqual(order(), ['first']);
    assert.equal(cluster.cluster?.podCount, 1);
    // Its pods never came: the room is free again.
    await time.play(40_000);
    assert.deepEqual(order(), ['first', 'second']);
    await loop.stop();
  });

  test('says what the one that was taken went past', async () => {
    const { loop, time, job, records } = started({
      policy: admissionByName('priority'),
      nodes: 1,
    });
    job('old', 300, { cpu: HALF });
    job('urgent', 10, { cpu: HALF, labels: { priority: '9' } });
    loop.start();
    await time.play(1_000);
    await loop.stop();
    const [record] = records;
    assert.equal(record?.name, 'urgent');
    assert.deepEqual([record.queued, record.passedOver, record.oldest], [2, 1, 'shop/old']);
    assert.deepEqual(record.terms[0], { name: 'priority', amount: 9, unit: 'points' });
  });

  test('is of the leader alone, and of nobody while it is paused', async () => {
    const { loop, time, job, order, leadership, paused } = started({ policy: admissionByName('fifo') });
    leadership.value = false;
    job('a', 10);
    loop.start();
    await time.play(20_000);
    assert.deepEqual(order(), []);
    paused.value = 'drill';
    leadership.value = true;
    await time.play(20_000);
    assert.deepEqual(order(), []);
    paused.value = undefined;
    await time.play(1_000);
    assert.deepEqual(order(), ['a']);
    await loop.stop();
  });

  test('only tells in a dry run, each job once', async () => {
    const { loop, time, job, records, api } = started({
      policy: admissionByName('fifo'),
      loop: { mode: 'dry-run' },
    });
    job('a', 10);
    loop.start();
    await time.play(60_000);
    await loop.stop();
    assert.deepEqual(
      records.map(({ name, outcome, mode }) => ({ name, outcome, mode })),
      [{ name: 'a', outcome: 'observed', mode: 'dry-run' }],
    );
    assert.equal(api.requests.filter(({ method }) => method !== 'GET').length, 0);
  });

  test('tells what the server refuses, leaves the Job alone for a while, and gives its room back', async () => {
    const { loop, time, job, records, api, cluster } = started({
      policy: admissionByName('fifo-best-effort'),
    });
    job('a', 10);
    api.faults.add({ times: 1, method: 'PATCH', fault: { status: 403 } });
    loop.start();
    await time.play(1_000);
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      ['failed'],
    );
    assert.match(records[0]?.reason ?? '', /403/);
    assert.equal(cluster.cluster?.podCount, 0);
    await time.play(21_000);
    assert.equal(records.at(-1)?.outcome, 'admitted');
    assert.equal(records.length, 2);
    await loop.stop();
  });

  test('goes past a Job that cannot be read, and names it', async () => {
    const { loop, time, job, workload, template, order, events, unread } = started({
      policy: admissionByName('fifo'),
    });
    job('strange', 20, { cpu: 'much' });
    workload('odd', 20, [{ name: 'main', count: 1, template: template('many') }]);
    job('plain', 10);
    loop.start();
    await time.play(60_000);
    await loop.stop();
    assert.deepEqual(order(), ['plain']);
    assert.equal(unread.length, 1);
    assert.match(String(unread[0]), /job shop\/strange/);
    const told = events.filter(({ event }) => event === 'queue-item-unread');
    assert.equal(told.length, 1);
    assert.match(String(told[0]?.fields['error']), /shop\/odd/);
  });

  test('stops where a policy breaks its word, once told, and goes on when it keeps it', async () => {
    let answer = 5;
    const policy: AdmissionPolicy = {
      name: 'wild',
      reset: () => undefined,
      choose: (state: QueueState) => (state.fitsNow.includes(1) ? answer : NONE),
      explain: () => [],
    };
    const { loop, time, job, order, events } = started({ policy });
    job('a', 10);
    loop.start();
    await time.play(60_000);
    const failures = () => events.filter(({ event }) => event === 'admission-failed');
    assert.equal(failures().length, 1);
    assert.match(String(failures()[0]?.fields['error']), /the admission policy failed: wild chose 5 of 1/);
    answer = 0;
    await time.play(15_000);
    assert.deepEqual(order(), ['a']);
    await loop.stop();
  });

  test('of a policy that keeps nodes free for others waits where pods may go elsewhere', async () => {
    const policy: AdmissionPolicy = {
      name: 'keeping',
      podsPerNode: Int32Array.of(0, 1),
      reset: () => undefined,
      choose: (state: QueueState) => state.fitsNow.indexOf(1),
      explain: () => [],
    };
    const preferred = started({ policy });
    preferred.job('a', 10);
    preferred.loop.start();
    await preferred.time.play(1_000);
    await preferred.loop.stop();
    assert.deepEqual(preferred.order(), []);
    const required = started({ policy, strength: 'required' });
    required.job('a', 10);
    required.loop.start();
    await required.time.play(1_000);
    await required.loop.stop();
    assert.equal(required.records[0]?.nodes, 'node-1');
  });
});

describe('the admission of workloads of Kueue', () => {
  const checkOf = (object: StoredObject | undefined) =>
    fieldsOf(listOf(fieldsOf(object, 'status'), 'admissionChecks')[0]);

  test('answers the check, with a selector where all pods of a set go to one node', async () => {
    const { loop, time, workload, template, now, records } = started({
      policy: admissionByName('fifo'),
      strength: 'required',
    });
    const sets = [
      { name: 'driver', count: 1, template: template('4') },
      { name: 'workers', count: 2, template: template(HALF) },
    ];
    const made = workload('job-a', 30, sets);
    loop.start();
    await time.play(1_000);
    await loop.stop();
    const check = checkOf(now(made));
    assert.equal(check['state'], 'Ready');
    assert.match(String(check['message']), /^admitted to node-0, node-1 by host-1#1$/);
    assert.deepEqual(check['podSetUpdates'], [
      {
        name: 'driver',
        labels: { 'kisimd.io/skip': 'job' },
        annotations: { 'kisimd.io/node': 'node-0' },
        nodeSelector: { 'kubernetes.io/hostname': 'node-0' },
      },
      { name: 'workers', annotations: { 'kisimd.io/node': 'node-0,node-1' } },
    ]);
    assert.deepEqual(
      records.map(({ kind, outcome, waitedMilliseconds }) => ({ kind, outcome, waitedMilliseconds })),
      [{ kind: 'Workload', outcome: 'admitted', waitedMilliseconds: 30_050 }],
    );
  });

  test('leaves out what a template says already: Kueue would refuse the workload', async () => {
    const { loop, time, workload, template, now } = started({
      policy: admissionByName('fifo'),
      strength: 'required',
    });
    const own = template('4');
    const spec = { ...fieldsOf(own, 'spec'), nodeSelector: { 'kubernetes.io/hostname': 'node-1' } };
    const made = workload('job-a', 30, [
      { name: 'main', count: 1, template: { metadata: { annotations: { 'kisimd.io/node': 'any' } }, spec } },
    ]);
    loop.start();
    await time.play(1_000);
    await loop.stop();
    assert.deepEqual(checkOf(now(made))['podSetUpdates'], [{ name: 'main' }]);
  });

  test('sends back what has waited long without room, and rejects what never has any where it is told to', async () => {
    for (const [rejectsImpossible, state, outcome] of [
      [false, 'Retry', 'retry'],
      [true, 'Rejected', 'rejected'],
    ] as const) {
      const { loop, time, workload, template, now, records } = started({
        policy: admissionByName('fifo'),
        loop: { rejectsImpossible },
      });
      const made = workload('huge', 590, [{ name: 'main', count: 1, template: template('500') }]);
      loop.start();
      await time.play(5_000);
      assert.equal(checkOf(now(made))['state'], 'Pending');
      await time.play(10_000);
      await loop.stop();
      assert.equal(checkOf(now(made))['state'], state);
      assert.equal(records.at(-1)?.outcome, outcome);
      assert.match(records.at(-1)?.reason ?? '', /even if they were empty/);
    }
  });

  test('is written for the version that was seen: what Kueue evicts meanwhile is left alone', async () => {
    const { loop, time, workload, template, now, api, records } = started({
      policy: admissionByName('fifo'),
    });
    const made = workload('job-a', 30, [{ name: 'main', count: 1, template: template('4') }]);
    api.change(made, (copy) => {
      copy['spec'] = { ...fieldsOf(copy, 'spec'), active: false };
    });
    loop.start();
    await time.play(100);
    await loop.stop();
    assert.equal(checkOf(now(made))['state'], 'Pending');
    assert.equal(records[0]?.outcome, 'conflict');
  });
});
