import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerNames } from '../../../src/inventory/container-names.ts';
import type { ProcessRecord } from '../../../src/native/process-scanner.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { HostTree } from '../../support/host-tree.ts';

const SANDBOX = 'b2'.repeat(32);
const A = 'a1'.repeat(32);
const UID = '3cae2e45-052c-4b11-80d3-4d7b2d2d3464';
const question = { containerId: A, podUid: UID, userId: undefined };
const annotations = {
  'io.kubernetes.cri.container-type': 'container',
  'io.kubernetes.cri.container-name': 'server',
  'io.kubernetes.cri.sandbox-name': 'shop-0',
  'io.kubernetes.cri.sandbox-namespace': 'prod',
};

function shim(
  pid: number,
  namespace: string,
  words = `-namespace\0${namespace}\0-id\0${SANDBOX}`,
): ProcessRecord {
  return {
    slot: pid,
    pid,
    ppid: 1,
    startTicks: pid,
    comm: 'containerd-shim',
    cmdline: `/usr/bin/containerd-shim-runc-v2\0${words}\0-address\0/elsewhere/containerd.sock\0`,
    cgroup: '0::/\n',
    kernelThread: false,
    unreadable: '',
  };
}

/** A shim at work in the bundle of its sandbox. */
function atWork(tree: HostTree, pid: number, folder: string, root = tree.root): void {
  tree.folder(`${folder}/${SANDBOX}`);
  tree.link(`proc/${pid}/cwd`, `${tree.root}/${folder}/${SANDBOX}`);
  tree.link(`proc/${pid}/root`, root);
}

test('a containerd with folders of its own is found through the working folders of its shims', (t) => {
  const tree = new HostTree(t);
  const names = new ContainerNames(tree.roots, silentLogger);
  tree.write(`run/k3s/containerd/tasks/k8s.io/${A}/config.json`, { annotations });
  assert.equal(names.find(question).containerName, '', 'nobody told of a shim');
  atWork(tree, 77, 'run/k3s/containerd/tasks/k8s.io');
  names.shims.see(shim(77, 'k8s.io'));
  assert.deepEqual(names.find(question), {
    containerName: 'server',
    runtime: 'containerd',
    podName: 'shop-0',
    podNamespace: 'prod',
  });
  names.shims.forget(77);
  assert.equal(names.find(question).containerName, '', 'the shim is gone');
});

test('of several containerds each is asked, whichever of its shims still works', (t) => {
  const tree = new HostTree(t);
  const names = new ContainerNames(tree.roots, silentLogger);
  for (const pid of [70, 71]) atWork(tree, pid, 'one/k8s.io');
  for (const pid of [80, 81]) atWork(tree, pid, 'two/k8s.io');
  for (const pid of [70, 71, 80, 81]) names.shims.see(shim(pid, 'k8s.io'));
  tree.write(`two/k8s.io/${A}/config.json`, { annotations });
  tree.remove('proc/80');
  assert.equal(names.find(question).podName, 'shop-0');
});

test('inside of a node that is a container, Docker and the kubelet of that node are asked too', (t) => {
  const tree = new HostTree(t);
  const names = new ContainerNames(tree.roots, silentLogger);
  atWork(tree, 77, 'node/run/containerd/moby', `${tree.root}/node`);
  names.shims.see(shim(77, 'moby'));
  tree.write(`node/run/containerd/moby/${A}/config.json`, { ociVersion: '1.0.2' });
  tree.folder(`node/var/log/pods/prod_shop-0_${UID}`);
  assert.deepEqual(names.find(question), {
    containerName: '',
    runtime: 'docker',
    podName: 'shop-0',
    podNamespace: 'prod',
  });
  tree.write(`node/var/lib/docker/containers/${A}/config.v2.json`, {
    Name: '/k8s_server_shop-0_prod',
    Config: { Labels: { 'io.kubernetes.container.name': 'server' } },
  });
  assert.equal(names.find(question).containerName, 'server');
});

test('a program that only calls itself like a shim is none', (t) => {
  const tree = new HostTree(t);
  const names = new ContainerNames(tree.roots, silentLogger);
  atWork(tree, 77, 'faked/k8s.io');
  tree.write(`faked/k8s.io/${A}/config.json`, { annotations });
  names.shims.see({ ...shim(77, 'k8s.io'), cmdline: '/tmp/anything\0-namespace\0k8s.io\0' });
  names.shims.see({ ...shim(77, 'k8s.io'), comm: 'anything' });
  assert.equal(names.find(question).containerName, '');
});

test('shims that may not be looked at are told once', (t) => {
  const tree = new HostTree(t);
  const warned: unknown[] = [];
  const names = new ContainerNames(tree.roots, {
    ...silentLogger,
    warn: (_, fields) => void warned.push(fields?.['error']),
  });
  // As refused as another user's: this link leads nowhere at all.
  tree.link('proc/77/cwd', `${tree.root}/proc/77/cwd`);
  names.shims.see(shim(77, 'k8s.io'));
  for (let times = 0; times < 2; times++) assert.equal(names.find(question).podName, '');
  assert.equal(warned.length, 1);
  assert(warned[0] instanceof KisimError && warned[0].code === 'KISIM_E_CONTAINER_NAMES');
});
