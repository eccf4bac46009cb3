import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { classifyCgroup } from '../../../src/inventory/cgroup-class.ts';
import { sharedData } from '../../support/shared-data.ts';

const A = 'a1'.repeat(32);
const B = 'b2'.repeat(32);
const UID = '3cae2e45-052c-4b11-80d3-4d7b2d2d3464';
const UID_ = UID.replaceAll('-', '_');

function summary(path: string): string {
  const { kind, runtime, containerId, podUid, qos, name } = classifyCgroup(path);
  return [kind, runtime, containerId || name, podUid, qos].join('|');
}

const CASES: readonly (readonly [what: string, path: string, expected: string])[] = [
  ['root', '/', 'root||/||'],
  ['docker, systemd driver', `/system.slice/docker-${A}.scope`, `container|docker|${A}||`],
  ['docker, cgroupfs driver', `/docker/${A}`, `container|docker|${A}||`],
  ['docker without systemd suffix', `/docker-${A}`, `container|docker|${A}||`],
  ['docker under a parent of its own', `/mine/${A}`, `container||${A}||`],
  ['a prefix that objects have as a property', `/constructor/constructor-${A}`, `container||${A}||`],
  ['a parent that objects have as a property', `/constructor/${A}`, `container||${A}||`],
  ['something short below docker', '/docker/123', 'unit||123||'],
  ['buildkit step', '/docker/buildkit/5x1yz', 'container|docker|5x1yz||'],
  ['containerd', `/containerd/${A}`, `container|containerd|${A}||`],
  ['ctr run', '/default/web-1', 'container|containerd|web-1||'],
  ['ctr run with a hex id', `/default/${A}`, `container|containerd|${A}||`],
  ['ctr run with cgroups inside', '/default/web-1/init.scope', 'container|containerd|web-1||'],
  ['containerd namespace of Kubernetes', `/k8s.io/${A}`, `container|containerd|${A}||`],
  ['nerdctl', `/system.slice/nerdctl-${A}.scope`, `container|containerd|${A}||`],
  ['CRI-O', `/crio-${A}`, `container|cri-o|${A}||`],
  ['conmon of CRI-O', `/system.slice/crio-conmon-${A}.scope`, `unit||crio-conmon-${A}.scope||`],
  ['conmon of podman', `/machine.slice/libpod-conmon-${A}.scope`, `unit||libpod-conmon-${A}.scope||`],
  ['podman', `/machine.slice/libpod-${A}.scope/container`, `container|podman|${A}||`],
  ['podman, cgroupfs', `/libpod_parent/libpod-${A}`, `container|podman|${A}||`],
  ['podman below a service', `/system.slice/x.service/libpod-payload-${A}`, `container|podman|${A}||`],
  ['LXC 3', '/lxc/mail', 'container|lxc|mail||'],
  ['LXC 4', '/lxc.payload.mail/system.slice/a.service', 'container|lxc|mail||'],
  ['LXC 4, Proxmox', '/lxc.payload/101/ns/init.scope', 'container|lxc|101||'],
  ['LXC monitor', '/lxc.monitor.mail', 'unit||lxc.monitor.mail||'],
  ['systemd-nspawn', '/machine.slice/machine-my\\x2dbox.scope/payload', 'container|nspawn|my-box||'],
  ['service', '/system.slice/nginx.service', 'unit||nginx.service||'],
  ['escaped service', '/system.slice/a\\x2db.service', 'unit||a-b.service||'],
  ['cgroup below a service', '/system.slice/x.service/worker/3', 'unit||x.service||'],
  ['slice in a slice', '/system.slice/system-getty.slice', 'slice||system-getty.slice||'],
  ['Talos', '/podruntime/kubelet', 'unit||kubelet||'],
  ['OpenRC-like', '/init', 'unit||init||'],
  [
    'guest of libvirt',
    '/machine.slice/machine-qemu\\x2d3\\x2dmy\\x2dvm.scope/libvirt/emulator',
    'vm||my-vm||',
  ],
  ['guest of libvirt, v1', '/machine/qemu-3-web.libvirt-qemu/emulator', 'vm||web||'],
  ['guest of old libvirt, v1', '/machine/web.libvirt-qemu/vcpu0', 'vm||web||'],
  ['guest of oldest libvirt, v1', '/libvirt/qemu/web/emulator', 'vm||web||'],
  ['container of libvirt', '/machine.slice/machine-lxc\\x2d7\\x2dbox.scope', 'container|lxc|box||'],
  [
    'pod, systemd driver',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID_}.slice/cri-containerd-${A}.scope`,
    `container|containerd|${A}|${UID}|burstable`,
  ],
  [
    'pod without container',
    `/kubepods.slice/kubepods-pod${UID_}.slice/crio-conmon-${A}.scope`,
    `pod||${UID}|${UID}|guaranteed`,
  ],
  [
    'pod, cgroupfs driver',
    `/kubepods/besteffort/pod${UID}/${A}/kube-proxy`,
    `container||${A}|${UID}|besteffort`,
  ],
  [
    'static pod',
    `/kubepods/burstable/pod${'9f'.repeat(16)}/${A}`,
    `container||${A}|${'9f'.repeat(16)}|burstable`,
  ],
  [
    'colons taken literally',
    `/system.slice/containerd.service/kubepods-burstable-pod${UID_}.slice:cri-containerd:${A}`,
    `container|containerd|${A}|${UID}|burstable`,
  ],
  ['another cgroup namespace', `/../../../../system.slice/docker-${A}.scope`, `container|docker|${A}||`],
  [
    'kind: the innermost container',
    `/system.slice/docker-${A}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${UID_}.slice/cri-containerd-${B}.scope`,
    `container|containerd|${B}|${UID}|besteffort`,
  ],
  [
    'a cluster in a pod',
    `/kubepods/burstable/pod${'9f'.repeat(16)}/${A}/kubepods/pod${UID}/${B}`,
    `container||${B}|${UID}|guaranteed`,
  ],
  [
    'the word pod inside a container',
    `/kubepods/pod${UID}/${A}/pod${'9f'.repeat(16)}`,
    `container||${A}|${UID}|guaranteed`,
  ],
  ['the word pod outside kubepods', `/system.slice/pod${UID}`, `unit||pod${UID}||`],
];

for (const [what, path, expected] of CASES) {
  test(`classifies ${what}`, () => assert.equal(summary(path), expected));
}

test('kind: outer container, pod and inner container are accounts of their own', () => {
  const path = `/system.slice/docker-${A}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${UID_}.slice/cri-containerd-${B}.scope`;
  const nodes = classifyCgroup(path).nodes;
  assert.deepEqual(
    nodes.map((node) => [node.kind, node.containerId, node.podUid]),
    [
      ['slice', '', ''],
      ['container', A, ''],
      ['pod', A, UID],
      ['container', B, UID],
    ],
  );
  assert.equal(nodes[1]?.path, `/system.slice/docker-${A}.scope`);
  assert.equal(nodes[3]?.path, path);
});

test('a pod named only inside a segment has no cgroup of its own', () => {
  const path = `/system.slice/containerd.service/kubepods-pod${UID_}.slice:cri-containerd:${A}`;
  const kinds = classifyCgroup(path).nodes.map((node) => [node.kind, node.path]);
  assert.deepEqual(kinds, [
    ['slice', '/system.slice'],
    ['unit', '/system.slice/containerd.service'],
    ['pod', undefined],
    ['container', path],
  ]);
});

test('every level down to a service is an account, and services below it, not its other folders', () => {
  const path = '/user.slice/user-1000.slice/user@1000.service/app.slice/editor.scope';
  assert.deepEqual(
    classifyCgroup(path).nodes.map((node) => node.name),
    ['user.slice', 'user-1000.slice', 'user@1000.service', 'editor.scope'],
  );
});

test('any namespace of containerd is known where it has a task of that id', () => {
  const hasTask = (namespace: string, id: string) => namespace === 'ci' && id === 'job7';
  assert.equal(classifyCgroup('/ci/job7', hasTask).containerId, 'ci/job7');
  assert.equal(classifyCgroup('/ci/job8', hasTask).kind, 'unit');
});

test('a unit has one identity from wherever it is seen', () => {
  const [here] = classifyCgroup('/system.slice/a.service').nodes.slice(-1);
  const [there] = classifyCgroup('/../../system.slice/a.service').nodes.slice(-1);
  assert.equal(here?.id, there?.id);
  assert.notEqual(here?.path, there?.path);
});

test('any path whatever gives nodes whose paths lead to it', () => {
  const segment = fc.oneof(
    fc.string({ minLength: 1 }).map((text) => text.replaceAll('/', '_')),
    fc.constantFrom(
      '..',
      'kubepods',
      `pod${UID}`,
      A,
      `docker-${A}.scope`,
      'lxc',
      'a.service',
      'b.slice',
      'default',
    ),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
      const path = `/${segments.join('/')}`;
      const { nodes } = classifyCgroup(path);
      let above = '';
      for (const node of nodes) {
        assert.notEqual(node.name, '');
        if (node.path === undefined) continue;
        assert.ok(`${path}/`.startsWith(`${node.path}/`) && node.path.length >= above.length);
        above = node.path;
      }
    }),
  );
});

test('captured lines of many hosts mean what was worked out by hand', { skip: sharedData.skip }, () => {
  const rows = readFileSync(sharedData.path('energy', 'cgroup-lines.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1);
  assert.ok(rows.length >= 90);
  for (const row of rows) {
    const [line, , runtime, qos, podUid, containerId] = row.split('\t') as [string, ...string[]];
    const path = line.replace(/^\d+:[^:]*:/, '');
    const found = classifyCgroup(path);
    // The table leaves out LXC, whose containers have names instead of ids.
    if (/\/lxc(\/|\.payload)/.test(path)) {
      assert.equal(found.runtime, 'lxc', row);
      continue;
    }
    const expected = runtime === 'crio' ? 'cri-o' : runtime === 'unknown(cgroupfs driver)' ? '' : runtime;
    assert.deepEqual(
      [found.runtime, found.qos, found.podUid, found.containerId],
      [expected, qos, podUid, containerId],
      row,
    );
  }
});
