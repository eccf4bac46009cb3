import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admissionByName, admissionEntries } from '../../../../src/queueing/policies/registry.ts';
import { coreNodes, type JobGiven, queueJobs, randomQueue, timesOf } from '../../../support/queue-jobs.ts';

const starts = (policy: string, ...jobs: readonly JobGiven[]) => [
  ...timesOf(coreNodes(1, 4), queueJobs(...jobs), admissionByName(policy)).startSeconds,
];

/** Runs at 0 with 3 of 4 cores until 100; a wide job comes, then narrow ones. */
const blocked = [
  { cpuMilliPerPod: 3000, seconds: 100 },
  { arrivalSeconds: 1, cpuMilliPerPod: 4000, seconds: 50, priority: 1 },
  { arrivalSeconds: 2, cpuMilliPerPod: 1000, seconds: 500 },
  { arrivalSeconds: 3, cpuMilliPerPod: 1000, seconds: 30, priority: 5 },
];

describe('orders of admission', () => {
  test('strict FIFO lets the first one hold up all others', () => {
    assert.deepEqual(starts('fifo', ...blocked), [0, 100, 150, 150]);
  });
  test('best-effort FIFO goes past it, and so it starves', () => {
    assert.deepEqual(starts('fifo-best-effort', ...blocked), [0, 502, 2, 100]);
  });
  test('priority goes before arrival among those that fit', () => {
    const jobs = [
      { cpuMilliPerPod: 4000, seconds: 10 },
      ...[1, 9, 5].map((priority, i) => ({
        arrivalSeconds: 1 + i,
        cpuMilliPerPod: 4000,
        seconds: 10,
        priority,
      })),
    ];
    assert.deepEqual(starts('priority', ...jobs), [0, 30, 10, 20]);
    assert.deepEqual(starts('priority-strict', ...jobs), [0, 30, 10, 20]);
    assert.deepEqual(starts('fifo', ...jobs), [0, 10, 20, 30]);
  });
  test('a strict order by priority is held up by the most important, not by the first', () => {
    const jobs = [
      { cpuMilliPerPod: 3000, seconds: 100 },
      { arrivalSeconds: 1, cpuMilliPerPod: 1000, seconds: 10 },
      { arrivalSeconds: 2, cpuMilliPerPod: 4000, priority: 9, seconds: 10 },
      { arrivalSeconds: 20, cpuMilliPerPod: 1000, priority: 1, seconds: 10 },
    ];
    assert.deepEqual(starts('priority-strict', ...jobs), [0, 1, 100, 110]);
  });
  test('the shortest by its estimate, whatever it really takes', () => {
    const jobs = [
      { cpuMilliPerPod: 4000, seconds: 10 },
      ...[{ seconds: 30, estimatedSeconds: 5 }, { seconds: 20 }, { seconds: 10 }].map((job) => ({
        arrivalSeconds: 1,
        cpuMilliPerPod: 4000,
        ...job,
      })),
    ];
    assert.deepEqual(starts('sjf', ...jobs), [0, 10, 50, 40]);
  });
  test('the smallest area weighs the estimate by what is asked for', () => {
    const jobs = [
      { cpuMilliPerPod: 4000, seconds: 10 },
      { arrivalSeconds: 1, cpuMilliPerPod: 4000, seconds: 10 },
      { arrivalSeconds: 1, cpuMilliPerPod: 1000, seconds: 30, memoryBytesPerPod: 1 },
    ];
    // 10 s of all cores are more than 30 s of a quarter of them.
    assert.deepEqual(starts('smallest-area', ...jobs), [0, 40, 10]);
    assert.deepEqual(starts('sjf', ...jobs), [0, 10, 20]);
  });
  test('best fit takes the largest that fits', () => {
    const jobs = [
      { cpuMilliPerPod: 4000, seconds: 10 },
      ...[1000, 3000, 2000].map((cpuMilliPerPod) => ({ arrivalSeconds: 1, cpuMilliPerPod, seconds: 10 })),
    ];
    assert.deepEqual(starts('best-fit', ...jobs), [0, 10, 10, 20]);
  });
  test('first fit looks at the first ten only', () => {
    const wide = { arrivalSeconds: 1, cpuMilliPerPod: 4000, seconds: 10 };
    const jobs = [
      { cpuMilliPerPod: 3000, seconds: 100 },
      ...Array.from({ length: 10 }, () => wide),
      { arrivalSeconds: 2, cpuMilliPerPod: 1000, seconds: 10 },
    ];
    assert.equal(starts('first-fit', ...jobs)[11], 200);
    assert.equal(starts('fifo-best-effort', ...jobs)[11], 2);
  });
  test('a gang begins as a whole, or not at all', () => {
    const jobs = [
      { cpuMilliPerPod: 2000, seconds: 100 },
      { arrivalSeconds: 1, pods: 3, cpuMilliPerPod: 1000, seconds: 10 },
    ];
    assert.deepEqual(starts('fifo', ...jobs), [0, 100]);
  });
  test('equal ones go by arrival', () => {
    for (const policy of ['priority', 'sjf', 'smallest-area', 'best-fit', 'fifo'])
      assert.deepEqual(
        starts(policy, ...Array.from({ length: 4 }, () => ({ cpuMilliPerPod: 4000, seconds: 10 }))),
        [0, 10, 20, 30],
        policy,
      );
  });
});

describe('every policy', () => {
  for (const { name, make } of admissionEntries)
    test(`${name}: every job starts once it has come and ends, twice the same, and the cluster is never overfull`, () => {
      for (let seed = 0; seed < 8; seed++) {
        const { nodes, workload } = randomQueue(seed, 2);
        const times = timesOf(nodes, workload, make(), seed);
        for (const [i, job] of workload.jobs.entries()) {
          assert.ok(times.startSeconds[i]! >= job.arrivalSeconds, `${job.name} starts`);
          assert.ok(Math.abs(times.endSeconds[i]! - times.startSeconds[i]! - job.seconds) < 1e-6);
        }
        assert.deepEqual(timesOf(nodes, workload, make(), seed), times);
      }
    });

  test('an unknown name is an error with the nearest', () => {
    assert.throws(() => admissionByName('esay'), { code: 'KISIM_E_QUEUE_POLICY_UNKNOWN', action: /easy/ });
  });
});

test('random takes each that fits about as often', () => {
  let second = 0;
  for (let seed = 0; seed < 200; seed++) {
    const jobs = queueJobs({ cpuMilliPerPod: 4000, seconds: 5 }, { cpuMilliPerPod: 4000, seconds: 5 });
    if (timesOf(coreNodes(1, 4), jobs, admissionByName('random'), seed).startSeconds[1] === 0) second++;
  }
  assert.ok(second > 70 && second < 130, `${second} of 200`);
});
