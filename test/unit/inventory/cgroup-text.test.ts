import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCgroup } from '../../../src/inventory/cgroup-text.ts';

test('a v2 line has hierarchy 0 and no controllers', () => {
  assert.deepEqual(parseCgroup('0::/system.slice/nginx.service\n'), [
    { hierarchy: 0, controllers: [], path: '/system.slice/nginx.service' },
  ]);
});

test('v1 lines name their controllers, the named hierarchy its name', () => {
  assert.deepEqual(parseCgroup('4:cpu,cpuacct:/a\n1:name=systemd:/b\n'), [
    { hierarchy: 4, controllers: ['cpu', 'cpuacct'], path: '/a' },
    { hierarchy: 1, controllers: ['name=systemd'], path: '/b' },
  ]);
});

test('colons inside a path stay in the path', () => {
  const path = '/system.slice/containerd.service/kubepods-podx.slice:cri-containerd:abc';
  assert.equal(parseCgroup(`13:memory:${path}`)[0]?.path, path);
});

test('the mark of a removed cgroup is not part of its path', () => {
  assert.equal(parseCgroup('0::/user.slice/x.scope (deleted)\n')[0]?.path, '/user.slice/x.scope');
});

test('an empty or foreign text gives no lines and no error', () => {
  assert.deepEqual(parseCgroup(''), []);
  assert.deepEqual(parseCgroup('nonsense\nx:y\n:::\nNaN:cpu:/x'), []);
});
