import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterState } from '../../../src/cluster/cluster-state.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { simulate } from '../../../src/simulation/engine.ts';
import {
  anyFit,
  choosing,
  firstFit,
  randomInstance,
  simInput,
  simNode,
  workItems,
} from '../../support/simulation-input.ts';

const lastFit = choosing((_, { nodes, count }) => nodes[count - 1]!, 'last');
const has = { sleep: true, smt: true, rhythm: true, gpus: true, speed: true, use: 1.5 };

/** Calls `look` after every change of the cluster. */
function watching(inner: Policy, look: (cluster: ClusterState) => void): Policy {
  return {
    name: inner.name,
    start(context) {
      const run = inner.start(context);
      return {
        choose: (pod, candidates) => run.choose(pod, candidates),
        explain: () => [],
        placed: () => look(context.cluster),
        removed: () => look(context.cluster),
      };
    },
  };
}

test('requests never exceed what nodes have, and what is booked is what runs', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.constantFrom(firstFit, anyFit, lastFit),
      (seed, policy) => {
        const { nodes, items, windowSeconds } = randomInstance(seed, has);
        let looks = 0;
        const watched = watching(policy, (cluster) => {
          looks++;
          for (let node = 0; node < cluster.size; node++) {
            const { count, podIds } = cluster.residents[node]!;
            const ids = [...podIds.subarray(0, count)];
            const cpu = ids.reduce((sum, id) => sum + items[id]!.pod.cpuMilli, 0);
            const memory = ids.reduce((sum, id) => sum + items[id]!.pod.memoryBytes, 0);
            assert.ok(cpu <= nodes[node]!.cpuMilli && memory <= nodes[node]!.memoryBytes * (1 + 1e-12));
            assert.equal(cluster.freeCpu[node], nodes[node]!.cpuMilli - cpu);
            assert.equal(cluster.freePods[node], nodes[node]!.pods - count);
            assert.ok(
              cluster.measuredUse[node]! >= -1e-9 && cluster.measuredUse[node]! <= nodes[node]!.cpuMilli,
            );
            for (let gpu = 0; gpu < cluster.gpuCount[node]!; gpu++)
              assert.ok(cluster.gpuFree[cluster.gpuOffset[node]! + gpu]! >= 0);
          }
        });
        const result = simulate(simInput(nodes, items, { policy: watched, windowSeconds }));
        assert.equal(looks, 2 * items.length);
        assert.equal(result.completed, items.length);
      },
    ),
    { numRuns: 60 },
  );
});

test('every policy completes the same work', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const { nodes, items, windowSeconds } = randomInstance(seed, { ...has, slack: true });
      const results = [firstFit, anyFit, lastFit].map((policy) =>
        simulate(simInput(nodes, items, { policy, windowSeconds })),
      );
      const digests = new Set(results.map((result) => result.completedDigest));
      assert.equal(digests.size, 1);
      const batch = items.filter(({ kind }) => kind === 'batch');
      const work = batch.reduce((sum, { useMilli, seconds }) => sum + (useMilli * seconds) / 1000, 0);
      for (const { workCoreSeconds } of results) assert.ok(workCoreSeconds >= work * (1 - 1e-12));
    }),
    { numRuns: 30 },
  );
});

test('the digest tells other work apart', () => {
  const digest = (items: ReturnType<typeof workItems>, drop = false) =>
    simulate(simInput([simNode('a')], items, { options: { unplaced: drop ? 'drop' : 'queue' } }))
      .completedDigest;
  const full = { useMilli: 8000, seconds: 10 };
  assert.equal(digest(workItems(full, full)), digest(workItems(full, full)));
  assert.notEqual(digest(workItems(full, full)), digest(workItems(full, full), true));
  assert.notEqual(digest(workItems(full)), digest(workItems({ ...full, seconds: 10.000000000000002 })));
  assert.notEqual(digest(workItems(full)), digest(workItems({ ...full, kind: 'service' })));
});

test('the energy of all nodes is the integral of the watts in the series', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), (seed, sleep) => {
      // Every event is at a whole second, so that the points of each second hold until the next one.
      const { nodes, items } = randomInstance(seed, { sleep, gpus: true, whole: true, use: 1 });
      const options = { seriesSeconds: 1 };
      const { energyJoules, series, endSeconds } = simulate(
        simInput(nodes, items, { windowSeconds: 40_000, options }),
      );
      assert.ok(endSeconds < 40_000);
      const { watts, seconds } = series!;
      assert.equal(seconds.length, 40_001);
      let integral = 0;
      for (let i = 0; i < 40_000; i++) integral += watts[i]!;
      assert.ok(Math.abs(integral / energyJoules - 1) < 1e-10, `${integral} J, not ${energyJoules} J`);
    }),
    { numRuns: 12 },
  );
});

test('the series tells requests, use, awake nodes and pending pods', () => {
  const sleep = { sleepWatts: 1, emptySeconds: 50, wakeSeconds: 10, wakeWatts: 20 };
  const items = workItems(
    { useMilli: 2000, seconds: 100, pod: { cpuMilli: 8000 } },
    { arrivalSeconds: 20, useMilli: 4000, seconds: 100, pod: { cpuMilli: 8000 } },
  );
  const nodes = [simNode('a'), simNode('b', { sleep, cpuMilli: 6000 })];
  const { series } = simulate(simInput(nodes, items, { windowSeconds: 150, options: { seriesSeconds: 60 } }));
  assert.deepEqual(series, {
    seconds: [0, 60, 120, 180],
    watts: [10 + 10 + 10, 10 + 10 + 1, 10 + 20 + 1, 10 + 20 + 1],
    requested: [8 / 14, 8 / 14, 8 / 14, 8 / 14].map((share) => 1 - (1 - share)),
    used: [2 / 14, 2 / 14, 4 / 14, 4 / 14],
    awakeNodes: [2, 1, 1, 1],
    pending: [0, 1, 0, 0],
  });
});
