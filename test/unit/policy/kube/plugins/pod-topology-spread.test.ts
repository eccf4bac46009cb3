import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTNAME_LABEL, ZONE_LABEL } from '../../../../../src/cluster/labels.ts';
import type { PodScheduling } from '../../../../../src/cluster/pod.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import {
  isApp,
  kubeNode,
  kubePod,
  pointsOf,
  refusals,
  spreadOver,
} from '../../../../support/kube-objects.ts';

const web = { labels: { app: 'web' } };
const tainted = { taints: [{ key: 'x', value: '', effect: 'NoSchedule' as const }] };

function spread(...topologySpread: PodScheduling['topologySpread']): Partial<PodScheduling> {
  return { ...web, topologySpread };
}

/** Two nodes in zone a, one in zone b, one without a zone. */
function cluster(): KubeScheduler {
  return new KubeScheduler([
    kubeNode('a1', 'a'),
    kubeNode('a2', 'a'),
    kubeNode('b1', 'b'),
    kubeNode('none', ''),
  ]);
}

test('hard: no domain gets more than maxSkew above the least; nodes without the label are refused', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, web), 'a1');
  scheduler.add(kubePod(1, web, 'elsewhere'), 'b1');
  const refused = { a1: 'PodTopologySpread', a2: 'PodTopologySpread', none: 'PodTopologySpread' };
  assert.deepEqual(refusals(scheduler, kubePod(2, spread(spreadOver({})))), refused);
  assert.deepEqual(refusals(scheduler, kubePod(2, spread(spreadOver({ maxSkew: 2 })))), {
    none: 'PodTopologySpread',
  });
  scheduler.remove(0);
  assert.deepEqual(refusals(scheduler, kubePod(2, spread(spreadOver({})))), { none: 'PodTopologySpread' });
});

test('hard: a pod that its own selector leaves out does not count itself', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, web), 'a1');
  const other = { ...spread(spreadOver({})), labels: { app: 'api' } };
  assert.deepEqual(refusals(scheduler, kubePod(1, other)), { none: 'PodTopologySpread' });
});

test('hard: with fewer domains than minDomains the least counts as 0', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, web), 'a1');
  scheduler.add(kubePod(1, web), 'b1');
  assert.equal(scheduler.schedule(kubePod(2, spread(spreadOver({ minDomains: 2 })))).feasible, 3);
  assert.equal(scheduler.schedule(kubePod(2, spread(spreadOver({ minDomains: 3 })))).feasible, 0);
});

test('hard: the policies say whether nodes that the pod cannot use are counted', () => {
  const nodes = [kubeNode('a1', 'a'), kubeNode('b1', 'b', { ...tainted, labels: { disk: 'hdd' } })];
  const feasible = (changes: Parameters<typeof spreadOver>[0], rest: Partial<PodScheduling> = {}) => {
    const scheduler = new KubeScheduler(nodes);
    scheduler.add(kubePod(0, web), 'a1');
    return scheduler.schedule(kubePod(1, { ...spread(spreadOver(changes)), ...rest })).feasible;
  };
  // Zone b has none, and cannot have any: counted or not decides whether zone a may get another.
  assert.equal(feasible({}), 0);
  assert.equal(feasible({ nodeTaintsPolicy: 'Honor' }), 1);
  const required = [
    { matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' as const, values: [] }], matchFields: [] },
  ];
  const nodeAffinity = { required, preferred: [] };
  assert.equal(feasible({}, { nodeAffinity }), 1);
  assert.equal(feasible({ nodeAffinityPolicy: 'Ignore' }, { nodeAffinity }), 0);
});

test('hard: matchLabelKeys count only pods of the same revision; an empty selector counts none', () => {
  const scheduler = cluster();
  scheduler.add(kubePod(0, { labels: { app: 'web', rev: '1' } }), 'a1');
  const pod = (changes: Parameters<typeof spreadOver>[0]) =>
    kubePod(1, { ...spread(spreadOver(changes)), labels: { app: 'web', rev: '2' } });
  assert.equal(scheduler.schedule(pod({})).feasible, 1);
  assert.equal(scheduler.schedule(pod({ matchLabelKeys: ['rev', 'unknown'] })).feasible, 3);
  assert.equal(scheduler.schedule(pod({ selector: [] })).feasible, 3);
  assert.equal(scheduler.schedule(pod({ selector: undefined, matchLabelKeys: ['rev'] })).feasible, 3);
});

test('soft: fewer pods of the kind in a domain are better, by the weight of its topology', () => {
  const scheduler = cluster();
  for (const [id, node] of ['a1', 'a1', 'b1'].entries()) scheduler.add(kubePod(id, web), node);
  const soft = { whenUnsatisfiable: 'ScheduleAnyway' as const };
  // Zones have 2, 2 and 1 pods, times ln 4, rounded: 3, 3, 1; the node without a zone is left out.
  assert.deepEqual(pointsOf(scheduler, kubePod(9, spread(spreadOver(soft))), 'PodTopologySpread'), {
    a1: 33,
    a2: 33,
    b1: 100,
    none: 0,
  });
  // Hosts have 2, 0, 1 and 0 of them, times ln 6, rounded: 4, 0, 2, 0.
  const byHost = spread(spreadOver({ ...soft, topologyKey: HOSTNAME_LABEL }));
  assert.deepEqual(pointsOf(scheduler, kubePod(9, byHost), 'PodTopologySpread'), {
    a1: 0,
    a2: 100,
    b1: 50,
    none: 100,
  });
  const nobody = spread(spreadOver({ ...soft, selector: isApp('nobody') }));
  assert.equal(pointsOf(scheduler, kubePod(9, nobody), 'PodTopologySpread')['a1'], 100);
});

test('soft: pods of an owner are spread over hosts and zones by default, also on nodes without a zone', () => {
  const scheduler = cluster();
  for (const [id, node] of ['a1', 'a1', 'b1', 'none'].entries()) scheduler.add(kubePod(id, web), node);
  const owned = kubePod(9, { ...web, ownerSelector: isApp('web') });
  // a1: 2 ln 6 + 2 + 2 ln 5 + 4 = 12.8; a2: 2 + 2 ln 5 + 4 = 9.2; b1: ln 6 + 2 + ln 5 + 4 = 9.4; none: ln 6 + 2 = 3.8.
  const expected = { a1: 30, a2: 61, b1: 61, none: 100 };
  assert.deepEqual(pointsOf(scheduler, owned, 'PodTopologySpread'), expected);
  for (const ownerSelector of [undefined, []])
    assert.equal(pointsOf(scheduler, kubePod(9, { ...web, ownerSelector }), 'PodTopologySpread')['none'], 0);
  const explicit = { ...spread(spreadOver({ maxSkew: 9 })), ownerSelector: isApp('web') };
  assert.equal(pointsOf(scheduler, kubePod(9, explicit), 'PodTopologySpread')['a2'], 0);
});

test('soft: a node whose label is empty shares the domain of the nodes without it, by default spreading alone', () => {
  const scheduler = new KubeScheduler([
    kubeNode('a1', 'a'),
    kubeNode('b1', '', { labels: { [ZONE_LABEL]: '' } }),
    kubeNode('c1', ''),
  ]);
  for (const [id, node] of ['b1', 'c1', 'c1'].entries()) scheduler.add(kubePod(id, web), node);
  const owned = kubePod(9, { ...web, ownerSelector: isApp('web') });
  // a1: 2 + 4 = 6; b1: ln 5 + 2 + 3 ln 4 + 4 = 11.8; c1: 2 ln 5 + 2 = 5.2.
  assert.deepEqual(pointsOf(scheduler, owned, 'PodTopologySpread'), { a1: 91, b1: 41, c1: 100 });
});
