import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayPlan } from '../../../../src/learning/own-cluster/replay-plan.ts';
import { replayTwin } from '../../../../src/learning/own-cluster/replay-twin.ts';
import { digestOfCluster, twinOf } from '../../../../src/learning/own-cluster/twin-plan.ts';
import { clusterDigest } from '../../../../src/policy/learned/cluster-digest.ts';
import { RECORD_FROM, recordedNodes, recordedRuns, recordOf } from '../../../support/recorded-cluster.ts';

test('a replay has every pod at its own time, of its own size, for its own life', () => {
  const runs = recordedRuns(40);
  const plan = replayPlan(recordOf(runs), true);
  assert.equal(plan.arrivals.length, 40);
  assert.equal(plan.jobs, 40);
  const { items, windowSeconds } = replayTwin(plan).situation(7).workload;
  assert.equal(windowSeconds, (recordOf(runs).to - RECORD_FROM) / 1000);
  for (const [i, item] of items.entries()) {
    const run = runs[i]!;
    assert.equal(item.pod.id, i);
    assert.equal(item.pod.name, run.pod);
    assert.equal(item.arrivalSeconds, (run.createdUnixMilliseconds - RECORD_FROM) / 1000);
    assert.equal(item.seconds, (run.endedUnixMilliseconds! - run.boundUnixMilliseconds!) / 1000);
    assert.equal(item.pod.cpuMilli, run.cpuMilli);
    assert.equal(item.pod.memoryBytes, run.memoryBytes);
    assert.equal(item.useMilli, 400);
    assert.equal(item.kind, 'batch');
    assert.equal(item.pod.predictedSeconds, run.expectedSeconds ?? Number.POSITIVE_INFINITY);
  }
});

test('the plan survives JSON, and gives the same situation for the same seed', () => {
  const plan = replayPlan(recordOf(recordedRuns(20)), false);
  const again = JSON.parse(JSON.stringify(plan)) as typeof plan;
  for (const seed of [0, 1, 5_000_000])
    assert.deepEqual(twinOf(again).situation(seed).workload, replayTwin(plan).situation(seed).workload);
  assert.equal(digestOfCluster(plan), clusterDigest(recordedNodes));
});

test('workloads differ in what nobody knows, and in nothing that was recorded', () => {
  const twin = replayTwin(replayPlan(recordOf(recordedRuns(20)), false));
  const [a, b] = [twin.situation(1), twin.situation(2)];
  const known = ({ workload }: typeof a) =>
    workload.items.map(({ arrivalSeconds, seconds, useMilli, pod }) => [
      arrivalSeconds,
      seconds,
      useMilli,
      pod.cpuMilli,
      pod.name,
    ]);
  assert.deepEqual(known(a), known(b));
  const predictions = ({ workload }: typeof a) => workload.items.map(({ pod }) => pod.predictedSeconds);
  // Every second pod said how long it runs.
  assert.ok(predictions(a).every((value, i) => (value === predictions(b)[i]) === (i % 2 === 0)));
  assert.notEqual(a.nodes[0]!.power!.watts(0.5), b.nodes[0]!.power!.watts(0.5));
});

test('where each pod was placed, and by whom, is kept for those who learn from it', () => {
  const runs = recordedRuns(30);
  const { recorded } = replayTwin(replayPlan(recordOf(runs), false));
  assert.deepEqual(
    [...recorded!.nodes].map((node) => recordedNodes[node]!.name),
    runs.map(({ node }) => node),
  );
  assert.deepEqual(
    [...recorded!.decided],
    runs.map(({ policy }) => (policy === undefined ? 0 : 1)),
  );
});

test('pods that ran before the record are there from its beginning; one that had not ended stays', () => {
  const [before, stays, gone] = recordedRuns(3);
  const runs = [
    {
      ...before!,
      createdUnixMilliseconds: RECORD_FROM - 5000,
      boundUnixMilliseconds: RECORD_FROM - 4000,
      endedUnixMilliseconds: RECORD_FROM + 60_000,
    },
    { ...stays!, endedUnixMilliseconds: undefined },
    { ...gone!, createdUnixMilliseconds: RECORD_FROM - 9000, endedUnixMilliseconds: RECORD_FROM - 1 },
  ];
  const { items } = replayTwin(replayPlan(recordOf(runs, { to: RECORD_FROM + 600_000 }), true)).situation(
    0,
  ).workload;
  assert.deepEqual(
    items.map(({ prefill, arrivalSeconds, seconds, kind }) => ({ prefill, arrivalSeconds, seconds, kind })),
    [
      { prefill: true, arrivalSeconds: 0, seconds: 60, kind: 'batch' },
      {
        prefill: undefined,
        arrivalSeconds: (stays!.createdUnixMilliseconds - RECORD_FROM) / 1000,
        seconds: Number.POSITIVE_INFINITY,
        kind: 'service',
      },
    ],
  );
});

test('an end that the server cut to its second does not lose the pod', () => {
  const [brief] = recordedRuns(1);
  const ended = brief!.boundUnixMilliseconds! - 400;
  const [arrival] = replayPlan(recordOf([{ ...brief!, endedUnixMilliseconds: ended }]), true).arrivals;
  assert.equal(arrival!.seconds, 0.5);
});

test('what cannot be lived through again is left out, and counted among the assumptions', () => {
  const [good, waits, gpu, large, brief] = recordedRuns(5);
  const plan = replayPlan(
    recordOf([
      good!,
      { ...waits!, node: undefined },
      { ...gpu!, gpuCount: 1 },
      { ...large!, cpuMilli: 64_000 },
      { ...brief!, endedUnixMilliseconds: brief!.boundUnixMilliseconds! - 1000 },
    ]),
    false,
  );
  assert.deepEqual(
    plan.arrivals.map(({ name }) => name),
    [good!.pod],
  );
  for (const says of [
    /1 pods never had a node/,
    /1 pods ask for GPUs/,
    /1 pods are larger/,
    /1 pods ended before/,
  ])
    assert.ok(
      plan.assumptions.some((assumption) => says.test(assumption)),
      String(says),
    );
  assert.throws(() => replayPlan(recordOf([{ ...waits!, node: undefined }]), false), {
    code: 'KISIM_E_LEARNING_HISTORY',
  });
});
