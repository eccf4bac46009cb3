import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../src/cluster/cluster-state.ts';
import {
  balancedAllocationPoints,
  leastRequestedPoints,
  mostRequestedPoints,
} from '../../../src/policy/allocation.ts';
import { balancedAllocation } from '../../../src/policy/balanced-allocation.ts';
import { bestFit } from '../../../src/policy/best-fit.ts';
import { dotProduct } from '../../../src/policy/dot-product.ts';
import { leastAllocated } from '../../../src/policy/least-allocated.ts';
import { mostAllocated } from '../../../src/policy/most-allocated.ts';
import { requestedToCapacityRatio } from '../../../src/policy/requested-to-capacity-ratio.ts';
import type { ScorePlugin } from '../../../src/policy/score-plugin.ts';
import { scoringPolicy } from '../../../src/policy/scoring-policy.ts';
import { scoresOf } from '../../support/chosen.ts';
import { GIBIBYTE, podOf, server } from '../../support/random-cluster.ts';

/** Nodes of 32, 64 and 128 cores with 4 GiB a core; 16 cores and 32 GiB are taken on the first two. */
function cluster(): ClusterState {
  const state = new ClusterState([server('a', 0), server('b', 1), server('c', 2)]);
  for (const node of [0, 1])
    state.place(podOf(100 + node, { cpuMilli: 16_000, memoryBytes: 32 * GIBIBYTE }), node);
  return state;
}

const pod = podOf(0, { cpuMilli: 8000, memoryBytes: 64 * GIBIBYTE });

function scores(plugin: ScorePlugin): number[] {
  return scoresOf(scoringPolicy('one', [{ plugin, weight: 1 }], 'first'), cluster(), pod);
}

test('points of allocation are cut off as Go cuts them', () => {
  assert.equal(leastRequestedPoints(1, 3), 66);
  assert.equal(leastRequestedPoints(4, 3), 0);
  assert.equal(mostRequestedPoints(2, 3), 66);
  assert.equal(mostRequestedPoints(4, 3), 100);
  // Half, because neither better nor worse.
  assert.equal(balancedAllocationPoints(0.5, 0.5, 0.6, 0.6), 75);
  assert.equal(balancedAllocationPoints(0.5, 0.5, 0.5, 0.9), 65);
  assert.equal(balancedAllocationPoints(0.5, 0.9, 0.9, 0.9), 85);
});

test('least allocated: what stays free of CPU and memory', () => {
  // Shares asked for afterwards: a 24/32 and 96/128, b 24/64 and 96/256, c 8/128 and 64/512.
  assert.deepEqual(scores(leastAllocated), [25, 62, Math.trunc((93 + 87) / 2)]);
});

test('most allocated: what is asked for', () => {
  assert.deepEqual(scores(mostAllocated), [75, 37, Math.trunc((6 + 12) / 2)]);
});

test('balanced allocation: better where the pod brings the two together', () => {
  // a: 1/2 and 1/4 become 3/4 and 3/4; b: 1/4 and 1/8 become 3/8 and 3/8; c: 0 and 0 become 1/16 and 1/8.
  assert.deepEqual(scores(balancedAllocation), [
    50 + Math.trunc((50 + 100 - 87) / 2),
    50 + Math.trunc((50 + 100 - 93) / 2),
    50 + Math.trunc((50 + 96 - 100) / 2),
  ]);
});

test('requested to capacity ratio: along the shape, with what scores nothing left out', () => {
  assert.deepEqual(scores(requestedToCapacityRatio()), [75, 37, 9]);
  const peak = [
    { utilization: 0, score: 0 },
    { utilization: 40, score: 10 },
    { utilization: 80, score: 0 },
  ];
  // a at 75 %: 100 - 100 x 35 / 40 = 13 (cut towards zero: -87); b at 37 %: 92; c: 15 and 30.
  assert.deepEqual(scores(requestedToCapacityRatio(peak)), [13, 92, 23]);
  const late = [
    { utilization: 10, score: 0 },
    { utilization: 100, score: 10 },
  ];
  // c: CPU at 6 % scores nothing and does not weigh.
  assert.equal(scores(requestedToCapacityRatio(late))[2], Math.trunc((100 * 2) / 90));
});

test('best fit: least left over in amounts, so that small nodes come first', () => {
  const left = (cores: number, gibibytes: number) =>
    100 * (1 - 0.5 * (cores / 128) - 0.5 * (gibibytes / 512));
  assert.deepEqual(scores(bestFit), [left(8, 32), left(40, 160), left(120, 448)]);
});

test('dot product: free shares weighted by asked shares, so that great and full nodes come first', () => {
  const of = (cpu: number, cpuFree: number, memory: number, memoryFree: number) =>
    100 * (1 - (cpu * cpuFree + memory * memoryFree) / 2);
  assert.deepEqual(scores(dotProduct), [
    of(8 / 32, 16 / 32, 64 / 128, 96 / 128),
    of(8 / 64, 48 / 64, 64 / 256, 224 / 256),
    of(8 / 128, 1, 64 / 512, 1),
  ]);
});
