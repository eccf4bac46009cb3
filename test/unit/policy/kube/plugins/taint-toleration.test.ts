import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taint } from '../../../../../src/cluster/node.ts';
import type { Toleration } from '../../../../../src/cluster/pod.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import { tolerates } from '../../../../../src/policy/kube/plugins/taint-toleration.ts';
import { kubeNode, kubePod, pointsOf, refusals } from '../../../../support/kube-objects.ts';

const taint: Taint = { key: 'spot', value: 'yes', effect: 'NoSchedule' };

function toleration(changes: Partial<Toleration>): Toleration {
  return { key: 'spot', operator: 'Equal', value: 'yes', effect: undefined, ...changes };
}

test('tolerates by key, value and effect; what is left open matches all', () => {
  const table: readonly (readonly [Partial<Toleration>, boolean])[] = [
    [{}, true],
    [{ value: 'no' }, false],
    [{ key: 'other' }, false],
    [{ operator: 'Exists', value: '' }, true],
    [{ key: '', operator: 'Exists', value: '' }, true],
    [{ effect: 'NoSchedule' }, true],
    [{ effect: 'NoExecute' }, false],
    [{ operator: 'Gt', value: '0' }, false],
  ];
  for (const [changes, expected] of table)
    assert.equal(tolerates(toleration(changes), taint), expected, JSON.stringify(changes));
});

test('refuses nodes for cordons and for taints of both hard effects', () => {
  const scheduler = new KubeScheduler([
    kubeNode('free', 'a'),
    kubeNode('cordoned', 'a', { unschedulable: true }),
    kubeNode('spot', 'a', { taints: [taint] }),
    kubeNode('leaving', 'a', { taints: [{ ...taint, effect: 'NoExecute' }] }),
    kubeNode('avoided', 'a', { taints: [{ ...taint, effect: 'PreferNoSchedule' }] }),
  ]);
  assert.deepEqual(refusals(scheduler, kubePod(0)), {
    cordoned: 'NodeUnschedulable',
    spot: 'TaintToleration',
    leaving: 'TaintToleration',
  });
  assert.deepEqual(refusals(scheduler, kubePod(1, { tolerations: [toleration({ effect: 'NoSchedule' })] })), {
    cordoned: 'NodeUnschedulable',
    leaving: 'TaintToleration',
  });
  const all = kubePod(2, { tolerations: [toleration({ key: '', operator: 'Exists', value: '' })] });
  assert.deepEqual(refusals(scheduler, all), {});
});

test('counts the soft taints that are not tolerated, most of them 0 points', () => {
  const soft = (key: string): Taint => ({ key, value: '', effect: 'PreferNoSchedule' });
  const scheduler = new KubeScheduler([
    kubeNode('none', 'a'),
    kubeNode('one', 'a', { taints: [soft('x')] }),
    kubeNode('three', 'a', { taints: [soft('x'), soft('y'), soft('z')] }),
  ]);
  assert.deepEqual(pointsOf(scheduler, kubePod(0), 'TaintToleration'), { none: 100, one: 67, three: 0 });
  const tolerant = kubePod(1, { tolerations: [toleration({ key: 'x', operator: 'Exists', value: '' })] });
  assert.deepEqual(pointsOf(scheduler, tolerant, 'TaintToleration'), { none: 100, one: 100, three: 0 });
});
