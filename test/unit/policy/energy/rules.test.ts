import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClusterState, NODE_ASLEEP } from '../../../../src/cluster/cluster-state.ts';
import type { Pod } from '../../../../src/cluster/pod.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { HORIZON_SECONDS } from '../../../../src/policy/energy/decision.ts';
import { IDLE_CLIP } from '../../../../src/policy/energy/energy-terms.ts';
import { peaksModel } from '../../../../src/policy/energy/peaks-term.ts';
import { energyRules, requestRulePoints } from '../../../../src/policy/energy/rules.ts';
import { RunOut } from '../../../../src/policy/energy/run-out.ts';
import { weightedPolicy } from '../../../../src/policy/energy/weighted-policy.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { candidatesOf, startOn } from '../../../support/chosen.ts';
import { randomCluster, randomPod } from '../../../support/random-cluster.ts';

/** What a rule says in plain words, as a cost of a node; the dedicated rule that a point must agree with. */
type PlainCost = (cluster: ClusterState, pod: Pod, node: number) => number;

function wattsAt(cluster: ClusterState, node: number, milli: number): number {
  return cluster.nodes[node]!.power!.watts(milli / cluster.cpuCapacity[node]!);
}

function wattsNow(cluster: ClusterState, node: number, milli: number): number {
  const { sleep } = cluster.nodes[node]!;
  return cluster.power[node] === NODE_ASLEEP ? sleep!.sleepWatts : wattsAt(cluster, node, milli);
}

/** Least joules per core-second of a node over its curve. */
function leastCost(cluster: ClusterState, node: number): number {
  const tenths = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
  const { power, cpuMilli } = cluster.nodes[node]!;
  return Math.min(...tenths.map((u) => (1000 * power!.watts(u)) / (u * cpuMilli)));
}

const seconds = (pod: Pod) => Math.min(HORIZON_SECONDS, Math.max(1, pod.predictedSeconds));

function runOutCost(cluster: ClusterState, pod: Pod, node: number): number {
  const runOut = new RunOut(cluster, new ClusterPower(cluster.nodes));
  const best = Math.min(...cluster.nodes.map((_, i) => leastCost(cluster, i)));
  const own = (best * Math.max(10, pod.predictedCpuMilli) * seconds(pod)) / 1000;
  const idle = Math.min(IDLE_CLIP * own, runOut.idleJoules(node, seconds(pod)));
  return runOut.activeJoules(node, pod.predictedCpuMilli, seconds(pod)) + idle;
}

function bidCost(price: number): PlainCost {
  return (cluster, pod, node) => {
    const sleeps = cluster.nodes[node]!.sleep !== undefined;
    const full = cluster.nodes.map(
      ({ power, cpuMilli }) => (1000 * (power!.fullWatts - (sleeps ? 0 : power!.idleWatts))) / cpuMilli,
    );
    const saved = Math.max(...full) - full[node]!;
    const { cpuMilli, memoryBytes } = cluster.nodes[node]!;
    const cores = pod.cpuMilli / 1000 + (pod.memoryBytes / memoryBytes) * (cpuMilli / 1000);
    return runOutCost(cluster, pod, node) + 0.3 * price * saved * cores * seconds(pod);
  };
}

function packed(cluster: ClusterState, pod: Pod, node: number): number {
  const cpu = (cluster.freeCpu[node]! - pod.cpuMilli) / cluster.cpuCapacity[node]!;
  const memory = (cluster.freeMemory[node]! - pod.memoryBytes) / cluster.memoryCapacity[node]!;
  return (cpu + memory) / 2;
}

/** By type first; nodes on before nodes on their way before nodes asleep; then by what is given. */
function byType(inside: PlainCost): PlainCost {
  return (cluster, pod, node) => {
    const costs = [...new Set(cluster.nodes.map((_, i) => leastCost(cluster, i)))].sort((a, b) => a - b);
    const state = [0, 2, 1][cluster.power[node]!]!;
    return costs.indexOf(leastCost(cluster, node)) * 1000 + state * 10 + inside(cluster, pod, node);
  };
}

const plain: Readonly<Record<string, PlainCost>> = {
  'marginal-run-out': runOutCost,
  'bid-price': bidCost(0.5),
  'bid-price:0.1': bidCost(0.1),
  'bid-price:1': bidCost(1),
  'marginal-power': (cluster, pod, node) => {
    const use = cluster.predictedUse[node]!;
    return wattsAt(cluster, node, use + pod.predictedCpuMilli) - wattsNow(cluster, node, use);
  },
  'marginal-power:requested': (cluster, pod, node) => {
    const asked = cluster.cpuCapacity[node]! - cluster.freeCpu[node]!;
    return wattsAt(cluster, node, asked + pod.cpuMilli) - wattsNow(cluster, node, asked);
  },
  'efficiency-first': byType(packed),
  'efficiency-first:first-fit': byType((cluster, _pod, node) => node / cluster.size),
  peaks: (cluster, pod, node) => {
    const { k1, k2 } = peaksModel(cluster.nodes[node]!.power!);
    const before = cluster.measuredUse[node]! / cluster.cpuCapacity[node]!;
    const after = before + pod.cpuMilli / cluster.cpuCapacity[node]!;
    return k2 === 0 ? k1 * (after - before) : k1 * (Math.exp(k2 * after) - Math.exp(k2 * before));
  },
  'kube-efficiency': (cluster, pod, node) => {
    const kube = startOn(policyByName('kube-score'), cluster).explain(pod, node);
    const costs = [...new Set(cluster.nodes.map((_, i) => leastCost(cluster, i)))].sort((a, b) => a - b);
    const rank = costs.length === 1 ? 0 : costs.indexOf(leastCost(cluster, node)) / (costs.length - 1);
    return 100 * rank - kube.reduce((sum, { amount }) => sum + amount, 0);
  },
};

for (const { rule } of energyRules)
  test(`${rule.name} takes what its words say, on random clusters`, () => {
    const cost = plain[rule.name]!;
    let decisions = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { cluster, random } = randomCluster(seed);
      const run = startOn(weightedPolicy(rule, 'first'), cluster);
      for (let id = 500_000; id < 500_010; id++) {
        const pod = randomPod(random, id);
        const candidates = candidatesOf(cluster, pod);
        if (candidates.count < 2) continue;
        decisions++;
        const costs = Array.from(candidates.nodes.subarray(0, candidates.count), (node) =>
          cost(cluster, pod, node),
        );
        const least = Math.min(...costs);
        const taken = candidates.nodes.indexOf(run.choose(pod, candidates));
        assert.ok(
          costs[taken]! - least <= 1e-9 * Math.abs(least),
          `seed ${seed}: took a node of ${costs[taken]}, least is ${least}`,
        );
      }
    }
    assert.ok(decisions > 200, `${decisions} decisions`);
  });

/** What cutting to whole points, as Kubernetes does, can be worth. */
const CUT_POINTS: Readonly<Record<string, number>> = { 'most-allocated': 2, 'least-allocated': 2 };

for (const point of requestRulePoints)
  test(`${point.name} has its point in the weight space`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { cluster, random } = randomCluster(seed);
      const own = startOn(policyByName(point.name), cluster);
      const run = startOn(weightedPolicy(point, 'first'), cluster);
      for (let id = 500_000; id < 500_010; id++) {
        const pod = randomPod(random, id);
        const candidates = candidatesOf(cluster, pod);
        if (candidates.count === 0) continue;
        const scores = new Float64Array(candidates.count);
        own.scores!(pod, candidates, scores);
        const taken = candidates.nodes.indexOf(run.choose(pod, candidates));
        const short = Math.max(...scores) - scores[taken]!;
        assert.ok(short <= (CUT_POINTS[point.name] ?? 1e-9), `seed ${seed}: ${short} points below the best`);
      }
    }
  });
