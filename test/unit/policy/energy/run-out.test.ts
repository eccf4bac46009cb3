import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../../../src/cluster/cluster-state.ts';
import { ClusterPower } from '../../../../src/policy/energy/cluster-power.ts';
import { RunOut } from '../../../../src/policy/energy/run-out.ts';
import { podOf, randomCluster, SLEEP, server } from '../../../support/random-cluster.ts';

interface Life {
  readonly start: number;
  readonly end: number;
  readonly useMilli: number;
}

/**
 * Joules of a node from now until it sleeps (or, where it never sleeps, until long after all ends), if the given pods
 * do as predicted and nothing more arrives: the power at every instant, integrated between all instants at which it can
 * change. Written from what a node does, without any of the code under test.
 */
function integral(cluster: ClusterState, node: number, extra: Life | undefined): number {
  const { now } = cluster;
  const { power: curve, sleep } = cluster.nodes[node]!;
  const { predictedEnds, predictedUses, count } = cluster.residents[node]!;
  const wakes =
    cluster.power[node] === NODE_ASLEEP ? extra !== undefined : cluster.power[node] === NODE_WAKING;
  const up =
    cluster.power[node] === NODE_WAKING ? cluster.awakeAt[node]! : now + (wakes ? SLEEP.wakeSeconds : 0);
  const lives: Life[] = Array.from({ length: count }, (_, i) => ({
    start: up,
    end: Math.min(predictedEnds[i]!, now + 3e5),
    useMilli: predictedUses[i]!,
  }));
  if (extra !== undefined) lives.push(extra);
  const lastEnd =
    lives.length === 0 ? cluster.emptySince[node]! : Math.max(now, ...lives.map(({ end }) => end));
  const sleepAt = lastEnd + (sleep?.emptySeconds ?? 0);
  const asleepNow = cluster.power[node] === NODE_ASLEEP && extra === undefined;
  const horizon = now + 3e5;

  const watts = (at: number): number => {
    if (sleep !== undefined && (asleepNow || at >= sleepAt)) return sleep.sleepWatts;
    if (wakes && at < up) return SLEEP.wakeWatts;
    const use = lives.reduce((sum, each) => sum + (at >= each.start && at < each.end ? each.useMilli : 0), 0);
    return curve!.watts(use / cluster.cpuCapacity[node]!);
  };
  const instants = [now, up, sleepAt, horizon, ...lives.flatMap(({ start, end }) => [start, end])];
  const ordered = [...new Set(instants.filter((at) => at >= now && at <= horizon))].sort((a, b) => a - b);
  let joules = 0;
  for (let i = 1; i < ordered.length; i++) {
    const [from, to] = [ordered[i - 1]!, ordered[i]!];
    joules += watts((from + to) / 2) * (to - from);
  }
  return joules;
}

test('the run-out energy of a pod is the integral with it less the integral without it', () => {
  let nodes = 0;
  const states = new Set<number>();
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 1, max: 80_000, noNaN: true }),
      fc.integer({ min: 0, max: 8000 }),
      (seed, seconds, useMilli) => {
        const { cluster } = randomCluster(seed);
        const runOut = new RunOut(cluster, new ClusterPower(cluster.nodes));
        for (let node = 0; node < cluster.size; node++) {
          nodes++;
          states.add(cluster.power[node]!);
          const start = runOut.startSeconds(node);
          const without = integral(cluster, node, undefined);
          const beside = integral(cluster, node, { start, end: start + seconds, useMilli });
          const found = runOut.activeJoules(node, useMilli, seconds) + runOut.idleJoules(node, seconds);
          const expected = beside - without;
          assert.ok(
            Math.abs(found - expected) <= 1e-12 * beside,
            `node ${node} of seed ${seed}: ${found} J is not ${expected} J`,
          );
        }
      },
    ),
    { numRuns: 150, seed: 11 },
  );
  assert.ok(nodes > 500 && states.size === 3, `${nodes} nodes in ${states.size} states`);
});

test('what is cached of a node follows every change of it', () => {
  const { cluster, pods } = randomCluster(5, { sleep: false });
  const power = new ClusterPower(cluster.nodes);
  const kept = new RunOut(cluster, power);
  for (const pod of pods) {
    cluster.now += 200;
    const node = cluster.remove(pod);
    for (const each of [node, (node + 1) % cluster.size])
      assert.equal(
        kept.activeJoules(each, 1500, 5000),
        new RunOut(cluster, power).activeJoules(each, 1500, 5000),
      );
  }
});

test('a pod that was to end before a late wake does not count', () => {
  const cluster = new ClusterState([server('a', 1, SLEEP)]);
  cluster.power[0] = NODE_WAKING;
  cluster.awakeAt[0] = 60;
  cluster.place(podOf(0, { predictedSeconds: 10, predictedCpuMilli: 6400 }), 0);
  cluster.awakeAt[0] = 200;
  const runOut = new RunOut(cluster, new ClusterPower(cluster.nodes));
  // Alone from 200 s on: 10 % of the curve.
  assert.ok(Math.abs(runOut.activeJoules(0, 6400, 1000) - (110 - 70) * 1000) < 1e-6);
  assert.equal(runOut.extensionSeconds(0, 1000), 1200 - 70);
});

test('a node that never sleeps costs no idle energy, a woken one its wake and its time to fall asleep', () => {
  const awake = randomCluster(5, { sleep: false }).cluster;
  const runOut = new RunOut(awake, new ClusterPower(awake.nodes));
  assert.equal(runOut.idleJoules(0, 1000), 0);
  const { cluster } = randomCluster(8, { sleep: true, nodes: 8 });
  const asleep = cluster.power.indexOf(NODE_ASLEEP);
  assert.ok(asleep >= 0);
  const idle = cluster.nodes[asleep]!.power!.idleWatts;
  assert.equal(
    new RunOut(cluster, new ClusterPower(cluster.nodes)).idleJoules(asleep, 1000),
    (150 - 9) * 120 + (idle - 9) * (1000 + 300),
  );
});
