import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { msrFinding, perfPermission, powercapPermission } from '../../../../src/cli/doctor/counters.ts';
import { type Identity, readIdentity } from '../../../../src/cli/doctor/identity.ts';
import { HostTree } from './tree.ts';

let tree: HostTree;
beforeEach(() => {
  tree = new HostTree();
});
afterEach(() => tree.remove());

const nobody: Identity = { uid: 65534, capabilities: new Set(), ownNamespaces: [] };
const asRoot = process.geteuid?.() === 0 ? 'root may read every file' : false;

test('without powercap there is nothing to be refused', () => {
  assert.equal(powercapPermission(tree.roots).mark, 'absent');
});

test('readable counters are good', () => {
  tree.file('sys/class/powercap/intel-rapl:0/energy_uj', '1');
  tree.file('sys/class/powercap/intel-rapl:0:0/energy_uj', '1');
  const { mark, says } = powercapPermission(tree.roots);
  assert.equal(mark, 'ok');
  assert.match(says, /all 2 counters/);
});

test('counters that may not be read come with the command that opens them', { skip: asRoot }, () => {
  tree.file('sys/class/powercap/intel-rapl:0/energy_uj', '1', 0o000);
  tree.file('sys/class/powercap/intel-rapl:1/energy_uj', '1');
  const one = powercapPermission(tree.roots);
  assert.equal(one.mark, 'warn');
  assert.match(one.says, /1 of 2 .*intel-rapl:0\/energy_uj \(mode 00/);
  assert.match(one.action ?? '', /sudo kisimd install-service/);
});

test('a zone whose counter cannot be opened at all is told with the reason', () => {
  tree.file('sys/class/powercap/intel-rapl:0/name', 'package-0');
  const { mark, says, action } = powercapPermission(tree.roots);
  assert.equal(mark, 'refused');
  assert.match(says, /1 of 1 .*ENOENT/);
  assert.match(action ?? '', /sudo/);
});

test('perf events need CAP_PERFMON or a paranoid level below 1', () => {
  tree.file('sys/bus/event_source/devices/power/events/energy-pkg', 'event=0x02');
  tree.file('sys/bus/event_source/devices/power/events/energy-pkg.scale', '2.3e-10');
  tree.file('proc/sys/kernel/perf_event_paranoid', '2\n');
  const refused = perfPermission(tree.roots, nobody, '/opt/node');
  assert.equal(refused.mark, 'refused');
  assert.match(refused.says, /^energy-pkg; perf_event_paranoid is 2/);
  assert.match(refused.action ?? '', /sudo setcap cap_perfmon=ep \/opt\/node/);
  const capable: Identity = { ...nobody, capabilities: new Set(['CAP_PERFMON']) };
  assert.equal(perfPermission(tree.roots, capable, '/opt/node').mark, 'ok');
  tree.file('proc/sys/kernel/perf_event_paranoid', '0\n');
  assert.equal(perfPermission(tree.roots, nobody, '/opt/node').mark, 'ok');
});

test('an unknown paranoid level is not taken for permission', () => {
  tree.file('sys/bus/event_source/devices/power/events/energy-pkg', 'event=0x02');
  assert.equal(perfPermission(tree.roots, nobody, '/opt/node').mark, 'refused');
});

test('without energy events perf is absent', () => {
  assert.equal(perfPermission(tree.roots, nobody, '/opt/node').mark, 'absent');
});

test('the MSR device is told of, and never needed', () => {
  assert.equal(msrFinding(tree.roots).mark, 'absent');
  tree.file('dev/cpu/0/msr', '');
  assert.equal(msrFinding(tree.roots).mark, 'ok');
});

test('user, capabilities and namespaces come from /proc/self', () => {
  tree.file('proc/self/status', 'Name:\tnode\nUid:\t1000\t1001\t1000\t1000\nCapEff:\t0000004000001000\n');
  tree.link('proc/self/ns/pid', 'pid:[4026531836]');
  tree.link('proc/self/ns/user', 'user:[4026532999]');
  const { uid, capabilities, ownNamespaces } = readIdentity(tree.roots);
  assert.equal(uid, 1001);
  assert.deepEqual([...capabilities], ['CAP_NET_ADMIN', 'CAP_PERFMON']);
  assert.deepEqual(ownNamespaces, ['user']);
});

test('namespaces that cannot be told stay unknown', () => {
  tree.file('proc/self/status', 'CapEff:\t0000000000000000\n');
  const { capabilities, ownNamespaces } = readIdentity(tree.roots);
  assert.equal(capabilities.size, 0);
  assert.equal(ownNamespaces, undefined);
});
