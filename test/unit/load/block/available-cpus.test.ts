import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { availableCores } from '../../../../src/load/block/available-cpus.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function host(t: TestContext, files: Readonly<Record<string, string>>) {
  const root = temporaryFolder(t);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { proc: join(root, 'proc'), sys: join(root, 'sys'), root };
}

const status = 'Name:\tx\nCpus_allowed_list:\t0-3,8\n';
const unified = '30 1 0:2 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';

test('without limits all CPUs of the affinity', (t) => {
  const files = {
    'proc/self/status': status,
    'proc/self/cgroup': '0::/a/b\n',
    'proc/self/mountinfo': unified,
  };
  assert.equal(availableCores(host(t, { ...files, 'sys/fs/cgroup/a/cpu.max': 'max 100000\n' })), 5);
  assert.equal(availableCores(host(t, { 'proc/self/status': status })), 5);
});

test('the narrowest limit of the groups from ours upwards, in parts of a core', (t) => {
  const roots = host(t, {
    'proc/self/status': status,
    'proc/self/cgroup': '0::/a/b\n',
    'proc/self/mountinfo': unified,
    'sys/fs/cgroup/a/cpu.max': '150000 100000\n',
    'sys/fs/cgroup/a/b/cpu.max': '300000 100000\n',
  });
  assert.equal(availableCores(roots), 1.5);
});

test('the same of the older hierarchy, mounted for itself', (t) => {
  const roots = host(t, {
    'proc/self/status': status,
    'proc/self/cgroup': '2:cpuacct:/x\n1:cpu:/pods/p\n0::/\n',
    'proc/self/mountinfo': '31 1 0:3 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n',
    'sys/fs/cgroup/cpu/pods/p/cpu.cfs_quota_us': '50000\n',
    'sys/fs/cgroup/cpu/pods/p/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu/pods/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/pods/cpu.cfs_period_us': '100000\n',
  });
  assert.equal(availableCores(roots), 0.5);
});

test('in a container the mount shows our own group as its root', (t) => {
  const roots = host(t, {
    'proc/self/status': status,
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': unified.replace('0:2 /', '0:2 /'),
    'sys/fs/cgroup/cpu.max': '25000 100000\n',
  });
  assert.equal(availableCores(roots), 0.25);
});
