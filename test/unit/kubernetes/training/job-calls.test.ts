import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClientNodeApi } from '../../../../src/kubernetes/client-node-api.ts';
import { demandTrainingAccess } from '../../../../src/kubernetes/training/access.ts';
import {
  isTrainingJobThere,
  refusedPods,
  removeTrainingJob,
  startTrainingJob,
  tryTrainingJob,
  workerOutput,
} from '../../../../src/kubernetes/training/job-calls.ts';
import { ORDER_KEY } from '../../../../src/kubernetes/training/job-manifest.ts';
import { connectedFake } from '../../../support/connected-fake.ts';
import { fieldsOf } from '../../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../../support/fake-api-server.ts';

const job = {
  name: 'kisimd-train-ab',
  namespace: 'default',
  id: 'ab',
  image: 'kisimd:1',
  seeds: 3,
  parallelism: 2,
  threads: 2,
  memory: '1Gi',
};
const order = Buffer.from('an order');

describe('a training as a Job', () => {
  let server: FakeApiServer;
  let api: ClientNodeApi;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ server, api, close } = await connectedFake());
  });
  afterEach(() => close());

  test('runs once its order is there, which goes with it', async () => {
    const uid = await startTrainingJob(api, job, order);
    const made = server.find('Job', job.name)!;
    assert.equal(made.metadata.uid, uid);
    const { suspend, completionMode, completions, parallelism, backoffLimitPerIndex } = fieldsOf(
      made,
      'spec',
    );
    assert.deepEqual([suspend, completionMode, completions, parallelism], [false, 'Indexed', 3, 2]);
    assert.equal(backoffLimitPerIndex, 6);
    const map = server.find('ConfigMap', job.name)!;
    assert.deepEqual(map['binaryData'], { [ORDER_KEY]: order.toString('base64') });
    assert.deepEqual(map.metadata['ownerReferences'], [
      { apiVersion: 'batch/v1', kind: 'Job', name: job.name, uid },
    ]);
    const writes = server.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(writes, [
      'POST /apis/batch/v1/namespaces/default/jobs',
      'POST /api/v1/namespaces/default/configmaps',
      'PATCH /apis/batch/v1/namespaces/default/jobs/kisimd-train-ab',
    ]);
  });

  test('its workers may do nothing: no token, no privileges, nothing of the node', async () => {
    await startTrainingJob(api, job, order);
    const pod = fieldsOf(server.find('Job', job.name), 'spec', 'template', 'spec');
    assert.equal(pod['automountServiceAccountToken'], false);
    assert.equal(pod['serviceAccountName'], undefined);
    assert.equal(fieldsOf(pod, 'securityContext')['runAsNonRoot'], true);
    const [container] = pod['containers'] as readonly object[];
    assert.deepEqual(fieldsOf(container, 'securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.deepEqual(fieldsOf(container, 'resources'), { requests: { cpu: '2', memory: '1Gi' } });
    const kinds = (pod['volumes'] as readonly object[]).flatMap((volume) => Object.keys(volume));
    assert.deepEqual(kinds, ['name', 'configMap', 'name', 'emptyDir']);
  });

  test('a call that was cut short is made whole by the next, and another’s Job is not touched', async () => {
    server.faults.add({ method: 'POST', path: /configmaps$/, fault: 'cut' });
    await assert.rejects(startTrainingJob(api, job, order), { code: 'KISIM_E_KUBE_UNREACHABLE' });
    assert.equal(fieldsOf(server.find('Job', job.name), 'spec')['suspend'], true);
    assert.equal(await isTrainingJobThere(api, 'default', job.name, 'ab'), true);
    const { uid } = server.find('Job', job.name)!.metadata;
    assert.equal(await startTrainingJob(api, job, order), uid);
    assert.equal(fieldsOf(server.find('Job', job.name), 'spec')['suspend'], false);
    assert.equal(await startTrainingJob(api, job, order), uid);
    await assert.rejects(startTrainingJob(api, { ...job, id: 'other' }, order), {
      code: 'KISIM_E_TRAINING_REFUSED',
    });
    assert.equal(await isTrainingJobThere(api, 'default', job.name, 'other'), false);
  });

  test('is removed with what belongs to it', async () => {
    await startTrainingJob(api, job, order);
    assert.equal(await removeTrainingJob(api, 'default', job.name), true);
    const { body } = server.requests.at(-1)!;
    assert.equal(fieldsOf(body)['propagationPolicy'], 'Background');
    assert.equal(await removeTrainingJob(api, 'default', job.name), false);
    assert.equal(await isTrainingJobThere(api, 'default', job.name, 'ab'), false);
  });

  test('what the cluster refuses is told apart', async () => {
    const refused = (code: string, message: RegExp, given: Partial<typeof job> = {}) =>
      assert.rejects(startTrainingJob(api, { ...job, ...given }, order), { code, message });
    await refused('KISIM_E_TRAINING_NAMESPACE', /namespaces "nowhere" not found/, { namespace: 'nowhere' });
    server.forbidden.add('create jobs');
    await refused('KISIM_E_KUBE_FORBIDDEN', /cannot create resource "jobs"/);
    server.forbidden.clear();
    const quota = { kind: 'Status', reason: 'Forbidden', message: 'exceeded quota: jobs' };
    server.faults.add({ method: 'POST', path: /jobs$/, fault: { status: 403, body: quota } });
    await refused('KISIM_E_TRAINING_REFUSED', /exceeded quota/);
    const invalid = { kind: 'Status', reason: 'Invalid', message: 'spec.template: Invalid value' };
    server.faults.add({ method: 'POST', path: /jobs$/, fault: { status: 422, body: invalid } });
    await refused('KISIM_E_TRAINING_REFUSED', /Invalid value/);
    await assert.rejects(startTrainingJob(api, job, Buffer.alloc(1_000_001)), {
      code: 'KISIM_E_TRAINING_ORDER_SIZE',
    });
    assert.equal(server.find('Job', job.name), undefined);
  });

  test('whether the cluster would take it is asked without making anything', async () => {
    await tryTrainingJob(api, job);
    assert.equal(server.find('Job', job.name), undefined);
    await assert.rejects(tryTrainingJob(api, { ...job, namespace: 'nowhere' }), {
      code: 'KISIM_E_TRAINING_NAMESPACE',
    });
  });

  test('all verbs that are missing are told before anything is made', async () => {
    await demandTrainingAccess(api, 'default');
    for (const each of ['create jobs', 'get pods/log', 'watch pods']) server.forbidden.add(each);
    await assert.rejects(demandTrainingAccess(api, 'default'), {
      code: 'KISIM_E_TRAINING_FORBIDDEN',
      message: /create jobs\.batch, watch pods, get pods\/log in default$/,
    });
  });

  test('output is text, or not to be had', async () => {
    const path = /\/pods\/p\/log$/;
    server.faults.add({ path, fault: { status: 200, body: 'one\ntwo\n' } });
    assert.equal(await workerOutput(api, 'default', 'p', { lines: 5 }), 'one\ntwo\n');
    assert.deepEqual(server.requests.at(-1)!.query, {
      container: 'train',
      limitBytes: '67108864',
      tailLines: '5',
    });
    for (const status of [400, 404]) {
      server.faults.add({ path, fault: { status } });
      assert.equal(await workerOutput(api, 'default', 'p'), undefined);
    }
    server.faults.add({ path, fault: { status: 500 } });
    await assert.rejects(workerOutput(api, 'default', 'p'), { code: 'KISIM_E_KUBE_ANSWER' });
  });

  test('why no pods are made is told by the newest event', async () => {
    const event = (name: string, uid: string, reason: string, message: string, lastTimestamp: string) =>
      server.create({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace: 'default' },
        involvedObject: { kind: 'Job', uid },
        reason,
        message,
        lastTimestamp,
      });
    assert.equal(await refusedPods(api, 'default', 'u'), undefined);
    event('a', 'u', 'FailedCreate', 'the newer', '2026-01-01T00:00:02Z');
    event('b', 'u', 'FailedCreate', 'the older', '2026-01-01T00:00:01Z');
    event('c', 'u', 'SuccessfulCreate', 'none', '2026-01-01T00:00:03Z');
    event('d', 'other', 'FailedCreate', 'of another', '2026-01-01T00:00:04Z');
    assert.equal(await refusedPods(api, 'default', 'u'), 'the newer');
  });
});
