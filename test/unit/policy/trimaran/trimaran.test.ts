import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from '../../../../src/cluster/cluster-state.ts';
import { scoringPolicy } from '../../../../src/policy/scoring-policy.ts';
import { loadVariationRiskBalancing } from '../../../../src/policy/trimaran/load-variation-risk-balancing.ts';
import { targetLoadPacking } from '../../../../src/policy/trimaran/target-load-packing.ts';
import { UseStatistics } from '../../../../src/policy/trimaran/use-statistics.ts';
import { candidatesOf, scoresOf, startOn } from '../../../support/chosen.ts';
import { podOf, server } from '../../../support/random-cluster.ts';

/** Four nodes of 32 cores, so many of them in use. */
function busy(...cores: number[]): ClusterState {
  const cluster = new ClusterState(cores.map((_, i) => server(`n${i}`, 0)));
  cores.forEach((each, node) => {
    cluster.measuredUse[node] = 1000 * each;
  });
  return cluster;
}

test('target load packing rises to the target and falls behind it', () => {
  const policy = scoringPolicy('t', [{ plugin: targetLoadPacking(40), weight: 1 }], 'first');
  const pod = podOf(0, { cpuMilli: 3200 });
  // With the pod: 10 %, 40 %, 70 % and more than 100 %.
  const cluster = busy(0, 9.6, 19.2, 30);
  assert.deepEqual(scoresOf(policy, cluster, pod), [60 / 4 + 40, 100, (40 * 30) / 60, 0]);
});

test('statistics of use are of the last quarter of an hour, a sample a minute', () => {
  const cluster = busy(1);
  const statistics = new UseStatistics(cluster);
  statistics.sample();
  cluster.measuredUse[0] = 3000;
  cluster.now = 59;
  statistics.sample();
  assert.equal(statistics.mean(0), 1000, 'not a new minute');
  cluster.now = 60;
  statistics.sample();
  assert.equal(statistics.mean(0), 2000);
  assert.equal(statistics.deviation(0), 1000);
  // A long silence: only what is measured now is known of it.
  cluster.now = 7200;
  statistics.sample();
  assert.equal(statistics.mean(0), 3000);
  assert.equal(statistics.deviation(0), 0);
});

test('load variation risk balancing prefers steady use to the same use in swings', () => {
  const policy = scoringPolicy('l', [{ plugin: loadVariationRiskBalancing, weight: 1 }], 'first');
  const cluster = busy(16, 12);
  const run = startOn(policy, cluster);
  const pod = podOf(0, { cpuMilli: 3200 });
  const scores = new Float64Array(2);
  run.scores!(pod, candidatesOf(cluster, pod), scores);
  // Mean with the pod: 60 % and 47.5 %; nothing has varied.
  assert.deepEqual(Array.from(scores), [70, 76]);
  cluster.measuredUse[1] = 20_000;
  cluster.now = 60;
  run.scores!(pod, candidatesOf(cluster, pod), scores);
  // Now both have a mean of 16 cores; the second one a deviation of 4 cores, an eighth.
  assert.deepEqual(Array.from(scores), [70, 64]);
  assert.deepEqual(run.explain(pod, 1), [
    { term: 'mean use left', amount: 70.25, unit: 'points' },
    { term: 'deviation of use', amount: -6.25, unit: 'points' },
  ]);
});

test('its samples go on from where they were saved', () => {
  const cluster = busy(16, 8);
  const policy = scoringPolicy('l', [{ plugin: loadVariationRiskBalancing, weight: 1 }], 'first');
  const pod = podOf(0);
  const run = startOn(policy, cluster);
  const copy = startOn(policy, cluster);
  const [one, other] = [new Float64Array(2), new Float64Array(2)];
  for (const minute of [0, 1, 2]) {
    cluster.now = 60 * minute;
    cluster.measuredUse[0] = 4000 * minute;
    run.scores!(pod, candidatesOf(cluster, pod), one);
  }
  copy.restore!(JSON.parse(JSON.stringify(run.save!())));
  cluster.now = 180;
  run.scores!(pod, candidatesOf(cluster, pod), one);
  copy.scores!(pod, candidatesOf(cluster, pod), other);
  assert.deepEqual(other, one);
});
