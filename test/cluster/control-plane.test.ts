import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Cleanups } from '../system/support/cleanups.ts';
import { processState } from '../system/support/processes.ts';
import { output } from '../system/support/run-command.ts';
import { waitFor } from '../system/support/wait-for.ts';
import { ApiError, type ApiObject, collectionPath } from './support/api-client.ts';
import { type Component, ControlPlane } from './support/control-plane.ts';
import { outsideNamespace, programHere } from './support/in-namespace.ts';

const node: ApiObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'only', labels: { 'kubernetes.io/hostname': 'only' } },
  status: { allocatable: { cpu: '2', memory: '4Gi', pods: '10' } },
};

const pod: ApiObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'small', namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'registry.example/base:1' }] },
};

describe('the control plane of the tests', { skip: outsideNamespace }, () => {
  const cleanups = new Cleanups();
  const components: Component[] = [];
  let plane: ControlPlane;

  before(async () => {
    plane = await ControlPlane.start(programHere()!, cleanups);
  });
  after(() => cleanups.run());

  test('nothing but its own loopback address is in its network', () => {
    const interfaces = JSON.parse(output(['ip', '-json', 'link', 'show', 'up'])) as { ifname: string }[];
    assert.deepEqual(
      interfaces.map(({ ifname }) => ifname),
      ['lo'],
    );
  });

  test('it says which Kubernetes it is', async () => {
    const version = (await plane.client.call('GET', '/version')) as { gitVersion: string };
    assert.match(version.gitVersion, /^v1\.36\.\d+$/);
  });

  test('a bad request is told with its status', async () => {
    const wrong = { ...pod, spec: { containers: [] } };
    await assert.rejects(
      plane.client.create(wrong),
      (error) => error instanceof ApiError && error.status === 422,
    );
  });

  test('its scheduler binds a pod to a node without a kubelet', async () => {
    await plane.client.create(node);
    await plane.client.create(pod);
    const scheduler = plane.startScheduler();
    components.push(scheduler);
    scheduler.output.resume();
    const bound = await waitFor('the pod to be bound', 30, async () => {
      const found = await plane.client.call('GET', `${collectionPath('Pod', 'default')}/small`);
      return (found as { spec: { nodeName?: string } }).spec.nodeName;
    });
    assert.equal(bound, 'only');
  });

  test('its controllers make the pods of a ReplicaSet', async () => {
    components.push(await plane.startControllerManager());
    const labels = { app: 'web' };
    await plane.client.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: pod['spec'] },
      },
    });
    await waitFor('two pods', 30, async () => {
      const path = `${collectionPath('Pod', 'default')}?labelSelector=app%3Dweb`;
      const { items } = (await plane.client.call('GET', path)) as { items: unknown[] };
      return items.length === 2;
    });
  });

  test('nothing stays when it is cleaned up', () => {
    cleanups.run();
    for (const { name, child } of components) {
      const state = processState(child.pid!);
      assert(state === undefined || state === 'Z', `${name} has ended, is in state ${state}`);
    }
    assert(!existsSync(plane.folder));
  });
});
