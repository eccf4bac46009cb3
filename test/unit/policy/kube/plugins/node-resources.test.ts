import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Demand } from '../../../../../src/policy/kube/demand.ts';
import { KubeScheduler } from '../../../../../src/policy/kube/kube-scheduler.ts';
import { BalancedAllocation } from '../../../../../src/policy/kube/plugins/balanced-allocation.ts';
import { ResourceBook } from '../../../../../src/policy/kube/resource-book.ts';
import { kubeContainer, kubeNode, kubePod, pointsOf, refusals } from '../../../../support/kube-objects.ts';
import { sharedData } from '../../../../support/shared-data.ts';

const GPU = 'example.com/gpu';

function asking(
  id: number,
  cpuMilli: number,
  memoryBytes: number,
  extended: Readonly<Record<string, number>> = {},
) {
  return kubePod(id, { containers: [kubeContainer({ requests: { cpuMilli, memoryBytes, extended } })] });
}

test('refuses nodes without room, and says for what', () => {
  const scheduler = new KubeScheduler([
    kubeNode('full', 'a', { pods: 1 }),
    kubeNode('slow', 'a', { cpuMilli: 1000 }),
    kubeNode('forgetful', 'a', { memoryBytes: 1000 }),
    kubeNode('plain', 'a'),
    kubeNode('gpus', 'a', { extended: { [GPU]: 2 } }),
  ]);
  scheduler.add(asking(0, 0, 0), 'full');
  scheduler.add(asking(1, 0, 0, { [GPU]: 1 }), 'gpus');
  const reasons = (pod: Parameters<KubeScheduler['schedule']>[0]) => {
    const decision = scheduler.schedule(pod, { verbose: true });
    return Object.fromEntries([...decision.reasons!].map(([node, refusal]) => [node, refusal.reasons]));
  };
  assert.deepEqual(reasons(asking(2, 2000, 2000, { [GPU]: 1 })), {
    full: ['Too many pods', `Insufficient ${GPU}`],
    slow: ['Insufficient cpu', `Insufficient ${GPU}`],
    forgetful: ['Insufficient memory', `Insufficient ${GPU}`],
    plain: [`Insufficient ${GPU}`],
  });
  // Who asks for nothing needs nothing but a place, even on a node that is overbooked.
  scheduler.add(asking(3, 20_000, 0), 'plain');
  assert.deepEqual(refusals(scheduler, asking(4, 0, 0)), { full: 'NodeResourcesFit' });
  assert.deepEqual(refusals(scheduler, asking(4, 1, 0)), {
    full: 'NodeResourcesFit',
    plain: 'NodeResourcesFit',
  });
});

test('least allocated: the mean free share in integers, defaults for those who name nothing', () => {
  const scheduler = new KubeScheduler([
    kubeNode('empty', 'a', { cpuMilli: 3000, memoryBytes: 3000 * 2 ** 20 }),
    kubeNode('used', 'a', { cpuMilli: 3000, memoryBytes: 3000 * 2 ** 20 }),
  ]);
  const nameless = kubePod(0, {
    containers: [kubeContainer({ requests: { cpuMilli: undefined, memoryBytes: undefined } })],
  });
  scheduler.add(nameless, 'used');
  // CPU (3000 - 100) / 3000 = 96, memory 93 and 86: 94 and (93 + 86) / 2 = 89.
  assert.deepEqual(pointsOf(scheduler, { ...nameless, id: 1 }, 'NodeResourcesFit'), { empty: 94, used: 89 });
});

test('a node without CPU or without memory is scored by the other one', () => {
  const scheduler = new KubeScheduler([
    kubeNode('no-memory', 'a', { memoryBytes: 0 }),
    kubeNode('nothing', 'a', { memoryBytes: 0, cpuMilli: 0 }),
  ]);
  const pod = asking(0, 0, 0);
  assert.deepEqual(pointsOf(scheduler, pod, 'NodeResourcesFit'), { 'no-memory': 100, nothing: 0 });
});

test('balance: 75 where nothing changes, less where the pod tips the node', () => {
  const scheduler = new KubeScheduler([kubeNode('even', 'a'), kubeNode('tipped', 'a')]);
  scheduler.add(asking(0, 5000, 0), 'tipped');
  const plugin = 'NodeResourcesBalancedAllocation';
  assert.deepEqual(pointsOf(scheduler, asking(1, 1000, 1000 * 2 ** 20), plugin), { even: 75, tipped: 75 });
  // Even: 100 -> 85; tipped: 75 -> 90.
  assert.deepEqual(pointsOf(scheduler, asking(1, 0, 3000 * 2 ** 20), plugin), { even: 67, tipped: 82 });
  assert.deepEqual(pointsOf(scheduler, asking(1, 0, 0), plugin), { even: 0, tipped: 0 });
});

interface Vector {
  readonly name: string;
  readonly pod: { readonly cpu: number; readonly mem: number; readonly gpu?: number };
  readonly nodes?: readonly {
    readonly cpu: number;
    readonly mem: number;
    readonly existing: { readonly cpu: number; readonly mem: number };
    readonly score: number;
  }[];
}

test("balance: the scores of Kubernetes 1.36's own test", { skip: sharedData.skip }, () => {
  const text = readFileSync(sharedData.path('k8s', 'balanced_allocation_v1.36.json'), 'utf8');
  const { cases } = JSON.parse(text) as { readonly cases: readonly Vector[] };
  let compared = 0;
  for (const { name, pod, nodes = [] } of cases) {
    // Scoring GPUs too is a setting other than the default.
    if (pod.gpu !== undefined) continue;
    const book = new ResourceBook();
    book.reset(nodes.map((node, i) => kubeNode(`${i}`, 'a', { cpuMilli: node.cpu, memoryBytes: node.mem })));
    const existing = new Demand();
    nodes.forEach((node, slot) => {
      existing.cpu = node.existing.cpu;
      existing.memory = node.existing.mem;
      book.book(slot, existing, 1);
    });
    const plugin = new BalancedAllocation(book);
    const demand = new Demand();
    demand.cpu = pod.cpu;
    demand.memory = pod.mem;
    plugin.prepare(demand);
    assert.equal(plugin.scores, nodes.length > 0, name);
    const out = new Float64Array(nodes.length);
    plugin.score(
      Int32Array.from(nodes, (_, i) => i),
      nodes.length,
      out,
    );
    assert.deepEqual(
      [...out],
      nodes.map(({ score }) => score),
      name,
    );
    compared += nodes.length;
  }
  assert.equal(compared, 12);
});
