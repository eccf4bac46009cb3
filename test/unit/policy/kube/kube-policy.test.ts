import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../../../src/cluster/feasible.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { kubePolicy } from '../../../../src/policy/kube/kube-policy.ts';
import { KubeScheduler } from '../../../../src/policy/kube/kube-scheduler.ts';
import { type Candidates, type PolicyRun, WAIT } from '../../../../src/policy/policy.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { kubeNode, kubePod } from '../../../support/kube-objects.ts';

const MEBI = 2 ** 20;
const nodes = Array.from({ length: 12 }, (_, i) =>
  kubeNode(`n${i}`, ['a', 'b', 'c'][i % 3]!, {
    cpuMilli: 4000 + 1000 * (i % 4),
    memoryBytes: (6 + (i % 5)) * 2 ** 30,
  }),
);

function plainPod(id: number, random: RandomStream): Pod {
  const { scheduling: _, ...pod } = kubePod(id);
  return {
    ...pod,
    cpuMilli: random.uniform(0, 900),
    memoryBytes: Math.floor(random.uniform(0, 900)) * MEBI,
  };
}

function candidatesOf(cluster: ClusterState, pod: Pod): Candidates {
  const out = new Int32Array(cluster.size);
  return { nodes: out, count: feasibleNodes(cluster, pod, out) };
}

function place(cluster: ClusterState, run: PolicyRun, pod: Pod): number {
  const node = run.choose(pod, candidatesOf(cluster, pod));
  cluster.place(pod, node);
  run.placed?.(pod, node);
  return node;
}

test('chooses what the scheduler chooses on the same nodes', () => {
  const random = new RandomStream(3);
  const cluster = new ClusterState(nodes);
  const run = kubePolicy().start({ cluster, random });
  const scheduler = new KubeScheduler(nodes);
  const alive: Pod[] = [];
  for (let id = 0; id < 300; id++) {
    const pod = plainPod(id, random);
    while (alive.length > 60 || candidatesOf(cluster, pod).count === 0) {
      const [gone] = alive.splice(random.integer(alive.length), 1);
      const node = cluster.remove(gone!);
      run.removed?.(gone!, node);
      scheduler.remove(gone!.id);
    }
    const expected = scheduler.schedule(pod).node;
    const node = place(cluster, run, pod);
    assert.equal(nodes[node]!.name, expected);
    scheduler.add(pod, expected!);
    alive.push(pod);
  }
});

test('keeps to the candidates that it is offered', () => {
  const random = new RandomStream(4);
  const cluster = new ClusterState(nodes);
  const run = kubePolicy().start({ cluster, random });
  for (let id = 0; id < 100; id++) {
    const few = Int32Array.from([id % 12, (id + 5) % 12].sort((a, b) => a - b));
    const pod = plainPod(id, random);
    assert.ok(few.includes(run.choose(pod, { nodes: few, count: 2 })));
  }
});

test('goes on in a copy with the same bits, as one that was never saved', () => {
  const random = new RandomStream(5);
  const cluster = new ClusterState(nodes);
  const run = kubePolicy().start({ cluster, random });
  const pods = Array.from({ length: 120 }, (_, id) => (id % 3 === 0 ? kubePod(id) : plainPod(id, random)));
  for (const pod of pods.slice(0, 60)) place(cluster, run, pod);
  for (const pod of pods.slice(0, 20)) run.removed?.(pod, cluster.remove(pod));
  const copy = cluster.clone();
  const again = kubePolicy().start({ cluster: copy, random });
  again.restore?.(JSON.parse(JSON.stringify(run.save?.())));
  assert.deepEqual(again.save?.(), JSON.parse(JSON.stringify(run.save?.())));
  for (const pod of pods.slice(60)) assert.equal(place(copy, again, pod), place(cluster, run, pod));
  for (const pod of pods.slice(20)) {
    run.removed?.(pod, cluster.remove(pod));
    again.removed?.(pod, copy.remove(pod));
  }
  assert.deepEqual(again.save?.(), JSON.parse(JSON.stringify(run.save?.())));
});

test('counts what runs already where it starts, though it was told of none of it', () => {
  const cluster = new ClusterState(nodes.slice(0, 2));
  const random = new RandomStream(6);
  const big = { ...plainPod(0, random), cpuMilli: 3000, memoryBytes: 3000 * MEBI };
  cluster.place(big, 0);
  const run = kubePolicy().start({ cluster, random });
  const small = { ...plainPod(1, random), cpuMilli: 100, memoryBytes: 100 * MEBI };
  assert.equal(run.choose(small, candidatesOf(cluster, small)), 1);
  run.removed?.(big, cluster.remove(big));
  const empty = kubePolicy().start({ cluster, random });
  assert.deepEqual(run.explain(small, 0), empty.explain(small, 0));
});

test('explains every plugin that had points to give; they sum to the score', () => {
  const cluster = new ClusterState(nodes);
  const run = kubePolicy().start({ cluster, random: new RandomStream(7) });
  const pod = kubePod(0, { ownerSelector: [{ key: 'app', operator: 'Exists', values: [] }] });
  const candidates = candidatesOf(cluster, pod);
  const scores = new Float64Array(candidates.count);
  run.scores?.(pod, candidates, scores);
  for (let i = 0; i < candidates.count; i++) {
    const terms = run.explain(pod, candidates.nodes[i]!);
    assert.deepEqual(terms.map(({ term }) => term).sort(), [
      'NodeResourcesBalancedAllocation',
      'NodeResourcesFit',
      'PodTopologySpread',
      'TaintToleration',
    ]);
    assert.equal(
      terms.reduce((sum, { amount }) => sum + amount, 0),
      scores[i],
    );
  }
});

test('a pod that its own constraints keep off every candidate waits, or is refused aloud', () => {
  const cluster = new ClusterState(nodes);
  const run = kubePolicy().start({ cluster, random: new RandomStream(8) });
  const pod = kubePod(0, { nodeSelector: { disk: 'ssd' } });
  assert.equal(run.choose(pod, { ...candidatesOf(cluster, pod), slackLeft: 10 }), WAIT);
  assert.throws(() => run.choose(pod, candidatesOf(cluster, pod)), /KISIM_E_POLICY_REFUSED|finds none/);
});

test('random ties take every one of the best nodes', () => {
  const alike = Array.from({ length: 4 }, (_, i) => kubeNode(`n${i}`, 'a'));
  const cluster = new ClusterState(alike);
  const pod = kubePod(0);
  const chosen = (policy: ReturnType<typeof kubePolicy>) => {
    const run = policy.start({ cluster, random: new RandomStream(9) });
    return new Set(Array.from({ length: 100 }, () => run.choose(pod, candidatesOf(cluster, pod))));
  };
  assert.deepEqual(chosen(kubePolicy()), new Set([0]));
  assert.equal(chosen(kubePolicy('random')).size, 4);
});
