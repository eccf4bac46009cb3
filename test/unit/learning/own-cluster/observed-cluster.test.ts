import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterTwin } from '../../../../src/learning/own-cluster/cluster-twin.ts';
import { momentTwin, watchedTwin } from '../../../../src/learning/own-cluster/observed-cluster.ts';
import { clusterDigest } from '../../../../src/policy/learned/cluster-digest.ts';
import { policyByName } from '../../../../src/policy/registry.ts';
import { simulate } from '../../../../src/simulation/engine.ts';
import { OBSERVED_FROM, observedCluster, observedKinds } from '../../../support/observed-cluster.ts';
import { GIBIBYTE, server } from '../../../support/random-cluster.ts';

const exact = { exact: true };
const near = (found: number, wanted: number, share: number) =>
  assert.ok(Math.abs(found / wanted - 1) <= share, `${found}, not ${wanted}`);

test('kinds of pods, how often they come, how long they last and what they use are found again', () => {
  const observed = observedCluster(observedKinds, 24);
  const plan = watchedTwin(observed, observed.watch, exact);
  assert.equal(plan.classes.length, 2);
  for (const kind of observedKinds) {
    const found = plan.classes.find((each) => each.kind === kind.pod.kind)!;
    near(found.share, kind.perHour / 36, 0.15);
    near(found.medianSeconds, kind.medianSeconds, 0.15);
    near(found.sigma, kind.sigma, 0.2);
    near(found.useOfRequest, kind.useOfRequest, 0.1);
    assert.deepEqual(found.cores, [kind.pod.cpuMilli / 1000]);
  }
  near(plan.predictionSigma, 0.4, 0.15);
  near(plan.useSigma, 0.2, 0.15);
  assert.deepEqual(plan.standing, []);
  assert.equal(plan.digest, clusterDigest(observed.nodes));
});

test('the twin asks for as much as the cluster did, and its pods can be simulated', () => {
  const observed = observedCluster(observedKinds, 24);
  const plan = watchedTwin(observed, observed.watch, exact);
  const capacity = observed.nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const mean = ({ medianSeconds, sigma }: (typeof observedKinds)[0]) =>
    medianSeconds * Math.exp(sigma ** 2 / 2);
  const asked = observedKinds.reduce(
    (sum, kind) => sum + (kind.perHour / 3600) * mean(kind) * kind.pod.cpuMilli,
    0,
  );
  near(plan.load, asked / capacity, 0.15);
  const situation = clusterTwin(JSON.parse(JSON.stringify(plan))).situation(3);
  const result = simulate({ ...situation, policy: policyByName('marginal-run-out'), seed: 1 });
  assert.equal(result.completed, result.placed);
  near(situation.workload.items.length, 36 * 12, 0.3);
});

test('the same seed gives the same situation, and what is not sure is drawn anew with every seed', () => {
  const observed = observedCluster(observedKinds, 24);
  const sure = clusterTwin(watchedTwin(observed, observed.watch, exact));
  const unsure = clusterTwin(watchedTwin(observed, observed.watch, { exact: false }));
  const watts = (seed: number, twin = unsure) =>
    twin.situation(seed).nodes.map(({ power }) => power!.fullWatts);
  assert.deepEqual(unsure.situation(7).workload, unsure.situation(7).workload);
  assert.deepEqual(watts(7), watts(7));
  assert.notDeepEqual(watts(7), watts(8));
  assert.deepEqual(watts(7, sure), watts(8, sure));
  // Nodes of one type stay of one type.
  assert.equal(new Set(watts(7)).size, 3);
});

test('pods that never end stand, and are there from the beginning', () => {
  const observed = observedCluster(observedKinds, 24);
  const lasting = Array.from({ length: 5 }, () => ({
    kind: 'service' as const,
    cpuMilli: 3000,
    memoryBytes: GIBIBYTE,
    createdSeconds: OBSERVED_FROM - 1000,
    endedSeconds: undefined,
    slackSeconds: 0,
    expectedSeconds: undefined,
    useMilli: 300,
  }));
  const plan = watchedTwin({ ...observed, pods: [...observed.pods, ...lasting] }, observed.watch, exact);
  assert.deepEqual(plan.standing, [{ count: 5, cpuMilli: 3000, memoryBytes: GIBIBYTE, useOfRequest: 0.1 }]);
  const { items } = clusterTwin(plan).situation(1).workload;
  assert.ok(
    items
      .slice(0, 5)
      .every(({ prefill, seconds }) => prefill === true && seconds === Number.POSITIVE_INFINITY),
  );
  assert.ok(items.every(({ pod }, i) => pod.id === i));
});

test("a day's rhythm is found where there is one, and not where there is none", () => {
  const rhythmic = observedKinds.map((kind) => ({ ...kind, amplitude: 0.6 }));
  const there = observedCluster(rhythmic, 96);
  const { rhythm } = watchedTwin(there, there.watch, exact);
  near(rhythm.amplitude, 0.6, 0.2);
  const phase = Math.min(rhythm.phaseSeconds, 86_400 - rhythm.phaseSeconds);
  assert.ok(phase < 5000, `${rhythm.phaseSeconds}`);
  const steady = observedCluster(observedKinds, 96);
  assert.equal(watchedTwin(steady, steady.watch, exact).rhythm.amplitude, 0);
});

test('pods that may wait make a twin that waits', () => {
  const [batch, service] = observedKinds;
  const kinds = [{ ...batch, pod: { ...batch.pod, slackSeconds: 7200 } }, service];
  const observed = observedCluster(kinds, 12);
  const plan = watchedTwin(observed, observed.watch, exact);
  assert.deepEqual(plan.slack, { share: 1, fromSeconds: 7200, toSeconds: 7200 });
  assert.equal(clusterTwin(plan).waits, true);
});

test('a history that says too little is refused with what there is', () => {
  const short = observedCluster(observedKinds, 0.5);
  assert.throws(() => watchedTwin(short, short.watch, exact), {
    code: 'KISIM_E_LEARNING_HISTORY',
    found: /^0\.5 h without a break, \d+ pods/,
  });
  const quiet = observedCluster([{ ...observedKinds[0], perHour: 1 }], 8);
  assert.throws(() => watchedTwin(quiet, quiet.watch, exact), { code: 'KISIM_E_LEARNING_HISTORY' });
});

test('of a moment alone a twin is made, and all that was taken as usual is told', () => {
  const observed = observedCluster(observedKinds, 12);
  const now = observed.pods
    .slice(0, 40)
    .map((pod) => ({ ...pod, endedSeconds: undefined, useMilli: undefined }));
  const plan = momentTwin({ ...observed, pods: now }, exact);
  const capacity = observed.nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  near(plan.load, now.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0) / capacity, 1e-9);
  assert.ok(plan.assumptions.some((text) => text.includes('how long pods last')));
  assert.ok(clusterTwin(plan).situation(1).workload.items.length > 50);
  assert.throws(() => momentTwin({ ...observed, pods: [] }, exact), { code: 'KISIM_E_LEARNING_TWIN' });
});

test('what belongs to a node is taken off it; a node without power is refused', () => {
  const observed = observedCluster(observedKinds, 12);
  const bases = new Map([['node-0', { useMilli: 1000, cpuMilli: 2000, memoryBytes: GIBIBYTE, pods: 3 }]]);
  const plan = watchedTwin({ ...observed, bases }, observed.watch, exact);
  assert.equal(plan.nodes[0]!.cpuMilli, observed.nodes[0]!.cpuMilli - 2000);
  assert.equal(plan.digest, clusterDigest(observed.nodes));
  const { power: _, ...dark } = server('dark', 0);
  const nodes = [...observed.nodes, dark];
  assert.throws(() => watchedTwin({ ...observed, nodes }, observed.watch, exact), {
    code: 'KISIM_E_LEARNING_TWIN',
    found: /dark/,
  });
});
