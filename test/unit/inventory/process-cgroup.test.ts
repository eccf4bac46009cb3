import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseCgroup } from '../../../src/inventory/process-cgroup.ts';

const A = 'a1'.repeat(32);

function chosen(...lines: string[]): [string, string | undefined] {
  const { hierarchy, nodes } = chooseCgroup(`${lines.join('\n')}\n`);
  return [hierarchy, nodes.at(-1)?.name];
}

test('v2 alone: the unified path', () => {
  assert.deepEqual(chosen('0::/system.slice/a.service'), ['unified', 'a.service']);
});

test('hybrid, both paths equal: cpuacct, which counts nanoseconds', () => {
  assert.deepEqual(chosen('0::/system.slice/a.service', '3:cpu,cpuacct:/system.slice/a.service'), [
    'cpuacct',
    'a.service',
  ]);
});

test('hybrid, the service known to v2 alone: v2', () => {
  assert.deepEqual(
    chosen('4:cpu,cpuacct:/', '1:name=systemd:/system.slice/ssh.service', '0::/system.slice/ssh.service'),
    ['unified', 'ssh.service'],
  );
});

test('hybrid, the container in v1 and its runtime in v2: the container', () => {
  assert.deepEqual(chosen('0::/reserved.slice/containerd.service', `2:cpu,cpuacct:/docker/${A}`), [
    'cpuacct',
    A,
  ]);
});

test('a cgroup made inside a container in one hierarchy only does not take it from its counter', () => {
  assert.deepEqual(chosen(`1:name=systemd:/docker/${A}/init.scope`, `2:cpuacct:/docker/${A}`), [
    'cpuacct',
    A,
  ]);
});

test('a service known only to a hierarchy without counters has none', () => {
  assert.deepEqual(
    chosen('8:memory:/init.scope', '2:cpu,cpuacct:/', '1:name=systemd:/system.slice/app.service'),
    ['none', 'app.service'],
  );
});

test('the folders of other controllers name nobody', () => {
  assert.deepEqual(chosen('4:memory:/tool/710817', '2:cpuacct:/', '0::/'), ['cpuacct', undefined]);
});

test('no text: the root', () => {
  assert.deepEqual(chooseCgroup(''), {
    hierarchy: 'none',
    nodes: [],
    paths: { cpuacct: '/', unified: '/' },
    within: [],
  });
});

test('tells every cgroup that a process lies in, of both hierarchies', () => {
  assert.deepEqual(chooseCgroup('3:cpuacct:/a/b\n0::/c.slice\n').within, [
    'cpuacct:/a/b',
    'cpuacct:/a',
    'unified:/c.slice',
  ]);
});
