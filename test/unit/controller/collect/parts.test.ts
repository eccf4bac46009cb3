import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeUse } from '../../../../src/attribution/node-use.ts';
import { sampleCluster } from '../../../../src/controller/collect/cluster-sampler.ts';
import { JobMaker } from '../../../../src/controller/collect/job-maker.ts';
import { NodePower } from '../../../../src/controller/collect/node-power.ts';
import { NodeUses } from '../../../../src/controller/collect/node-uses.ts';
import {
  planJobs,
  type WorkloadSpec,
  weekSecondsAt,
} from '../../../../src/controller/collect/planned-job.ts';
import { resumed } from '../../../../src/controller/collect/resumed.ts';
import type { StoredCollection } from '../../../../src/history/collection-reader.ts';
import type { CollectionNote } from '../../../../src/history/collection-record.ts';
import { errors } from '../../../../src/kubernetes/errors.ts';
import { recordedNodes } from '../../../support/recorded-cluster.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('what is in use on nodes', () => {
  const use = (node: string, cpuSeconds: number, at: number, memoryBytes?: number): NodeUse => ({
    node,
    source: 'kubelet',
    cpu: { cpuNanoseconds: cpuSeconds * 1e9, unixMilliseconds: NOW + at },
    memoryBytes,
    pods: [],
    receivedUnixMilliseconds: NOW + at,
    receivedMonotonicNanoseconds: at * 1e6,
  });

  test('is what counters grew by, kept as it comes and summed up over all nodes', () => {
    const notes: CollectionNote[] = [];
    const uses = new NodeUses({ collected: (note) => void notes.push(note) });
    uses.take(use('a', 100, 0, 1000));
    uses.take(use('b', 50, 0, 3000));
    assert.deepEqual(uses.total(['a', 'b'], NOW), { cpuMilli: undefined, memoryBytes: 4000 });
    uses.take(use('a', 105, 10_000, 1500));
    uses.take(use('b', 52.5, 10_000, 3000));
    assert.deepEqual(uses.total(['a', 'b'], NOW + 10_000), { cpuMilli: 750, memoryBytes: 4500 });
    assert.deepEqual(
      notes.map(({ record }) => ('cpuMilli' in record ? record.cpuMilli : 'none')),
      [undefined, undefined, 500, 250],
    );
  });

  test('is not known of all where it is not known of one, or was told too long ago', () => {
    const uses = new NodeUses({ collected: () => undefined });
    uses.take(use('a', 1, 0, 10));
    uses.take(use('a', 2, 10_000, 10));
    assert.equal(uses.total(['a'], NOW + 60_000).cpuMilli, 100);
    assert.equal(uses.total(['a', 'b'], NOW + 60_000).cpuMilli, undefined);
    assert.equal(uses.total(['a'], NOW + 71_000).cpuMilli, undefined);
    assert.deepEqual(uses.total([], NOW), { cpuMilli: undefined, memoryBytes: undefined });
  });

  test('a counter that began anew says nothing until it has grown', () => {
    const notes: CollectionNote[] = [];
    const uses = new NodeUses({ collected: (note) => void notes.push(note) });
    uses.take(use('a', 100, 0));
    uses.take(use('a', 3, 10_000));
    uses.take(use('a', 4, 20_000));
    assert.deepEqual(
      notes.map(({ record }) => ('cpuMilli' in record ? record.cpuMilli : 'none')),
      [100],
    );
  });
});

describe('the power of all nodes', () => {
  const reading = (at: number, joules: Readonly<Record<string, number>>) => ({
    unixMilliseconds: NOW + at,
    nodes: new Map(
      Object.entries(joules).map(([node, amount]) => [
        node,
        { joules: amount, source: 'prometheus' as const, asOfUnixMilliseconds: NOW + at },
      ]),
    ),
    missing: new Map<string, string>(),
  });

  test('is joules over the time in which they were counted, of all nodes or of none', () => {
    const power = new NodePower();
    power.take(reading(0, { a: 1000, b: 500 }));
    assert.equal(power.total(['a', 'b'], NOW), undefined);
    power.take(reading(10_000, { a: 1500, b: 700 }));
    assert.equal(power.total(['a', 'b'], NOW + 10_000), 70);
    assert.equal(power.total(['a'], NOW + 10_000), 50);
    assert.equal(power.total(['a', 'b', 'c'], NOW + 10_000), undefined);
    assert.equal(power.total(['a'], NOW + 200_000), undefined);
  });

  test('a node that was missing begins anew', () => {
    const power = new NodePower();
    power.take(reading(0, { a: 1000 }));
    power.take(reading(10_000, {}));
    power.take(reading(20_000, { a: 10 }));
    assert.equal(power.total(['a'], NOW + 20_000), undefined);
    power.take(reading(30_000, { a: 110 }));
    assert.equal(power.total(['a'], NOW + 30_000), 10);
  });
});

test('a state counts what nodes have, what pods ask for, and which nodes do not answer', () => {
  const node = recordedNodes[0]!;
  const lost = {
    ...recordedNodes[2]!,
    taints: [{ key: 'node.kubernetes.io/unreachable', value: '', effect: 'NoExecute' as const }],
  };
  const pod = (cpuMilli: number, nodeName?: string) => ({
    pod: { cpuMilli, memoryBytes: 2 ** 30, gpu: { count: 2, milliEach: 250, models: [] } } as never,
    nodeName,
  });
  const state = sampleCluster(
    {
      nodes: () => [node, lost],
      pods: () => [pod(500, 'n1'), pod(1500, 'n2'), pod(4000)],
      jobs: () => ({ running: 1, pending: 2, suspended: 3 }),
      use: (names) => ({ cpuMilli: names.length * 100, memoryBytes: undefined }),
      watts: () => 42,
    },
    NOW,
  );
  assert.deepEqual(state, {
    unixMilliseconds: NOW,
    nodes: 2,
    readyNodes: 1,
    cpuMilli: node.cpuMilli + lost.cpuMilli,
    memoryBytes: node.memoryBytes + lost.memoryBytes,
    gpus: 0,
    askedCpuMilli: 2000,
    askedMemoryBytes: 2 ** 31,
    askedGpus: 1,
    usedCpuMilli: 200,
    usedMemoryBytes: undefined,
    watts: 42,
    runningPods: 2,
    waitingPods: 1,
    runningJobs: 1,
    pendingJobs: 2,
    suspendedJobs: 3,
  });
});

const spec: WorkloadSpec = {
  strategy: 'realistic',
  seed: 7,
  load: 0.4,
  speed: 60,
  hours: 2,
  mostJobs: 50,
  capacityMilli: 64_000,
  largestNode: { cpuMilli: 16_000, memoryBytes: 64 * 2 ** 30 },
  weekSeconds: 9 * 3600,
};

describe('the plan of a workload', () => {
  test('is the same for the same seed, in order, within its time and number', () => {
    const jobs = planJobs(spec);
    assert.deepEqual(planJobs(JSON.parse(JSON.stringify(spec))), jobs);
    assert.ok(jobs.length > 10 && jobs.length <= 50);
    for (const [i, job] of jobs.entries()) {
      assert.ok(
        job.atMilliseconds >= (jobs[i - 1]?.atMilliseconds ?? 0) && job.atMilliseconds < 2 * 3_600_000,
      );
      assert.ok(job.cpuMilli <= 16_000 && job.seconds >= 1 && job.expectedSeconds >= 1);
    }
    assert.equal(new Set(jobs.map(({ name }) => name)).size, jobs.length);
    assert.notDeepEqual(planJobs({ ...spec, seed: 8 }), jobs);
  });

  test('leaves out kinds that fit on no node, and refuses a cluster that none of them fits', () => {
    const small = planJobs({ ...spec, largestNode: { cpuMilli: 2000, memoryBytes: 4 * 2 ** 30 } });
    assert.ok(small.length > 0);
    assert.ok(small.every(({ cpuMilli, memoryBytes }) => cpuMilli <= 2000 && memoryBytes <= 4 * 2 ** 30));
    assert.throws(() => planJobs({ ...spec, largestNode: { cpuMilli: 100, memoryBytes: 2 ** 20 } }), {
      code: 'KISIM_E_QUEUE_WORKLOAD',
    });
  });

  test('weeks begin on Monday', () => {
    assert.equal(weekSecondsAt(Date.parse('2026-01-05T09:00:00Z')), 9 * 3600);
    assert.equal(weekSecondsAt(Date.parse('2026-01-04T23:59:59Z')), 7 * 86_400 - 1);
  });
});

describe('who makes the Jobs', () => {
  const plan = planJobs(spec).slice(0, 4);
  const making = (made: number, make: (name: string) => void = () => undefined) => {
    let now = 0;
    const names: string[] = [];
    const maker = new JobMaker({
      plan,
      made,
      writer: {
        make: ({ name }) => {
          make(name);
          names.push(name);
          return Promise.resolve();
        },
      },
      elapsed: () => now,
      sleep: (milliseconds) => {
        now += milliseconds;
        return Promise.resolve();
      },
    });
    return { maker, names, now: () => now };
  };

  test('makes each when it is due, and goes on after those that were made', async () => {
    const { maker, names, now } = making(1);
    await maker.run(new AbortController().signal);
    assert.deepEqual(
      names,
      plan.slice(1).map(({ name }) => name),
    );
    assert.equal(maker.made, 4);
    assert.ok(now() >= plan[3]!.atMilliseconds);
  });

  test('tries again, and gives up with the name of the Job', async () => {
    let failures = 2;
    const refuse = () => {
      if (failures-- > 0) throw errors.KISIM_E_KUBE_FORBIDDEN('POST jobs: 403 exceeded quota');
    };
    const { maker } = making(0, refuse);
    await maker.run(new AbortController().signal);
    assert.equal(maker.made, 4);
    failures = 3;
    await assert.rejects(making(0, refuse).maker.run(new AbortController().signal), {
      code: 'KISIM_E_COLLECT_WORKLOAD',
      found: new RegExp(`^${plan[0]!.name}: .*exceeded quota`),
    });
  });
});

describe('what a collection goes on with', () => {
  const times = (changes: Partial<StoredCollection>): StoredCollection => ({
    cluster: 'live',
    fromUnixMilliseconds: 0,
    toUnixMilliseconds: 1000,
    ended: 'stopped',
    intervalMilliseconds: 1,
    namespace: undefined,
    strategy: undefined,
    seed: undefined,
    workload: { hours: 1 },
    samples: 3,
    createdJobs: 2,
    ...changes,
  });
  const isSame = (workload: object | undefined) => JSON.stringify(workload) === '{"hours":1}';

  test('is all times since one was finished, also such as were killed', () => {
    const before = [
      times({ ended: 'finished' }),
      times({}),
      times({ ended: undefined, toUnixMilliseconds: 500 }),
    ];
    assert.deepEqual(resumed(before, undefined, isSame), {
      elapsedMilliseconds: 1500,
      samples: 6,
      createdJobs: 4,
      workload: { hours: 1 },
      stops: 2,
    });
  });

  test('is nothing of another namespace or workload, and nothing after the end', () => {
    assert.equal(resumed([], undefined, isSame), undefined);
    assert.equal(resumed([times({ ended: 'finished' })], undefined, isSame), undefined);
    assert.equal(resumed([times({})], 'team', isSame), undefined);
    assert.equal(resumed([times({ workload: undefined })], undefined, isSame), undefined);
  });
});
