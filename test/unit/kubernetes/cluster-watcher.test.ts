import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Node } from '../../../src/cluster/node.ts';
import type { Pod } from '../../../src/cluster/pod.ts';
import type { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { ClusterWatcher, type ClusterWatcherOptions } from '../../../src/kubernetes/cluster-watcher.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import { connectedFake } from '../../support/connected-fake.ts';
import { fieldsOf, type StoredObject } from '../../support/fake-api/objects.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { Told } from '../../support/told.ts';

let server: FakeApiServer;
let api: ClientNodeApi;
let close: () => Promise<void>;
let told: Told;
let nodes: readonly Node[];
let bound: Map<string, Pod>;
let settle: (() => void) | undefined;
let watcher: ClusterWatcher | undefined;

beforeEach(async () => {
  ({ server, api, close } = await connectedFake());
  told = new Told();
  nodes = [];
  bound = new Map();
  settle = undefined;
  watcher = undefined;
});
afterEach(async () => {
  await watcher?.stop();
  await close();
});

function addNode(name: string, more: { spec?: object; labels?: object; cpu?: string } = {}): StoredObject {
  return server.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: more.labels ?? {} },
    spec: more.spec ?? {},
    status: {
      allocatable: { cpu: more.cpu ?? '4', memory: '8Gi', pods: '110' },
      images: [{ names: ['registry.example/base:1'], sizeBytes: 1000 }],
    },
  });
}

function addPod(name: string, spec: object = {}, metadata: object = {}): StoredObject {
  return server.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...metadata },
    spec: {
      containers: [
        {
          name: 'a',
          image: 'registry.example/base:1',
          resources: { requests: { cpu: '500m', memory: '1Gi' } },
        },
      ],
      ...spec,
    },
  });
}

function nameOf(uid: string): string {
  const all = server.store.list(server.resourceOf({ apiVersion: 'v1', kind: 'Pod' }), undefined);
  return all.find(({ metadata }) => metadata.uid === uid)?.metadata.name ?? 'one that is gone';
}

async function watch(more: Partial<ClusterWatcherOptions> = {}): Promise<ClusterWatcher> {
  watcher = new ClusterWatcher({
    api,
    random: seededRandom(1),
    wait: async () => undefined,
    after: (_, call) => {
      settle = call;
      told.add('nodes changed');
      return () => {
        settle = undefined;
      };
    },
    sink: {
      setNodes: (all) => {
        nodes = all;
        told.add(`nodes ${all.map(({ name }) => name).join()}`);
      },
      bound: (uid, pod, node) => {
        bound.set(uid, pod);
        told.add(`${pod.name} on ${node}`);
      },
      gone: (uid) => {
        const name = bound.get(uid)?.name;
        told.add(`${name ?? 'one that waited'} gone`);
      },
    },
    trouble: (kind, place, error) => {
      told.add(`${kind} ${place} ${error instanceof KisimError ? error.message : String(error)}`);
    },
    ...more,
  });
  watcher.subscribe({
    pending: ({ name, isGated, isOptedIn }) =>
      told.add(`${name} waits${isGated ? ' gated' : ''}${isOptedIn ? ' opted in' : ''}`),
    settled: (uid, node) => told.add(`${nameOf(uid)} settled on ${node}`),
  });
  watcher.start();
  assert.equal(await watcher.synced, true);
  return watcher;
}

describe('a watched cluster', () => {
  test('nodes by name before the first pod, then pods where they are', async () => {
    addNode('b');
    addNode('a');
    addPod('one', { nodeName: 'b' });
    addPod('two');
    addPod('elsewhere', { nodeName: 'not-here' });
    const watching = await watch();
    assert.deepEqual(told.take(), [
      'nodes changed',
      'nodes a,b',
      'elsewhere on not-here',
      'one on b',
      'two waits',
    ]);
    assert.equal(nodes[0]?.cpuMilli, 4000);
    assert.equal(nodes[0]?.memoryBytes, 8 * 2 ** 30);
    assert.equal(watching.podCount, 3);
    const one = [...bound.values()].find(({ name }) => name === 'one')!;
    assert.equal(one.cpuMilli, 500);
    assert.equal(one.memoryBytes, 2 ** 30);
    assert.deepEqual(
      [...watching.list()].map(({ name }) => name),
      ['two'],
    );
  });

  test('a pod that is bound, ends and goes', async () => {
    addNode('a');
    const pod = addPod('one');
    const watching = await watch();
    server.operations.bind('default', 'one', { target: { name: 'a' } });
    await told.has('one settled on a');
    const ended = server.find('Pod', 'one')!;
    server.overwrite({ ...ended, status: { phase: 'Succeeded' } });
    await told.has('one gone');
    assert.deepEqual(told.take().slice(2), ['one waits', 'one on a', 'one settled on a', 'one gone']);
    assert.equal(watching.pod(pod.metadata.uid), undefined);
  });

  test('a pod that is deleted while it waits', async () => {
    addNode('a');
    await watch();
    const pod = addPod('one');
    await told.has('one waits');
    server.remove(pod);
    await told.has('one that is gone settled on undefined');
    assert.equal([...watcher!.list()].length, 0);
  });

  test('what changes nothing for placement is not told', async () => {
    addNode('a');
    addPod('one', { nodeName: 'a' });
    await watch();
    told.take();
    const node = server.find('Node', 'a')!;
    const images = [{ names: ['registry.example/other:1'], sizeBytes: 5 }];
    server.overwrite({
      ...node,
      status: { ...fieldsOf(node, 'status'), images, conditions: [{ type: 'Ready' }] },
    });
    const pod = server.find('Pod', 'one')!;
    server.overwrite({ ...pod, status: { phase: 'Running' } });
    server.overwrite({
      ...server.find('Pod', 'one')!,
      metadata: { ...server.find('Pod', 'one')!.metadata, labels: { a: 'b' } },
    });
    await told.has('one on a');
    assert.deepEqual(told.take(), ['one on a']);
  });

  test('changes of nodes are told together; one without capacity is left out', async () => {
    addNode('a');
    await watch();
    told.take();
    addNode('b');
    addNode('c', { cpu: '0' });
    server.remove(server.find('Node', 'a')!);
    addNode('d', { spec: { unschedulable: true, taints: [{ key: 'x', effect: 'NoSchedule' }] } });
    // The last of them, to know that all have come.
    addNode('e', { cpu: 'much' });
    await told.until(() => told.all.some((text) => text.startsWith('nodes object')));
    settle?.();
    assert.equal(told.all.filter((text) => text === 'nodes changed').length, 1);
    assert(told.all.includes('nodes b,d'));
    assert.equal(nodes[1]?.unschedulable, true);
  });

  test('power curves and the like are added to nodes, and anew when they change', async () => {
    addNode('a');
    let speed = 1;
    const watching = await watch({ describeNode: (node) => ({ ...node, speed }) });
    assert.equal(nodes[0]?.speed, 1);
    speed = 2;
    watching.redescribeNodes();
    assert.equal(nodes[0]?.speed, 2);
  });

  test('a pod with the gate of the program, and whether it may be placed', async () => {
    addNode('a');
    const optIn = { 'kisimd.io/placement': 'enabled' };
    server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'in', labels: optIn } });
    const gates = { schedulingGates: [{ name: 'kisimd.io/placement' }] };
    addPod('asked', gates, { namespace: 'in' });
    addPod('skipped', gates, { namespace: 'in', labels: { 'kisimd.io/skip': '' } });
    addPod('others', { schedulingGates: [{ name: 'other.example/gate' }] });
    const watching = await watch();
    assert.deepEqual(told.take().slice(2), [
      'others waits',
      'asked waits gated opted in',
      'skipped waits gated',
    ]);
    const [, asked] = [...watching.list()];
    assert.deepEqual(asked?.object?.spec?.schedulingGates, [{ name: 'kisimd.io/placement' }]);
    assert.equal(asked?.object?.metadata?.uid, asked?.uid);
    assert(!('status' in (asked?.object ?? {})));
    const space = server.find('Namespace', 'in')!;
    server.overwrite({ ...space, metadata: { ...space.metadata, labels: {} } });
    await told.has('asked waits gated');
    assert.deepEqual(told.take(), ['asked waits gated']);
  });

  test('who owns a pod, when it was made, whether it goes', async () => {
    addNode('a');
    const controller = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true };
    const made = addPod('one', { nodeName: 'a' }, { ownerReferences: [controller] });
    const watching = await watch();
    const before = watching.pod(made.metadata.uid)!;
    assert.deepEqual(before.ownerKinds, ['DaemonSet']);
    assert.equal(before.createdUnixMilliseconds, Date.parse(String(made.metadata['creationTimestamp'])));
    assert.equal(before.isDeleting, false);
    server.operations.delete(
      { resource: server.resourceOf(made), namespace: 'default', name: 'one', subresource: undefined },
      {},
    );
    addPod('after');
    await told.has('after waits');
    assert.equal(watching.pod(made.metadata.uid)?.isDeleting, true);
  });

  test('when its containers first ran and how often they ran again', async () => {
    addNode('a');
    const made = addPod('one', { nodeName: 'a' });
    addPod('fresh', { nodeName: 'a' });
    const at = (second: number) => new Date(1_800_000_000_000 + second * 1000).toISOString();
    server.overwrite({
      ...made,
      status: {
        containerStatuses: [
          {
            restartCount: 2,
            state: { running: { startedAt: at(9) } },
            lastState: { terminated: { startedAt: at(5), finishedAt: at(8) } },
          },
          { restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    });
    const watching = await watch();
    const lives = [...watching.pods()].map((pod) => [
      pod.pod.name,
      pod.startedUnixMilliseconds && pod.startedUnixMilliseconds - 1_800_000_000_000,
      pod.restarts,
    ]);
    assert.deepEqual(lives.sort(), [
      ['fresh', undefined, 0],
      ['one', 5000, 3],
    ]);
  });

  test('who follows all pods is told of each change and each end, until it asks for no more', async () => {
    addNode('a');
    const watching = await watch();
    const seen: string[] = [];
    const say = (text: string) => {
      seen.push(text);
      told.add(text);
    };
    const unfollow = watching.follow({
      applied: ({ pod, nodeName }, before) =>
        say(`${pod.name} on ${nodeName}, before ${before === undefined ? 'unknown' : before.nodeName}`),
      gone: ({ pod, nodeName }) => say(`${pod.name} gone from ${nodeName}`),
    });
    const made = addPod('one');
    await told.has('one on undefined, before unknown');
    server.overwrite({ ...made, spec: { ...fieldsOf(made, 'spec'), nodeName: 'a' } });
    await told.has('one on a, before undefined');
    server.overwrite({ ...made, status: { phase: 'Succeeded' } });
    await told.has('one gone from a');
    unfollow();
    addPod('two');
    await told.has('two waits');
    assert.equal(seen.length, 3);
  });

  test('an object that cannot be read is told by its name and field, and the rest goes on', async () => {
    addNode('a');
    addPod('bad', { containers: [{ name: 'x', image: 'x:1', resources: { requests: { cpu: 'much' } } }] });
    addPod('good');
    await watch();
    assert.deepEqual(told.take().slice(2), [
      'pods object an amount of a resource cannot be read: pod default/bad: spec.containers[0].resources.requests.cpu: "much"',
      'good waits',
    ]);
  });

  test('stopped while nodes are being told soon, they are not told', async () => {
    addNode('a');
    const watching = await watch();
    addNode('b');
    await told.has('nodes changed', 2);
    await watching.stop();
    assert.equal(settle, undefined);
  });
});
