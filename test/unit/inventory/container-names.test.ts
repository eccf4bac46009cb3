import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerNames } from '../../../src/inventory/container-names.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { HostTree } from '../../support/host-tree.ts';

const A = 'a1'.repeat(32);
const UID = '3cae2e45-052c-4b11-80d3-4d7b2d2d3464';
const TASKS = 'run/containerd/io.containerd.runtime.v2.task';
const ask = (podUid = '', userId?: number) => ({ containerId: A, podUid, userId });

test('containerd: the CRI annotations of the bundle tell container and pod', (t) => {
  const tree = new HostTree(t);
  tree.folder(`${TASKS}/default`);
  tree.write(`${TASKS}/k8s.io/${A}/config.json`, {
    annotations: {
      'io.kubernetes.cri.container-type': 'container',
      'io.kubernetes.cri.container-name': 'server',
      'io.kubernetes.cri.sandbox-name': 'shop-0',
      'io.kubernetes.cri.sandbox-namespace': 'prod',
    },
  });
  const names = new ContainerNames(tree.roots, silentLogger);
  assert.deepEqual(names.find(ask(UID)), {
    containerName: 'server',
    runtime: 'containerd',
    podName: 'shop-0',
    podNamespace: 'prod',
  });
  assert.equal(names.hasTask('k8s.io', A), true);
  assert.equal(names.hasTask('k8s.io', 'other'), false);
});

test('a sandbox is called pause, whatever its runtime', (t) => {
  const tree = new HostTree(t);
  const names = new ContainerNames(tree.roots, silentLogger);
  tree.write(`${TASKS}/k8s.io/${A}/config.json`, {
    annotations: {
      'io.kubernetes.cri.container-type': 'sandbox',
      'io.kubernetes.cri.sandbox-name': 'shop-0',
    },
  });
  assert.equal(names.find(ask(UID)).containerName, 'pause');
  tree.remove(TASKS);
  tree.write(`run/containers/storage/overlay-containers/${A}/userdata/config.json`, {
    annotations: { 'io.kubernetes.cri-o.ContainerType': 'sandbox', 'io.kubernetes.pod.name': 'shop-0' },
  });
  assert.equal(names.find(ask(UID)).containerName, 'pause');
  tree.remove('run');
  tree.write(`var/lib/docker/containers/${A}/config.v2.json`, {
    Name: '/k8s_POD_shop-0_prod_x_0',
    Config: { Labels: { 'io.kubernetes.docker.type': 'podsandbox', 'io.kubernetes.pod.name': 'shop-0' } },
  });
  assert.equal(names.find(ask(UID)).containerName, 'pause');
});

test('Scaphandre joins docker and containerd ids only: a CRI-O container is named here', (t) => {
  const tree = new HostTree(t);
  tree.write(`var/lib/containers/storage/overlay-containers/${A}/userdata/config.json`, {
    annotations: {
      'io.kubernetes.cri-o.ContainerType': 'container',
      'io.kubernetes.container.name': 'server',
      'io.kubernetes.pod.name': 'shop-0',
      'io.kubernetes.pod.namespace': 'prod',
    },
  });
  assert.deepEqual(new ContainerNames(tree.roots, silentLogger).find(ask(UID)), {
    containerName: 'server',
    runtime: 'cri-o',
    podName: 'shop-0',
    podNamespace: 'prod',
  });
});

test('Docker: its own file tells, also where its container is a task of containerd', (t) => {
  const tree = new HostTree(t);
  tree.write(`${TASKS}/moby/${A}/config.json`, { ociVersion: '1.0.2' });
  tree.write(`var/lib/docker/containers/${A}/config.v2.json`, { Name: '/web', Config: { Labels: null } });
  const found = new ContainerNames(tree.roots, silentLogger).find(ask());
  assert.deepEqual([found.containerName, found.runtime], ['web', 'docker']);
});

test('podman: root, --rm, and a user without root', (t) => {
  const tree = new HostTree(t);
  const names = new ContainerNames(tree.roots, silentLogger);
  const store = 'containers/storage/overlay-containers';
  const list = (name: string) => [{ id: 'other', names: ['x'] }, null, { id: A, names: [name] }];
  tree.write('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\n');
  tree.write(`home/me/.local/share/${store}/containers.json`, list('mine'));
  assert.equal(names.find(ask()).containerName, '');
  assert.equal(names.find(ask('', 1000)).containerName, 'mine');
  tree.write(`var/lib/${store}/volatile-containers.json`, list('passing'));
  assert.deepEqual([names.find(ask()).containerName, names.find(ask()).runtime], ['passing', 'podman']);
  tree.write(`var/lib/${store}/containers.json`, list('rooted'));
  assert.equal(names.find(ask()).containerName, 'rooted');
});

test("the kubelet's log folders name pods and containers of any runtime", (t) => {
  const tree = new HostTree(t);
  tree.folder(`var/log/pods/prod_shop-0_${UID}/server`);
  const names = new ContainerNames(tree.roots, silentLogger);
  assert.deepEqual([names.findPod(UID).podName, names.findPod(UID).podNamespace], ['shop-0', 'prod']);
  assert.deepEqual([names.find(ask(UID)).podName, names.find(ask(UID)).containerName], ['shop-0', '']);
  tree.link(`var/log/containers/shop-0_prod_my-server-${A}.log`, '/nowhere');
  assert.equal(names.find(ask(UID)).containerName, 'my-server');
  assert.equal(names.findPod('another').podName, '');
});

test('several sources complete one another', (t) => {
  const tree = new HostTree(t);
  tree.write(`${TASKS}/k8s.io/${A}/config.json`, {
    annotations: { 'io.kubernetes.cri.container-name': 'server' },
  });
  tree.folder(`var/log/pods/prod_shop-0_${UID}`);
  const found = new ContainerNames(tree.roots, silentLogger).find(ask(UID));
  assert.deepEqual(found, {
    containerName: 'server',
    runtime: 'containerd',
    podName: 'shop-0',
    podNamespace: 'prod',
  });
});

test('a file that is half written or odd is told once and harms nothing', (t) => {
  const tree = new HostTree(t);
  const warned: unknown[] = [];
  const names = new ContainerNames(tree.roots, {
    ...silentLogger,
    warn: (_, fields) => void warned.push(fields?.['error']),
  });
  tree.write(`${TASKS}/k8s.io/${A}/config.json`, '{"annotations": {"io.kub');
  assert.equal(names.find(ask()).containerName, '');
  assert.equal(names.find(ask()).containerName, '');
  assert.deepEqual(
    warned.map((error) => error instanceof KisimError && error.code),
    ['KISIM_E_CONTAINER_NAMES'],
  );
  for (const odd of ['[]', 'null', '7', '{"annotations":[]}', '{"annotations":{"nerdctl/name":7}}']) {
    tree.write(`${TASKS}/k8s.io/${A}/config.json`, odd);
    assert.equal(names.find(ask()).containerName, '', odd);
  }
});
