import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import type { Pod, PodScheduling } from '../../../../src/cluster/pod.ts';
import { type HeadroomInput, headroom } from '../../../../src/evaluation/headroom/headroom.ts';
import type { SnapshotPod } from '../../../../src/evaluation/headroom/snapshot.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { TableCurve } from '../../../../src/power-model/table-curve.ts';
import { anywhere } from '../../../support/replayed-history.ts';

const machine = { labels: {}, cpuMilli: 4000, memoryBytes: 1e6, pods: 110 };
const linear = new LinearCurve(100, 200, 'synthetic');
const equal = (count: number, more: Partial<Node> = {}): Node[] =>
  Array.from({ length: count }, (_, i) => ({ ...machine, name: `n${i}`, power: linear, ...more }));

function podOf(name: string, node: string | undefined, cores: number, more: Partial<Pod> = {}): SnapshotPod {
  return {
    pod: {
      id: 0,
      name,
      namespace: 'shop',
      cpuMilli: cores * 1000,
      memoryBytes: 10,
      predictedCpuMilli: cores * 1000,
      predictedSeconds: Number.POSITIVE_INFINITY,
      slackSeconds: 0,
      shape: -1,
      scheduling: anywhere as unknown as PodScheduling,
      ...more,
    },
    node,
    tie: 'free',
  };
}

function of(nodes: readonly Node[], pods: readonly SnapshotPod[], more: Partial<HeadroomInput> = {}) {
  return headroom({
    nodes,
    pods,
    hosts: new Map(),
    useShare: 1,
    sleep: false,
    policies: ['kube-scheduler', 'marginal-power'],
    seed: 1,
    moves: 2000,
    ...more,
  });
}

const near = (actual: number, expected: number, within = 1e-6) =>
  assert.ok(Math.abs(actual - expected) < within, `${actual}, not ${expected}`);

test('equal nodes with a straight curve that never sleep: nothing can be saved, and the bound says so too', () => {
  const report = of(equal(3), [podOf('a', 'n0', 2), podOf('b', 'n0', 1), podOf('c', 'n1', 1)]);
  near(report.now.watts, 400);
  near(report.best.watts, 400);
  near(report.bound as number, 400, 1e-4);
  for (const watts of Object.values(report.reasons)) near(watts, 0);
  near(report.savedShare.low, 0);
  near(report.savedShare.high, 0);
  assert.equal(report.awake.noSearch, undefined);
});

test('nodes that differ: pods belong on the one with the flat curve, and that is all there is', () => {
  const flat = new LinearCurve(50, 70, 'synthetic');
  const nodes = [...equal(1), { ...machine, name: 'flat', power: flat }];
  const report = of(nodes, [podOf('a', 'n0', 2), podOf('b', 'n0', 1)]);
  near(report.now.watts, 100 + 75 + 50);
  near(report.best.watts, 100 + 50 + 15);
  near(report.bound as number, 165, 1e-4);
  near(report.reasons.heterogeneity, 60);
  near(report.reasons.consolidation, 0);
});

test('a curve that bends down: filling one node up saves, though nodes are equal', () => {
  // Half of the load takes four fifths of the watts.
  const bent = new TableCurve([100, 180, 200], 'synthetic');
  const nodes = equal(2, { power: bent });
  const report = of(nodes, [podOf('a', 'n0', 2), podOf('b', 'n1', 2)]);
  near(report.now.watts, 360);
  near(report.best.watts, 300);
  near(report.reasons.consolidation, 60);
  near(report.reasons.heterogeneity, 0);
});

test('sleep: the node that is left empty takes what it takes asleep', () => {
  const sleep = { sleepWatts: 10, emptySeconds: 0, wakeSeconds: 30, wakeWatts: 100 };
  const pods = [podOf('a', 'n0', 1), podOf('b', 'n1', 1), podOf('c', 'n2', 2)];
  const report = of(equal(3, { sleep }), pods, {
    sleep: true,
    policies: ['kube-scheduler', 'best-fit+awake-first'],
  });
  near(report.now.watts, 400);
  near(report.best.watts, 200 + 20);
  near(report.reasons.sleep, 180);
  assert.equal(report.sleepers, 3);
  assert.ok((report.bound as number) <= 220 + 1e-6);
  assert.equal(of(equal(3, { sleep }), pods).asleep, undefined);
});

test('guests of one machine: nothing, whatever their curves, and a guest that stops saves nothing', () => {
  const sleep = { sleepWatts: 0, emptySeconds: 0, wakeSeconds: 1, wakeWatts: 1 };
  const bent = new TableCurve([10, 80, 90], 'estimated');
  const nodes = equal(3, { power: bent, sleep });
  const hosts = new Map(nodes.map(({ name }) => [name, 'laptop']));
  const report = of(nodes, [podOf('a', 'n0', 2), podOf('b', 'n1', 1)], { hosts, sleep: true });
  // Three of twelve cores: a quarter, for each of the three.
  near(report.now.watts, 3 * 45);
  near(report.best.watts, 3 * 45);
  near(report.bound as number, 3 * 45);
  assert.equal(report.machines, 1);
  assert.equal(report.sleepers, 0);
  for (const watts of Object.values(report.reasons)) near(watts, 0);
  near(report.savedShare.high, 0);
});

test('what is fixed stays: its use counts on its node, and its room is taken', () => {
  const flat = new LinearCurve(50, 70, 'synthetic');
  const nodes = [...equal(1), { ...machine, name: 'flat', power: flat }];
  const agent: SnapshotPod = { ...podOf('agent', 'flat', 3), tie: 'node' };
  const report = of(nodes, [podOf('a', 'n0', 2), podOf('b', 'n0', 1), agent]);
  near(report.now.watts, 175 + 65);
  // One core is left there.
  near(report.best.watts, 150 + 70);
  assert.deepEqual(report.counts, { free: 2, fixed: 1, waiting: 0, withoutRequest: 0 });
});

test('a node sleeps with the pods of DaemonSets on it, and not with others that stay', () => {
  const sleep = { sleepWatts: 10, emptySeconds: 0, wakeSeconds: 30, wakeWatts: 100 };
  const nodes = equal(2, { sleep });
  const pods = (tie: SnapshotPod['tie']) => [podOf('a', 'n0', 1), { ...podOf('x', 'n1', 1), tie }];
  const more = { sleep: true, policies: ['best-fit+awake-first'] };
  near(of(nodes, pods('node'), more).best.watts, 125 + 10);
  // Then it is the other one that is emptied.
  near(of(nodes, pods('fixed'), more).best.watts, 10 + 150);
});

test('pods that may not run everywhere are not searched, and placed only where they may', () => {
  const flat = new LinearCurve(50, 70, 'synthetic');
  const nodes = [
    { ...equal(1)[0]!, labels: { disk: 'ssd' } },
    { ...machine, name: 'flat', power: flat },
  ];
  const scheduling = { ...anywhere, nodeSelector: { disk: 'ssd' } } as unknown as PodScheduling;
  const report = of(nodes, [podOf('a', 'n0', 1, { scheduling }), podOf('b', 'n0', 1)]);
  near(report.best.watts, 125 + 55);
  assert.match(report.awake.noSearch!, /may not run on every node/);
  // The bound does not know of it, and is below.
  near(report.bound as number, 100 + 50 + 10, 1e-4);
});

test('nodes that no pod may use are no room for the search either', () => {
  const cheap = new LinearCurve(0, 1, 'synthetic');
  const taints = [{ key: 'control-plane', value: '', effect: 'NoSchedule' }] as const;
  const nodes = [...equal(2), { ...machine, name: 'master', power: cheap, taints }];
  const report = of(nodes, [podOf('a', 'n0', 2)]);
  near(report.best.watts, 250);
  assert.equal(report.awake.noSearch, undefined);
});

test('where nothing is placed yet the default scheduler is what it is compared with', () => {
  const flat = new LinearCurve(50, 70, 'synthetic');
  const nodes = [...equal(1), { ...machine, name: 'flat', power: flat }];
  const report = of(nodes, [podOf('a', undefined, 2), podOf('b', undefined, 2)]);
  assert.equal(report.now.isPlaced, false);
  near(report.now.watts, 100 + 50 + 50 + 10);
  near(report.best.watts, 100 + 50 + 20);
});

test('pods that wait beside others that run are counted and left out', () => {
  const report = of(equal(1), [podOf('a', 'n0', 1), podOf('w', undefined, 1)]);
  near(report.now.watts, 125);
  assert.equal(report.counts.waiting, 1);
});

test('the share of the request that is used scales what pods take, not the room that they take', () => {
  const report = of(equal(1), [podOf('a', 'n0', 4)], { useShare: 0.5 });
  near(report.now.watts, 150);
});

test('a placement that is the best already leaves nothing, even where all rules find worse ones', () => {
  const flat = new LinearCurve(50, 70, 'synthetic');
  const nodes = [...equal(1), { ...machine, name: 'flat', power: flat }];
  const pods = [podOf('a', 'flat', 2), podOf('b', 'flat', 2)];
  const report = of(nodes, pods, { policies: ['kube-scheduler'], moves: 0 });
  assert.equal(report.best.by, 'as it is');
  near(report.best.watts, 170);
  assert.equal(report.awake.noSearch, 'not asked for');
});

test('the doubt about estimated curves is wider than that about measured ones, and holds the saving', () => {
  const nodes = (provenance: 'estimated' | 'measured') => [
    { ...machine, name: 'n0', power: new LinearCurve(100, 200, provenance) },
    { ...machine, name: 'flat', power: new LinearCurve(50, 70, provenance) },
  ];
  const pods = [podOf('a', 'n0', 2), podOf('b', 'n0', 1)];
  const saved = 60 / 225;
  const [estimated, measured] = (['estimated', 'measured'] as const).map(
    (provenance) => of(nodes(provenance), pods).savedShare,
  );
  for (const { low, high } of [estimated!, measured!]) assert.ok(low < saved && saved < high);
  assert.ok(estimated!.high - estimated!.low > 2 * (measured!.high - measured!.low));
});

test('the bound is never above what is found, on mixed nodes with bent curves', () => {
  const curves = [
    new TableCurve([60, 110, 130, 200], 'published'),
    new TableCurve([100, 120, 150, 170], 'published'),
    new TableCurve([30, 70, 90, 95], 'published'),
  ];
  for (let seed = 0; seed < 5; seed++) {
    const nodes = curves.map((power, i): Node => ({ ...machine, name: `n${i}`, power }));
    const pods = Array.from({ length: 8 }, (_, i) => podOf(`p${i}`, `n${(i * 7 + seed) % 3}`, 1));
    const report = of(nodes, pods, { seed });
    assert.ok((report.bound as number) <= report.best.watts + 1e-6);
    assert.ok(report.best.watts <= report.now.watts + 1e-6);
    const { heterogeneity, consolidation, sleep } = report.reasons;
    near(heterogeneity + consolidation + sleep, report.now.watts - report.best.watts);
  }
});

test('no node, no pod to place and a node without power are refused', () => {
  assert.throws(() => of([], []), { code: 'KISIM_E_HEADROOM_NOTHING' });
  assert.throws(() => of(equal(1), [{ ...podOf('a', 'n0', 1), tie: 'node' }]), {
    code: 'KISIM_E_HEADROOM_NOTHING',
  });
  const { power: _, ...dark } = equal(1)[0]!;
  assert.throws(() => of([dark], [podOf('a', 'n0', 1)]), { code: 'KISIM_E_HEADROOM_POWER', message: /n0/ });
});
