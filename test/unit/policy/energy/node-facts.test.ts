import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState, NODE_ASLEEP, NODE_CLOSED, NODE_ON } from '../../../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../../../src/cluster/feasible.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { ClusterTotals } from '../../../../src/policy/energy/cluster-totals.ts';
import { NodeFacts } from '../../../../src/policy/energy/node-facts.ts';
import { ALL_TERMS, TermMatrix } from '../../../../src/policy/energy/terms.ts';
import { podOf, randomCluster, randomPod, SLEEP, server } from '../../../support/random-cluster.ts';

/** What is kept from one decision to the next must be what somebody finds who looks for the first time. */
test('after any changes everything that is kept of nodes is as if it had just been found', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { cluster, pods, random } = randomCluster(seed, { sleep: seed % 2 === 0 });
    const power = new ClusterPower(cluster.nodes);
    const matrix = new TermMatrix(cluster, power, ALL_TERMS);
    const there = [...pods];
    const candidates = new Int32Array(cluster.size);
    for (let step = 0; step < 60; step++) {
      cluster.now += random.exponential(100);
      const kind = random.integer(4);
      if (kind === 0 && there.length > 0) cluster.remove(there.splice(random.integer(there.length), 1)[0]!);
      else if (kind === 1) {
        const node = random.integer(cluster.size);
        cluster.power[node] = cluster.power[node] === NODE_CLOSED ? NODE_ON : NODE_CLOSED;
        cluster.touch(node);
      } else if (kind === 2) {
        const pod = randomPod(random, 1_000_000 + step);
        const count = feasibleNodes(cluster, pod, candidates);
        if (count > 0) {
          cluster.place(pod, candidates[random.integer(count)]!);
          there.push(pod);
        }
      }
      const pod = randomPod(random, -1);
      const nodes = Int32Array.from({ length: cluster.size }, (_, node) => node);
      matrix.fill(pod, { nodes, count: nodes.length });
      const fresh = new TermMatrix(cluster, power, ALL_TERMS);
      fresh.fill(pod, { nodes, count: nodes.length });
      assert.deepEqual(matrix.decision.columns, fresh.decision.columns);
    }
  }
});

test('more changes than the cluster remembers make it look at every node again', () => {
  const cluster = new ClusterState([server('a', 0), server('b', 1)]);
  const power = new ClusterPower(cluster.nodes);
  const facts = new NodeFacts(cluster, power);
  facts.renew();
  cluster.place(podOf(1, { cpuMilli: 16_000 }), 0);
  for (let i = 0; i <= cluster.changeRing.length; i++) cluster.touch(1);
  facts.renew();
  assert.equal(facts.takenCpu[0], 0.5);
  assert.equal(facts.askedMilli[0], 16_000);
});

test('a node that sleeps draws what sleep draws', () => {
  const cluster = new ClusterState([server('a', 0, SLEEP)]);
  cluster.power[0] = NODE_ASLEEP;
  const facts = new NodeFacts(cluster, new ClusterPower(cluster.nodes));
  facts.renew();
  assert.deepEqual([facts.predictedWatts[0], facts.requestedWatts[0], facts.heat[0]], [9, 9, 0]);
});

test('totals leave out nodes that are closed, and count them again once they are open', () => {
  const cluster = new ClusterState([server('a', 0), server('b', 1), server('c', 0)]);
  const totals = new ClusterTotals(cluster, new ClusterPower(cluster.nodes));
  cluster.place(podOf(1, { cpuMilli: 16_000 }), 0);
  totals.renew();
  assert.equal(totals.load, 16 / 128);
  cluster.power[1] = NODE_CLOSED;
  cluster.touch(1);
  totals.renew();
  assert.equal(totals.cpuCapacity, 64_000);
  assert.equal(totals.load, 16 / 64);
  assert.deepEqual([...totals.tierFreeCpu], [0, 48 / 64]);
  cluster.power[1] = NODE_ON;
  cluster.touch(1);
  totals.renew();
  assert.equal(totals.load, 16 / 128);
});

test('nodes are of one kind where nothing that never changes tells them apart', () => {
  const { kind, nodeOfKind } = new ClusterPower([
    server('a', 0),
    server('b', 1),
    server('c', 0),
    { ...server('d', 0), memoryBytes: 2 ** 30 },
    { ...server('e', 0), speed: 0.5 },
    server('f', 0, SLEEP),
  ]);
  assert.deepEqual([...kind], [0, 1, 0, 2, 3, 4]);
  assert.deepEqual([...nodeOfKind], [0, 1, 3, 4, 5]);
});
