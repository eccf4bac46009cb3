import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConservativeBackfill, EasyBackfill } from '../../../../src/queueing/policies/backfill.ts';
import type { AdmissionPolicy, QueueState } from '../../../../src/queueing/policy.ts';
import { coreNodes, type JobGiven, queueJobs, randomQueue, timesOf } from '../../../support/queue-jobs.ts';

const starts = (policy: AdmissionPolicy, nodes: number, cores: number, ...jobs: readonly JobGiven[]) => [
  ...timesOf(coreNodes(nodes, cores), queueJobs(...jobs), policy).startSeconds,
];

/** Four cores: three are taken until 100; the head wants all four; what comes then may go past it or not. */
const running = { cpuMilliPerPod: 3000, seconds: 100 };
const head = { arrivalSeconds: 1, cpuMilliPerPod: 4000, seconds: 50 };

describe('EASY backfilling', () => {
  test('a job that ends before the head can start goes past it', () => {
    assert.deepEqual(
      starts(new EasyBackfill(), 1, 4, running, head, { arrivalSeconds: 2, seconds: 98 }),
      [0, 100, 2],
    );
  });

  test('a job that would hold the head up does not, by one second', () => {
    assert.deepEqual(
      starts(new EasyBackfill(), 1, 4, running, head, { arrivalSeconds: 2, seconds: 99 }),
      [0, 100, 150],
    );
  });

  test('a long job goes past where the head leaves room even then', () => {
    const narrow = { ...head, cpuMilliPerPod: 3000 };
    assert.deepEqual(
      starts(new EasyBackfill(), 1, 4, running, narrow, { arrivalSeconds: 2, seconds: 999 }),
      [0, 100, 2],
    );
  });

  test('what goes past is kept off the node that is reserved, and takes another', () => {
    // Node 0: 3 of 4 cores until 100. Node 1: 3 of 4 until 300. The head wants a whole node: node 0, at 100.
    const jobs = [running, { ...running, seconds: 300 }, head, { arrivalSeconds: 2, seconds: 200 }];
    assert.deepEqual(starts(new EasyBackfill(), 2, 4, ...jobs), [0, 0, 100, 2]);
    const { times, nodeOf } = placed(new EasyBackfill(), ...jobs);
    assert.equal(times.startSeconds[3], 2);
    assert.equal(nodeOf[3], 1);
  });

  test('only the head has a reservation: others are held up by whoever goes past', () => {
    // Both want four cores; the third goes past them and holds the second up, not the first.
    const jobs = [
      running,
      head,
      { arrivalSeconds: 2, cpuMilliPerPod: 3000, seconds: 10 },
      { arrivalSeconds: 3, cpuMilliPerPod: 1000, seconds: 90 },
    ];
    assert.deepEqual(starts(new EasyBackfill(), 1, 4, ...jobs), [0, 100, 150, 3]);
  });

  test('a job that runs longer than estimated moves the reservation, and nothing breaks', () => {
    const late = { ...running, estimatedSeconds: 20 };
    assert.deepEqual(
      starts(new EasyBackfill(), 1, 4, late, head, { arrivalSeconds: 30, seconds: 20 }),
      [0, 100, 30],
    );
  });

  test('easy-sjf takes the shortest of those that may go past', () => {
    const policy = new EasyBackfill('easy-sjf', ({ estimatedSeconds }) => -estimatedSeconds);
    const long = { arrivalSeconds: 5, seconds: 60 };
    const short = { arrivalSeconds: 5, seconds: 20 };
    assert.deepEqual(starts(policy, 1, 4, running, { ...head, seconds: 10 }, long, short), [0, 100, 25, 5]);
  });
});

describe('conservative backfilling', () => {
  test('nobody is held up: what EASY lets past is refused where it moves a later reservation', () => {
    // The head wants 4 cores at 100; the second 3 cores from 110. One core for 150 s from 3 on would move neither under EASY's eye but the head's.
    const jobs = [
      running,
      { arrivalSeconds: 1, cpuMilliPerPod: 3000, seconds: 10 },
      { arrivalSeconds: 2, cpuMilliPerPod: 4000, seconds: 10 },
      { arrivalSeconds: 3, cpuMilliPerPod: 1000, seconds: 150 },
    ];
    assert.deepEqual(starts(new EasyBackfill(), 1, 4, ...jobs), [0, 100, 153, 3]);
    assert.deepEqual(starts(new ConservativeBackfill(), 1, 4, ...jobs), [0, 100, 110, 120]);
  });

  test('jobs move forward when something ends early', () => {
    const early = { ...running, estimatedSeconds: 400 };
    assert.deepEqual(starts(new ConservativeBackfill(), 1, 4, early, head), [0, 100]);
  });
});

/** Watches a policy at every question. */
function watched<P extends AdmissionPolicy>(
  policy: P,
  look: (policy: P, state: QueueState) => void,
): AdmissionPolicy {
  return {
    name: policy.name,
    reset: (seed) => policy.reset(seed),
    choose: (state) => {
      const choice = policy.choose(state);
      look(policy, state);
      return choice;
    },
    get podsPerNode() {
      return policy.podsPerNode;
    },
    explain: (state, index) => policy.explain(state, index),
  };
}

for (const [over, says] of [
  [1, 'exact'],
  [3, 'too long'],
] as const) {
  test(`EASY never delays what it reserved for the head, with estimates that are ${says}`, () => {
    let reservations = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { nodes, workload } = randomQueue(seed, over);
      const promised = new Map<number, number>();
      const policy = watched(new EasyBackfill(), ({ reservation }) => {
        if (reservation === undefined) return;
        reservations++;
        const { jobId, startSeconds } = reservation;
        const before = promised.get(jobId) ?? Number.POSITIVE_INFINITY;
        assert.ok(
          startSeconds <= before + 1e-6,
          `seed ${seed}: job ${jobId} put off from ${before} to ${startSeconds}`,
        );
        promised.set(jobId, Math.min(before, startSeconds));
      });
      const { startSeconds } = timesOf(nodes, workload, policy, seed);
      for (const [id, promise] of promised)
        assert.ok(
          startSeconds[id]! <= promise + 1e-6,
          `seed ${seed}: job ${id} at ${startSeconds[id]}, promised ${promise}`,
        );
    }
    assert.ok(reservations > 500, `${reservations} reservations`);
  });

  test(`conservative backfilling never delays anybody, with estimates that are ${says}`, () => {
    let reservations = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { nodes, workload } = randomQueue(seed, over);
      const promised = new Map<number, number>();
      const policy = watched(new ConservativeBackfill(), (own) => {
        for (const [id, { startSeconds }] of own.reservations) {
          reservations++;
          const before = promised.get(id) ?? Number.POSITIVE_INFINITY;
          assert.ok(
            startSeconds <= before + 1e-6,
            `seed ${seed}: job ${id} put off from ${before} to ${startSeconds}`,
          );
          promised.set(id, Math.min(before, startSeconds));
        }
      });
      const { startSeconds } = timesOf(nodes, workload, policy, seed);
      for (const [id, promise] of promised) assert.ok(startSeconds[id]! <= promise + 1e-6);
    }
    assert.ok(reservations > 1000, `${reservations} reservations`);
  });
}

function placed(policy: AdmissionPolicy, ...jobs: readonly JobGiven[]) {
  const nodeOf: number[] = [];
  const nodes = coreNodes(2, 4);
  const times = timesOf(
    nodes,
    queueJobs(...jobs),
    watched(policy, (_policy, { running: now }) => {
      for (const { job, podNodes } of now) if (podNodes[0]! >= 0) nodeOf[job.id] = podNodes[0]!;
    }),
  );
  return { times, nodeOf };
}
