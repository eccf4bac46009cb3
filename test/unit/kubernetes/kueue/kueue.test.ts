import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import type { KubeApi } from '../../../../src/kubernetes/kube-api.ts';
import type { ApiAdmissionCheck, ApiWorkload } from '../../../../src/kubernetes/kueue/api-objects.ts';
import { checkRequest, pendingChecks } from '../../../../src/kubernetes/kueue/check-state.ts';
import { CheckWriter } from '../../../../src/kubernetes/kueue/check-writer.ts';
import { kueueVersion } from '../../../../src/kubernetes/kueue/version.ts';
import { WorkloadWatcher } from '../../../../src/kubernetes/kueue/workload-watcher.ts';
import { seededRandom } from '../../../../src/util/rng.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { fieldsOf, listOf, type StoredObject } from '../../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../../support/fake-api-server.ts';
import { Told } from '../../../support/told.ts';

const own = new Set(['energy']);
const now = new Date('2026-01-01T00:00:00.750Z');
const reserved = { type: 'QuotaReserved', status: 'True' };
const pending = { name: 'energy', state: 'Pending' as const };

function workload(status: object = {}, spec: object = {}, metadata: object = {}): ApiWorkload {
  return {
    metadata: { name: 'job-a', namespace: 'team', uid: 'w1', resourceVersion: '7', ...metadata },
    spec: { podSets: [], ...spec },
    status: { conditions: [reserved], admissionChecks: [pending], ...status },
  };
}

describe('a check of Kueue', () => {
  test('waits for the program while quota is reserved and nothing ends or evicts the workload', () => {
    assert.deepEqual(pendingChecks(workload(), own), ['energy']);
    const condition = (type: string) => ({ conditions: [reserved, { type, status: 'True' }] });
    const none: readonly (readonly [string, ApiWorkload])[] = [
      ['no quota', workload({ conditions: [] })],
      ['quota lost', workload({ conditions: [{ ...reserved, status: 'False' }] })],
      ['evicted', workload(condition('Evicted'))],
      ['finished', workload(condition('Finished'))],
      ['inactive', workload({}, { active: false })],
      ['deleted', workload({}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
      ['answered', workload({ admissionChecks: [{ ...pending, state: 'Ready' }] })],
      ["another's", workload({ admissionChecks: [{ ...pending, name: 'budget' }] })],
    ];
    for (const [what, each] of none) assert.deepEqual(pendingChecks(each, own), [], what);
  });

  test('is answered at the version that was read, with all of the checks that are the program’s', () => {
    const ready = { name: 'second', state: 'Ready' as const, lastTransitionTime: '2025-12-31T00:00:00Z' };
    const foreign = { name: 'budget', state: 'Pending' as const };
    const two = new Set(['energy', 'second']);
    const request = checkRequest(
      'v1beta2',
      workload({ admissionChecks: [pending, ready, foreign] }),
      two,
      { state: 'Ready', message: 'go', podSetUpdates: [{ name: 'main', nodeSelector: { a: 'b' } }] },
      now,
    );
    assert.equal(request.path, '/apis/kueue.x-k8s.io/v1beta2/namespaces/team/workloads/job-a/status');
    assert.deepEqual(request.query, { fieldManager: 'kisimd-admission', force: true });
    assert.deepEqual(request.body, {
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'Workload',
      metadata: { name: 'job-a', namespace: 'team', uid: 'w1', resourceVersion: '7' },
      status: {
        admissionChecks: [
          {
            name: 'energy',
            lastTransitionTime: '2026-01-01T00:00:00Z',
            state: 'Ready',
            message: 'go',
            podSetUpdates: [{ name: 'main', nodeSelector: { a: 'b' } }],
          },
          { ...ready, message: '' },
        ],
      },
    });
  });
});

describe('the version of Kueue', () => {
  const api = (status: number, body: unknown) =>
    ({ request: () => Promise.resolve({ status, body }) }) as unknown as KubeApi;
  const serving = (...names: readonly string[]) =>
    api(200, { versions: names.map((version) => ({ version })) });

  test('is the newest that is known, or none where there is no Kueue', async () => {
    assert.equal(await kueueVersion(serving('v1alpha1', 'v1beta1', 'v1beta2')), 'v1beta2');
    assert.equal(await kueueVersion(serving('v1beta1')), 'v1beta1');
    assert.equal(await kueueVersion(api(404, '404 page not found')), undefined);
    await assert.rejects(kueueVersion(serving('v2')), { code: 'KISIM_E_KUEUE_VERSION', found: 'v2' });
    await assert.rejects(kueueVersion(api(403, {})), { code: 'KISIM_E_KUBE_FORBIDDEN' });
  });
});

describe('Kueue on the wire', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;
  let told: Told;
  let watcher: WorkloadWatcher;
  let writer: CheckWriter;
  const unserved: ApiAdmissionCheck[] = [];

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
    server.hasKueue = true;
    told = new Told();
    unserved.length = 0;
    watcher = new WorkloadWatcher({
      api,
      version: 'v1beta2',
      random: seededRandom(1),
      wait: async () => undefined,
      trouble: (place, error) => told.add(`${place} ${String(error)}`),
      changed: () => told.check(),
      unserved: (check) => {
        unserved.push(check);
        told.check();
      },
    });
    writer = new CheckWriter({ api, version: 'v1beta2', own: () => watcher.own, now: () => now });
  });
  afterEach(async () => {
    await watcher.stop();
    await close();
  });

  const check = (name: string, controllerName: string): StoredObject =>
    server.create({
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'AdmissionCheck',
      metadata: { name },
      spec: { controllerName },
    });
  const create = (name: string, status: object = {}): StoredObject => {
    const made = server.create({
      apiVersion: 'kueue.x-k8s.io/v1beta2',
      kind: 'Workload',
      metadata: { name },
      spec: { podSets: [{ name: 'main', count: 1, template: { spec: { containers: [] } } }] },
    });
    const whole = { conditions: [reserved], admissionChecks: [pending], ...status };
    return server.overwrite({ ...made, status: whole });
  };
  const names = (all: Iterable<ApiWorkload>) => [...all].map(({ metadata }) => metadata?.name).sort();

  test('workloads wait once their check is known to be the program’s, and no longer when it is answered', async () => {
    create('a');
    create('b', { admissionChecks: [{ name: 'budget', state: 'Pending' }] });
    check('budget', 'example.com/budget');
    watcher.start();
    assert.equal(await watcher.synced, true);
    assert.deepEqual(names(watcher.waiting()), []);
    check('energy', 'kisimd.io/admission');
    await told.until(() => names(watcher.waiting()).length === 1);
    const [a] = watcher.waiting();
    const verdict = { state: 'Ready', message: 'go' } as const;
    assert.deepEqual(await writer.answer(a!, verdict), { outcome: 'written' });
    await told.until(() => names(watcher.waiting()).length === 0);
    const [state] = listOf(fieldsOf(server.find('Workload', 'a'), 'status'), 'admissionChecks');
    assert.equal(fieldsOf(state)['state'], 'Ready');
  });

  test('a workload that has changed meanwhile is not written', async () => {
    check('energy', 'kisimd.io/admission');
    create('a');
    watcher.start();
    await watcher.synced;
    await told.until(() => names(watcher.waiting()).length === 1);
    const [a] = watcher.waiting();
    const stale = { ...a!, metadata: { ...a!.metadata, resourceVersion: '1' } };
    assert.deepEqual(await writer.answer(stale, { state: 'Retry', message: 'later' }), {
      outcome: 'conflict',
    });
  });

  test('a check is said to be served, once', async () => {
    check('energy', 'kisimd.io/admission');
    check('budget', 'example.com/budget');
    watcher.start();
    await told.until(() => unserved.length > 0);
    assert.deepEqual(await writer.serve(unserved[0]!), { outcome: 'written' });
    const conditions = () =>
      listOf(fieldsOf(server.find('AdmissionCheck', 'energy'), 'status'), 'conditions');
    assert.equal(fieldsOf(conditions()[0])['type'], 'Active');
    assert.equal(unserved.length, 1);
  });

  test('what is refused is told', async () => {
    check('energy', 'kisimd.io/admission');
    create('a');
    watcher.start();
    await told.until(() => names(watcher.waiting()).length === 1);
    const [a] = watcher.waiting();
    server.forbidden.add('patch workloads/status');
    const result = await writer.answer(a!, { state: 'Ready', message: '' });
    assert.equal(result.outcome === 'failed' && result.error.code, 'KISIM_E_KUBE_FORBIDDEN');
  });

  test('running workloads are those that Kueue has admitted', async () => {
    check('energy', 'kisimd.io/admission');
    const admitted = { type: 'Admitted', status: 'True' };
    const ready = [{ ...pending, state: 'Ready' }];
    create('a', { conditions: [reserved, admitted], admissionChecks: ready });
    create('b', {
      conditions: [reserved, admitted, { type: 'Finished', status: 'True' }],
      admissionChecks: ready,
    });
    create('c');
    watcher.start();
    await told.until(() => names(watcher.running()).length > 0);
    assert.deepEqual(names(watcher.running()), ['a']);
  });
});
