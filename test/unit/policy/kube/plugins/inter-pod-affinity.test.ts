import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTNAME_LABEL } from '../../../../../src/cluster/labels.ts';
import type { PodAffinity } from '../../../../../src/cluster/pod.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import { isApp, kubeNode, kubePod, podTerm, pointsOf, refusals } from '../../../../support/kube-objects.ts';

const namespaces = new Map([
  ['red', { team: 'red' }],
  ['blue', { team: 'blue' }],
]);
const NAME = 'InterPodAffinity';

function cluster(): KubeScheduler {
  const nodes = [kubeNode('a1', 'a'), kubeNode('a2', 'a'), kubeNode('b1', 'b'), kubeNode('none', '')];
  return new KubeScheduler(nodes, { namespaces });
}

function requires(...required: PodAffinity['required']): PodAffinity {
  return { required, preferred: [] };
}

function prefers(weight: number, changes: Parameters<typeof podTerm>[0] = {}): PodAffinity {
  return { required: [], preferred: [{ weight, term: podTerm(changes) }] };
}

const web = { labels: { app: 'web' } };

test('required affinity: only domains where a pod matches all terms', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, web), 'a1');
  const near = kubePod(1, { podAffinity: requires(podTerm()) });
  assert.deepEqual(refusals(scheduler, near), { b1: NAME, none: NAME });
  const host = podTerm({ topologyKey: HOSTNAME_LABEL });
  const both = kubePod(1, { podAffinity: requires(podTerm(), host) });
  assert.deepEqual(refusals(scheduler, both), { a2: NAME, b1: NAME, none: NAME });
  const unmet = kubePod(1, { podAffinity: requires(podTerm(), podTerm({ selector: isApp('db') })) });
  assert.equal(scheduler.schedule(unmet).feasible, 0);
});

test('required affinity: the first of a group may go wherever the labels are, others may not', () => {
  const scheduler = cluster();
  const group = { ...web, podAffinity: requires(podTerm()) };
  assert.deepEqual(refusals(scheduler, kubePod(0, group)), { none: NAME });
  scheduler.add(kubePod(0, group), 'b1');
  assert.deepEqual(refusals(scheduler, kubePod(1, group)), { a1: NAME, a2: NAME, none: NAME });
  scheduler.remove(0);
  assert.equal(scheduler.schedule(kubePod(1, { podAffinity: requires(podTerm()) })).feasible, 0);
});

test('required anti-affinity holds for the pod that comes and for those that are there', () => {
  const apart = { podAntiAffinity: requires(podTerm()) };
  const first = cluster();
  first.add(kubePod(0, web), 'a1');
  assert.deepEqual(refusals(first, kubePod(1, apart)), { a1: NAME, a2: NAME });
  const second = cluster();
  second.add(kubePod(0, apart), 'a1');
  assert.deepEqual(refusals(second, kubePod(1, web)), { a1: NAME, a2: NAME });
  assert.deepEqual(refusals(second, kubePod(1, { labels: { app: 'db' } })), {});
  second.remove(0);
  assert.deepEqual(refusals(second, kubePod(1, web)), {});
});

test('a term means the namespace of its own pod, those it lists and those it selects', () => {
  const table: readonly (readonly [Parameters<typeof podTerm>[0], string, boolean])[] = [
    [{}, 'red', true],
    [{}, 'blue', false],
    [{ namespaces: ['blue'] }, 'blue', true],
    [{ namespaces: ['blue'] }, 'red', false],
    [{ namespaceSelector: [] }, 'unknown', true],
    [{ namespaceSelector: [{ key: 'team', operator: 'In', values: ['blue'] }] }, 'blue', true],
    [{ namespaceSelector: [{ key: 'team', operator: 'In', values: ['blue'] }] }, 'red', false],
    [
      { namespaceSelector: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['red'] }] },
      'red',
      true,
    ],
    [
      { namespaceSelector: [{ key: 'team', operator: 'In', values: ['blue'] }], namespaces: ['red'] },
      'red',
      true,
    ],
  ];
  for (const [changes, namespace, meant] of table) {
    const scheduler = cluster();
    scheduler.add(kubePod(0, web, namespace), 'a1');
    const pod = kubePod(1, { podAntiAffinity: requires(podTerm(changes)) }, 'red');
    assert.equal(scheduler.schedule(pod).feasible, meant ? 2 : 4, JSON.stringify([changes, namespace]));
    const other = cluster();
    other.add(pod, 'a1');
    const late = kubePod(0, web, namespace);
    assert.equal(other.schedule(late).feasible, meant ? 2 : 4, JSON.stringify([changes, namespace]));
  }
});

test('label keys narrow a term to pods of the same or of other values', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, { labels: { app: 'web', rev: '1' } }), 'a1');
  const feasible = (rev: string, changes: Parameters<typeof podTerm>[0]) =>
    scheduler.schedule(kubePod(1, { labels: { rev }, podAntiAffinity: requires(podTerm(changes)) })).feasible;
  assert.equal(feasible('1', { matchLabelKeys: ['rev'] }), 2);
  assert.equal(feasible('2', { matchLabelKeys: ['rev'] }), 4);
  assert.equal(feasible('1', { mismatchLabelKeys: ['rev'] }), 4);
  assert.equal(feasible('2', { mismatchLabelKeys: ['rev'] }), 2);
  assert.equal(feasible('1', { selector: undefined, matchLabelKeys: ['rev'] }), 4);
});

test('preferred terms count in both directions, on the scale between the least and the greatest', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, { labels: { app: 'db' }, podAffinity: prefers(30) }), 'a1');
  scheduler.add(kubePod(1, { labels: { app: 'db' }, podAntiAffinity: prefers(20) }), 'b1');
  assert.deepEqual(pointsOf(scheduler, kubePod(2, web), NAME), { a1: 100, a2: 100, b1: 0, none: 40 });
  const shy = kubePod(2, {
    ...web,
    podAntiAffinity: prefers(25, { selector: isApp('db'), topologyKey: HOSTNAME_LABEL }),
  });
  // a1: 30 - 25; a2: 30; b1: -20 - 25; none: 0.
  assert.deepEqual(pointsOf(scheduler, shy, NAME), { a1: 66, a2: 100, b1: 0, none: 60 });
  assert.deepEqual(pointsOf(scheduler, kubePod(2), NAME), { a1: 0, a2: 0, b1: 0, none: 0 });
});

test('required affinity of a placed pod attracts by 1', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, { podAffinity: requires(podTerm()) }), 'b1');
  assert.deepEqual(pointsOf(scheduler, kubePod(1, web), NAME), { a1: 0, a2: 0, b1: 100, none: 0 });
});
