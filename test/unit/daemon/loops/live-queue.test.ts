import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { loadConfig } from '../../../../src/config/load.ts';
import { LiveQueue, type LiveQueueOptions } from '../../../../src/daemon/loops/live-queue.ts';
import type { AdmissionRecord } from '../../../../src/history/loop-record.ts';
import type { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { JOB_LABEL, QUEUED_LABEL_VALUE } from '../../../../src/kubernetes/names.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { systemSleep } from '../../../../src/util/sleep.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { type Fields, fieldsOf, listOf, type StoredObject } from '../../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../../support/fake-api-server.ts';
import { recordingLogger } from '../../../support/open-history.ts';
import { Told } from '../../../support/told.ts';

const LEASE = 'kisimd-queue';

describe('a live queue', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;
  let told: Told;
  let records: AdmissionRecord[];
  let logged: ReturnType<typeof recordingLogger>;
  const queues: LiveQueue[] = [];

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
    server.hasKueue = true;
    told = new Told();
    records = [];
    logged = recordingLogger();
    for (const name of ['kisimd', 'team'])
      server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const name of ['n1', 'n2'])
      server.create({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } },
      });
    server.store.changes.on('change', () => told.check());
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.stop();
    await close();
  });

  const start = async (over: Partial<LiveQueueOptions> = {}): Promise<LiveQueue> => {
    const queue = new LiveQueue({
      connection: { api, electionApi: api, close: () => undefined },
      features: { jobTemplates: 'suspended' },
      config: loadConfig({ env: {}, flags: { set: ['placement.owner-selectors=false'] } }).config,
      ownNamespace: 'kisimd',
      identity: 'host-1',
      policy: admissionByName('fifo'),
      seed: 1,
      placement: policyByName('best-fit'),
      strength: 'required',
      mode: 'act',
      intervalMilliseconds: 1_000,
      sendBackMilliseconds: 600_000,
      rejectsImpossible: false,
      sink: {
        admitted: (record) => {
          records.push(record);
          told.check();
        },
      },
      clock: systemClock,
      sleep: systemSleep,
      random: seededRandom(1),
      log: logged.log,
      leaseTimes: { leaseSeconds: 5, renewSeconds: 4, retrySeconds: 0.05 },
      ...over,
    });
    queues.push(queue);
    assert.equal(await queue.start(), true);
    return queue;
  };
  const template = (cpu: string): Fields => ({
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'a:1', resources: { requests: { cpu, memory: '1Gi' } } }],
    },
  });
  const job = (name: string, value: string = QUEUED_LABEL_VALUE): StoredObject =>
    server.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: 'team', labels: { [JOB_LABEL]: value } },
      spec: { suspend: true, template: template('2') },
    });
  const isStarted = (name: string) => fieldsOf(server.find('Job', name, 'team'), 'spec')['suspend'] === false;

  test('admits Jobs that ask for it under a lease of its own, and leaves those of the placement loop', async () => {
    job('placed', 'when-placed');
    job('a');
    await start();
    await told.until(() => records.length > 0);
    assert.equal(isStarted('a'), true);
    assert.equal(isStarted('placed'), false);
    job('b');
    await told.until(() => records.length > 1);
    assert.deepEqual(
      records.map(({ name, outcome }) => [name, outcome]),
      [
        ['a', 'admitted'],
        ['b', 'admitted'],
      ],
    );
    const lease = () => fieldsOf(server.find('Lease', LEASE, 'kisimd'), 'spec')['holderIdentity'];
    assert.equal(lease(), 'host-1');
    await queues[0]!.stop();
    assert.equal(lease(), '');
    assert.deepEqual(
      logged.events.filter(({ level }) => level === 'error'),
      [],
    );
  });

  test('writes nothing in a dry run, its lease neither', async () => {
    job('a');
    await start({ mode: 'dry-run' });
    await told.until(() => records.length > 0);
    assert.equal(records[0]?.outcome, 'observed');
    assert.equal(isStarted('a'), false);
    assert(server.requests.every(({ method }) => method === 'GET'));
  });

  test('says that its checks of Kueue are served, and answers them', async () => {
    server.create({
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'AdmissionCheck',
      metadata: { name: 'energy' },
      spec: { controllerName: 'kisimd.io/admission' },
    });
    const made = server.create({
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'Workload',
      metadata: { name: 'w', namespace: 'team' },
      spec: { podSets: [{ name: 'main', count: 1, template: template('2') }] },
    });
    server.overwrite({
      ...made,
      status: {
        conditions: [{ type: 'QuotaReserved', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
        admissionChecks: [{ name: 'energy', state: 'Pending', message: '' }],
      },
    });
    await start({ kueue: 'v1beta2' });
    const check = () =>
      fieldsOf(listOf(fieldsOf(server.find('Workload', 'w', 'team'), 'status'), 'admissionChecks')[0]);
    const active = () =>
      fieldsOf(listOf(fieldsOf(server.find('AdmissionCheck', 'energy'), 'status'), 'conditions')[0]);
    await told.until(() => check()['state'] === 'Ready' && active()['status'] === 'True');
    assert.match(String(check()['message']), /^admitted to n\d by host-1#\d+$/);
    await told.until(() => records.length > 0);
    assert.deepEqual([records[0]?.kind, records[0]?.outcome], ['Workload', 'admitted']);
  });

  test('is paused with the cluster', async () => {
    const paused = server.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kisimd-pause', namespace: 'kisimd' },
      data: { reason: 'drill' },
    });
    job('a');
    const queue = await start();
    await told.until(() => queue.isLeader);
    assert.equal(isStarted('a'), false);
    server.remove(paused);
    await told.until(() => isStarted('a'));
  });
});
