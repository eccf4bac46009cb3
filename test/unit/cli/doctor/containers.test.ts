import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { cgroupFinding, guestFinding, runtimeFinding } from '../../../../src/cli/doctor/containers.ts';
import { HostTree } from './tree.ts';

let tree: HostTree;
beforeEach(() => {
  tree = new HostTree();
});
afterEach(() => tree.remove());

const v1 = '34 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n';
const v2 = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';

test('version 1, version 2 and both together are told apart', () => {
  for (const [mountinfo, layout] of [
    [v1, /^v1: /],
    [v2, /^v2: /],
    [v1 + v2, /^hybrid/],
  ] as const) {
    tree.file('proc/self/mountinfo', mountinfo);
    const { mark, says } = cgroupFinding(tree.roots);
    assert.equal(mark, 'ok');
    assert.match(says, layout);
  }
});

test('a mount that shows only a part of the host is warned of', () => {
  tree.file('proc/self/mountinfo', '41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n');
  const { mark, action } = cgroupFinding(tree.roots);
  assert.equal(mark, 'warn');
  assert.match(action ?? '', /--cgroupns=host/);
});

test('no cgroups at all is a refusal with the command that mounts them', () => {
  const { mark, action } = cgroupFinding(tree.roots);
  assert.equal(mark, 'refused');
  assert.match(action ?? '', /mount -t cgroup2/);
});

test('runtimes are found by what they leave on the host', () => {
  assert.equal(runtimeFinding(tree.roots).mark, 'absent');
  tree.file('run/k3s/containerd/containerd.sock', '');
  tree.file('run/crio/crio.sock', '');
  const { mark, says } = runtimeFinding(tree.roots);
  assert.equal(mark, 'ok');
  assert.match(says, /^containerd \(.*k3s.*\), cri-o \(/);
});

test('QEMU guests are found by the program, not by a word in the arguments', () => {
  assert.equal(guestFinding(tree.roots).mark, 'absent');
  tree.file('proc/10/cmdline', '/usr/bin/qemu-system-x86_64\0-name\0guest=a\0');
  tree.file('proc/11/cmdline', '/usr/libexec/qemu-kvm\0-m\x001G\0');
  tree.file('proc/12/cmdline', 'vim\0qemu-system-notes.txt\0');
  tree.file('proc/self/cmdline', 'qemu-system-x86_64\0');
  const { mark, says } = guestFinding(tree.roots);
  assert.equal(mark, 'ok');
  assert.match(says, /running: 2 \(pid 10, 11\)/);
});
