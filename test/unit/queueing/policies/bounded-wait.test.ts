import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedWait } from '../../../../src/queueing/policies/bounded-wait.ts';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import { coreNodes, queueJobs, randomQueue, timesOf } from '../../../support/queue-jobs.ts';

/** A wide job, and short narrow ones that keep coming. */
const jobs = queueJobs(
  { cpuMilliPerPod: 3000, seconds: 50 },
  { arrivalSeconds: 1, cpuMilliPerPod: 4000, seconds: 40 },
  ...Array.from({ length: 100 }, (_, i) => ({
    arrivalSeconds: 2 + 5 * i,
    cpuMilliPerPod: 1000,
    seconds: 20,
  })),
);

test('who has waited for longer than the bound starts as soon as EASY would start it', () => {
  const start = (policy: Parameters<typeof timesOf>[2]) =>
    timesOf(coreNodes(1, 4), jobs, policy).startSeconds[1]!;
  assert.ok(start(admissionByName('sjf')) > 450);
  const bounded = start(boundedWait(admissionByName('sjf'), 100));
  // Overdue from 101 on; what ran then takes 20 s at most.
  assert.ok(bounded > 101 && bounded <= 125, `starts at ${bounded}`);
});

test('with a bound that nobody comes to nothing changes', () => {
  for (let seed = 0; seed < 10; seed++) {
    const { nodes, workload } = randomQueue(seed, 2);
    const plain = timesOf(nodes, workload, admissionByName('easy-sjf'), seed);
    assert.deepEqual(timesOf(nodes, workload, boundedWait(admissionByName('easy-sjf'), 1e9), seed), plain);
  }
});
