import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { LabelSelector } from '../../../src/cluster/labels.ts';
import type { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { ClusterWatcher } from '../../../src/kubernetes/cluster-watcher.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import type { Fields, StoredObject } from '../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { Told } from '../../support/told.ts';

let server: FakeApiServer;
let api: ClientNodeApi;
let close: () => Promise<void>;
let told: Told;
let watcher: ClusterWatcher;

beforeEach(async () => {
  ({ server, api, close } = await connectedFake());
  told = new Told();
  watcher = new ClusterWatcher({
    api,
    random: seededRandom(1),
    ownerSelectors: true,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    sink: { setNodes: () => undefined, bound: () => undefined, gone: () => undefined },
    trouble: (kind, place) => told.add(`${kind} ${place}`),
  });
  watcher.subscribe({
    pending: ({ name, pod }) => told.add(`${name} ${text(pod.scheduling?.ownerSelector)}`),
    settled: () => undefined,
  });
});
afterEach(async () => {
  await watcher.stop();
  await close();
});

/** `a=1,b in (2 3)` */
function text(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'alone';
  return selector.map(({ key, operator, values }) => `${key} ${operator} ${values.join(' ')}`).join(', ');
}

const service = (name: string, selector: Fields | undefined, namespace = 'default'): StoredObject =>
  server.create({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector } });

const replicaSet = (name: string, selector: Fields, replicas = 1): StoredObject =>
  server.create({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: { replicas, selector },
  });

const ownedBy = (apiVersion: string, kind: string, name: string) => ({
  ownerReferences: [{ apiVersion, kind, name, uid: `uid-${name}`, controller: true }],
});

const pod = (name: string, labels: Fields, metadata: Fields = {}, spec: Fields = {}): StoredObject =>
  server.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, ...metadata },
    spec: { containers: [{ name: 'a', image: 'a:1' }], ...spec },
  });

async function watched(): Promise<readonly string[]> {
  watcher.start();
  assert.equal(await watcher.synced, true);
  return told.take();
}

describe('what a waiting pod belongs to', () => {
  test('Services that select it and the controller that owns it, together', async () => {
    service('web', { app: 'web' });
    service('all', { tier: 'front' });
    service('other', { app: 'other' });
    service('none', undefined);
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } });
    service('far', { app: 'web' }, 'elsewhere');
    replicaSet('web-1', { matchLabels: { hash: '1' }, matchExpressions: [{ key: 'x', operator: 'Exists' }] });
    pod('one', { app: 'web', tier: 'front', hash: '1' }, ownedBy('apps/v1', 'ReplicaSet', 'web-1'));
    assert.deepEqual(await watched(), ['one tier In front, app In web, hash In 1, x Exists ']);
  });

  test('a ReplicationController and a StatefulSet too, a Job and a DaemonSet not', async () => {
    server.create({
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'old' },
      spec: { selector: { app: 'old' } },
    });
    server.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: { selector: { matchLabels: { app: 'db' } } },
    });
    pod('a', {}, ownedBy('v1', 'ReplicationController', 'old'));
    pod('b', {}, ownedBy('apps/v1', 'StatefulSet', 'db'));
    pod('c', {}, ownedBy('batch/v1', 'Job', 'old'));
    pod('d', {}, ownedBy('other.example/v1', 'StatefulSet', 'db'));
    assert.deepEqual(await watched(), ['a app In old', 'b app In db', 'c alone', 'd alone']);
  });

  test('nothing where it says itself how it is to be spread, as its owner does not count then', async () => {
    service('web', { app: 'web' });
    const constraint = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { app: 'web' } },
    };
    pod('one', { app: 'web' }, {}, { topologySpreadConstraints: [constraint] });
    assert.deepEqual(await watched(), ['one alone']);
  });

  test('what comes after the pod, changes and goes is told, to the pods that it concerns', async () => {
    pod('one', { app: 'web' }, ownedBy('apps/v1', 'ReplicaSet', 'web-1'));
    pod('two', { app: 'other' });
    assert.deepEqual(await watched(), ['one alone', 'two alone']);
    const set = replicaSet('web-1', { matchLabels: { hash: '1' } });
    await told.has('one hash In 1');
    const web = service('web', { app: 'web' });
    await told.has('one app In web, hash In 1');
    server.overwrite({ ...web, spec: { selector: { app: 'other' } } });
    await told.has('two app In other');
    await told.has('one hash In 1', 2);
    server.remove(set);
    await told.has('one alone');
    server.remove(server.find('Service', 'web')!);
    await told.has('two alone');
    assert.deepEqual(
      told.take().filter((each) => each.startsWith('two')),
      ['two app In other', 'two alone'],
    );
  });

  test('the past of a Deployment is not kept', async () => {
    replicaSet('web-0', { matchLabels: { hash: '0' } }, 0);
    pod('one', {}, ownedBy('apps/v1', 'ReplicaSet', 'web-0'));
    assert.deepEqual(await watched(), ['one alone']);
    server.overwrite({
      ...server.find('ReplicaSet', 'web-0')!,
      spec: { replicas: 2, selector: { matchLabels: { hash: '0' } } },
    });
    await told.has('one hash In 0');
  });

  test('pods of one kind still share a shape', async () => {
    service('web', { app: 'web' });
    pod('a', { app: 'web' });
    pod('b', { app: 'web' });
    pod('c', { app: 'alone' });
    await watched();
    const shapes = [...watcher.list()].map((each) => each.pod.shape);
    assert.equal(shapes[0], shapes[1]);
    assert.notEqual(shapes[0], shapes[2]);
  });

  test('a role that forbids it is told, and holds no pod up', async () => {
    for (const what of ['services', 'replicationcontrollers', 'replicasets', 'statefulsets'])
      server.forbidden.add(`list ${what}`);
    pod('one', { app: 'web' });
    const said = await watched();
    assert(said.includes('one alone'));
    assert(said.includes('services list'));
  });
});

test('nothing of it is asked for where it is not wanted', async () => {
  const plain = new ClusterWatcher({
    api,
    random: seededRandom(1),
    sink: { setNodes: () => undefined, bound: () => undefined, gone: () => undefined },
    trouble: () => undefined,
  });
  plain.start();
  await plain.synced;
  await plain.stop();
  assert.deepEqual([...new Set(server.requests.map(({ path }) => path))].sort(), [
    '/api/v1/namespaces',
    '/api/v1/nodes',
    '/api/v1/pods',
  ]);
});
