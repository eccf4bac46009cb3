import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ClientNodeApi } from '../../src/kubernetes/client-node-api.ts';
import { ClusterWatcher } from '../../src/kubernetes/cluster-watcher.ts';
import { refusal } from '../../src/kubernetes/refusal.ts';
import { KisimError } from '../../src/util/errors.ts';
import { seededRandom } from '../../src/util/rng.ts';
import { Told } from '../support/told.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { type ApiObject, collectionPath } from './support/api-client.ts';
import { ControlPlane } from './support/control-plane.ts';
import { outsideNamespace, programHere } from './support/in-namespace.ts';

const node = (name: string): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { allocatable: { cpu: '2', memory: '4Gi', pods: '10' } },
});

const pod = (name: string, spec: object = {}): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }], ...spec },
});

describe('watching a real cluster', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  const told = new Told();
  const troubles: unknown[] = [];
  let plane: ControlPlane;
  let api: ClientNodeApi;
  let watcher: ClusterWatcher;

  before(async () => {
    plane = await ControlPlane.start(programHere()!, cleanups);
    for (let i = 0; i < 12; i++) await plane.client.create(pod(`early-${i}`));
    await plane.client.create(node('a'));
    api = await ClientNodeApi.fromKubeconfig({ file: plane.kubeconfig });
    const names = new Map<string, string>();
    watcher = new ClusterWatcher({
      api,
      random: seededRandom(1),
      pageSize: 5,
      ownerSelectors: true,
      sink: {
        namespaceChanged: (name, labels) =>
          told.add(`namespace ${name} ${labels?.['tier'] ?? 'without tier'}`),
        setNodes: (nodes) => told.add(`nodes ${nodes.map(({ name }) => name).join()}`),
        bound: (_, { name }, on) => told.add(`${name} on ${on}`),
        gone: (uid) => told.add(`${names.get(uid)} gone`),
      },
      trouble: (_, __, error) => {
        troubles.push(error);
        told.check();
      },
    });
    watcher.subscribe({
      pending: ({ uid, name, isGated, pod: { scheduling } }) => {
        names.set(uid, name);
        const owner = scheduling?.ownerSelector?.map(({ key, values }) => `${key}=${values.join()}`);
        told.add(
          `${name} waits${isGated ? ' gated' : ''}${owner === undefined ? '' : ` with ${owner.join()}`}`,
        );
      },
      settled: () => undefined,
    });
    watcher.start();
    assert.equal(await watcher.synced, true);
  });
  after(async () => {
    await watcher?.stop();
    api?.close();
    cleanups.run();
  });

  test('what was there is listed, in pages', () => {
    const listed = told.all.filter((text) => !text.startsWith('namespace'));
    assert.equal(listed[0], 'nodes a');
    assert.deepEqual(listed.slice(1).sort(), Array.from({ length: 12 }, (_, i) => `early-${i} waits`).sort());
    assert.deepEqual(troubles, []);
  });

  test('pods that come, wait at the gate, are bound and go; nodes that come', async () => {
    await plane.client.create(pod('gated', { schedulingGates: [{ name: 'kisimd.io/placement' }] }));
    await told.has('gated waits gated');
    await plane.client.create(node('b'));
    await told.has('nodes a,b');
    const path = `${collectionPath('Pod', 'default')}/early-0`;
    await plane.client.call('POST', `${path}/binding`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'early-0' },
      target: { kind: 'Node', name: 'b' },
    });
    await told.has('early-0 on b');
    await plane.client.call('DELETE', path, { gracePeriodSeconds: 0 });
    await told.has('early-0 gone');
    assert.deepEqual(troubles, []);
  });

  test('what pods belong to, and labels of namespaces', async () => {
    const labels = { app: 'web' };
    await plane.client.create({ ...pod('web'), metadata: { name: 'web', namespace: 'default', labels } });
    await told.has('web waits');
    await plane.client.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: labels, ports: [{ port: 80 }] },
    });
    await told.has('web waits with app=web');
    const container = { name: 'main', image: 'registry.example/base:1' };
    const set = (await plane.client.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'set', namespace: 'default' },
      spec: {
        selector: { matchLabels: { set: 'one' } },
        template: { metadata: { labels: { set: 'one' } }, spec: { containers: [container] } },
      },
    })) as { readonly metadata: { readonly uid: string } };
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'set',
      uid: set.metadata.uid,
      controller: true,
    };
    await plane.client.create({
      ...pod('owned'),
      metadata: { name: 'owned', namespace: 'default', labels: { set: 'one' }, ownerReferences: [owner] },
    });
    await told.has('owned waits with set=one');
    await plane.client.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'gold', labels: { tier: 'gold' } },
    });
    await told.has('namespace gold gold');
    assert.deepEqual(troubles, []);
  });

  test('the API server restarts: nothing is told twice, and what happens after it is seen', async () => {
    told.take();
    const known = watcher.podCount;
    await plane.stop(plane.apiServer!);
    await told.until(() => troubles.length > 0);
    await assert.rejects(
      api.request({ method: 'GET', path: '/version' }),
      (error) => error instanceof KisimError && error.code === 'KISIM_E_KUBE_UNREACHABLE',
    );
    await plane.startApiServer();
    await plane.client.deleteEach('Pod', ['default/early-1']);
    await plane.client.create(pod('late'));
    await told.has('late waits');
    await told.has('early-1 gone');
    // A pod that is deleted may be marked before it goes.
    const news = told.take().filter((text) => text !== 'early-1 waits' && !text.startsWith('namespace'));
    assert.deepEqual(news.sort(), ['early-1 gone', 'late waits']);
    assert.equal(watcher.podCount, known);
    for (const error of troubles) assert(error instanceof KisimError, String(error));
  });

  const changed = async (
    change: (config: { clusters: object[]; users: object[] }) => void,
  ): Promise<ClientNodeApi> => {
    const config = JSON.parse(readFileSync(plane.kubeconfig, 'utf8')) as {
      clusters: object[];
      users: object[];
    };
    change(config);
    const file = join(plane.folder, 'changed.kubeconfig');
    writeFileSync(file, JSON.stringify(config));
    return await ClientNodeApi.fromKubeconfig({ file });
  };
  const list = { method: 'GET', path: '/api/v1/secrets' } as const;

  test('a token that the server does not know', async () => {
    const stranger = await changed((config) => {
      config.users = [{ name: 'admin', user: { token: 'nonsense' } }];
    });
    const answer = await stranger.request(list);
    assert.equal(answer.status, 401);
    assert.equal(refusal(list, answer).code, 'KISIM_E_KUBE_TOKEN');
    stranger.close();
  });

  test('a verb that is forbidden, named with its resource', async () => {
    const scheduler = await changed((config) => {
      config.users = [{ name: 'admin', user: { token: 'scheduler-token' } }];
    });
    const error = refusal(list, await scheduler.request(list));
    assert.equal(error.code, 'KISIM_E_KUBE_FORBIDDEN');
    assert.match(error.found, /User "system:kube-scheduler" cannot list resource "secrets" in API group ""/);
    scheduler.close();
  });

  test('a server whose certificate another authority signed', async () => {
    const stranger = await changed((config) => {
      const ca = readFileSync(join(plane.folder, 'pki', 'apiserver.crt')).toString('base64');
      config.clusters = [
        { name: 'test', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': ca } },
      ];
    });
    await assert.rejects(
      stranger.request(list),
      (error) => error instanceof KisimError && error.code === 'KISIM_E_KUBE_CERTIFICATE',
    );
    stranger.close();
  });
});
