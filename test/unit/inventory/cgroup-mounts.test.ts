import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CgroupMounts } from '../../../src/inventory/cgroup-mounts.ts';
import { HostTree } from '../../support/host-tree.ts';

const V1 = '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct';
const V1_CPU = '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu';
const V2 = '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate';

test('hybrid host: each hierarchy has its own file and format', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', `${V1_CPU}\n${V1}\n${V2}\n`);
  const mounts = CgroupMounts.discover(tree.roots);
  assert.deepEqual(mounts.counterOf('cpuacct', '/docker/x'), {
    path: join(tree.roots.sys, 'fs/cgroup/cpu,cpuacct/docker/x/cpuacct.usage'),
    format: 'usage-ns',
  });
  assert.deepEqual(mounts.counterOf('unified', '/a.slice'), {
    path: join(tree.roots.sys, 'fs/cgroup/unified/a.slice/cpu.stat'),
    format: 'cpu-stat',
  });
  assert.equal(mounts.counterOf('none', '/a.slice'), undefined);
  assert.equal(mounts.rootCounter()?.path, join(tree.roots.sys, 'fs/cgroup/cpu,cpuacct/cpuacct.usage'));
});

test('v2 host: no counter of the root', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n');
  assert.equal(CgroupMounts.discover(tree.roots).rootCounter(), undefined);
});

test('a cgroup outside of the mounted subtree cannot be seen', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', V1.replace(' / /sys', ' /docker/me /sys'));
  const mounts = CgroupMounts.discover(tree.roots);
  assert.equal(mounts.counterOf('cpuacct', '/docker/other'), undefined);
  assert.equal(mounts.counterOf('cpuacct', '/docker/menu'), undefined);
  assert.match(
    mounts.counterOf('cpuacct', '/docker/me/sub')?.path ?? '',
    /cpu,cpuacct\/sub\/cpuacct\.usage$/,
  );
  assert.equal(mounts.rootCounter(), undefined);
});

test('a path above our cgroup namespace is seen only through a mount made above it', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', V2);
  tree.write('proc/1/cgroup', '0::/../../init.scope\n');
  assert.equal(CgroupMounts.discover(tree.roots).counterOf('unified', '/../../a.slice'), undefined);
  tree.write('proc/self/mountinfo', V2.replace(' / /sys', ' /../.. /sys'));
  const mounts = CgroupMounts.discover(tree.roots);
  assert.equal(
    mounts.counterOf('unified', '/../../a.slice')?.path,
    join(tree.roots.sys, 'fs/cgroup/unified/a.slice/cpu.stat'),
  );
  assert.equal(mounts.counterOf('unified', '/../../../b'), undefined);
});

test('the root counter of a cgroup namespace is not that of the host', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', V1);
  tree.write('proc/1/cgroup', '4:cpu,cpuacct:/../../init.scope\n');
  assert.equal(CgroupMounts.discover(tree.roots).rootCounter(), undefined);
});

test("the host tree mounted into a container is used, not the container's own of the same names", (t) => {
  const tree = new HostTree(t);
  const own = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
  const host = `31 23 0:26 /../../.. ${tree.roots.sys}/fs/cgroup rw - cgroup2 cgroup2 rw`;
  tree.write('proc/self/mountinfo', `${own}\n${host}\n`);
  const mounts = CgroupMounts.discover(tree.roots);
  assert.equal(mounts.counterOf('unified', '/init.scope'), undefined);
  assert.equal(
    mounts.counterOf('unified', '/../../../init.scope')?.path,
    join(tree.roots.sys, 'fs/cgroup/init.scope/cpu.stat'),
  );
});

test('without mountinfo the usual places are looked in', (t) => {
  const tree = new HostTree(t);
  tree.write('sys/fs/cgroup/cpuacct/cpuacct.usage', '0\n');
  tree.write('sys/fs/cgroup/unified/cgroup.controllers', '\n');
  assert.deepEqual(
    CgroupMounts.discover(tree.roots).mounts.map((mount) => mount.hierarchy),
    ['cpuacct', 'unified'],
  );
});

test('escaped mount points are read', (t) => {
  const tree = new HostTree(t);
  tree.write('proc/self/mountinfo', '30 23 0:26 / /sys/fs/my\\040cgroup rw - cgroup2 cgroup2 rw\n');
  assert.match(
    CgroupMounts.discover(tree.roots).counterOf('unified', '/x')?.path ?? '',
    /my cgroup\/x\/cpu\.stat$/,
  );
});
