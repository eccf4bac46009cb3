import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node } from '../../../../src/cluster/node.ts';
import { LinearCurve } from '../../../../src/power-model/linear-curve.ts';
import { JobRows, ROW_NAMES, ROW_WIDTH, SHOWN_JOBS } from '../../../../src/queueing/policies/job-rows.ts';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import type { QueueState } from '../../../../src/queueing/policy.ts';
import { coreNodes, type JobGiven, queueJobs, timesOf } from '../../../support/queue-jobs.ts';

/** What the rows were at a time, read by `look`. */
function rowsAt(
  nodes: readonly Node[],
  seconds: number,
  jobs: readonly JobGiven[],
  look: (rows: JobRows, state: QueueState) => void,
) {
  let looked = 0;
  const fifo = admissionByName('fifo-best-effort');
  timesOf(nodes, queueJobs(...jobs), {
    ...fifo,
    choose: (state) => {
      if (state.nowSeconds === seconds && looked++ === 0) {
        const rows = new JobRows();
        rows.fill(state);
        look(rows, state);
      }
      return fifo.choose(state);
    },
  });
  assert.ok(looked > 0, `nobody was asked at ${seconds}`);
}

const value = (rows: JobRows, row: number, name: (typeof ROW_NAMES)[number]) =>
  rows.rows[row * ROW_WIDTH + ROW_NAMES.indexOf(name)]!;

describe('the queue as rows', () => {
  test('the most urgent first: short and narrow before long and wide; those that do not fit have no row', () => {
    const jobs = [
      { cpuMilliPerPod: 5000, seconds: 1000 },
      { arrivalSeconds: 1, seconds: 500 },
      { arrivalSeconds: 1, seconds: 20 },
      { arrivalSeconds: 1, seconds: 500, cpuMilliPerPod: 2000 },
      { arrivalSeconds: 1, seconds: 1, cpuMilliPerPod: 8000 },
    ];
    rowsAt(coreNodes(1, 8), 1, jobs, (rows, { jobs: waiting }) => {
      assert.deepEqual(
        [...rows.jobOf.subarray(0, rows.count)].map((i) => waiting[i]!.id),
        [2, 1, 3],
      );
      assert.equal(value(rows, 0, 'is a job'), 1);
      assert.equal(value(rows, SHOWN_JOBS, 'is a job'), 0);
      assert.deepEqual([...rows.mask.subarray(0, 4)], [1, 1, 1, 0]);
      assert.equal(rows.mask[SHOWN_JOBS], 1);
    });
  });

  test('nobody is no choice while nothing runs', () => {
    rowsAt(coreNodes(1, 8), 0, [{}], (rows) => assert.equal(rows.mask[SHOWN_JOBS], 0));
  });

  test('tells who would take the room that is reserved, and keeps the others off it', () => {
    // All of node 0 from 100 on is the wide job's; node 1 is nearly full for long.
    const jobs = [
      { cpuMilliPerPod: 6000, seconds: 100 },
      { cpuMilliPerPod: 6000, seconds: 5000 },
      { arrivalSeconds: 1, cpuMilliPerPod: 8000, seconds: 20 },
      { arrivalSeconds: 1, cpuMilliPerPod: 2000, seconds: 90 },
      { arrivalSeconds: 1, cpuMilliPerPod: 2000, seconds: 3000 },
      { arrivalSeconds: 1, pods: 2, cpuMilliPerPod: 2000, seconds: 3000 },
    ];
    rowsAt(coreNodes(2, 8), 1, jobs, (rows, state) => {
      assert.deepEqual(
        [...rows.jobOf.subarray(0, 3)].map((i) => state.jobs[i]!.id),
        [3, 4, 5],
      );
      assert.deepEqual(
        [0, 1, 2].map((row) => rows.delays(row)),
        [false, false, true],
      );
      assert.deepEqual([...rows.roomOf(0, state)!], [1, 1]);
      assert.deepEqual([...rows.roomOf(1, state)!], [0, 1]);
      assert.equal(rows.roomOf(2, state), undefined);
      assert.equal(value(rows, 0, 'a reservation'), 1);
    });
  });

  test('tells how dear the nodes are that are left, against the best', () => {
    const watts = [4, 16].map((each) => new LinearCurve(10, 10 + each * 8, 'synthetic'));
    const nodes = coreNodes(2, 8).map((node, i) => ({ ...node, power: watts[i]! }));
    const jobs = [
      { cpuMilliPerPod: 7000, seconds: 500 },
      { arrivalSeconds: 1, cpuMilliPerPod: 1000, seconds: 50 },
      { arrivalSeconds: 1, cpuMilliPerPod: 2000, seconds: 50 },
    ];
    rowsAt(nodes, 1, jobs, (rows) => {
      assert.equal(rows.dearness(0), 0);
      assert.ok(Math.abs(rows.dearness(1) - Math.log(4)) < 1e-6);
    });
  });

  test('every number is finite and of about the size of 1, also of jobs that nothing is known of', () => {
    const jobs = [
      { seconds: 1e6, cpuMilliPerPod: 2000 },
      {
        arrivalSeconds: 900,
        seconds: 1,
        estimatedSeconds: Number.POSITIVE_INFINITY,
        estimateOrigin: 'none' as const,
        priority: 1000,
      },
      ...Array.from({ length: 30 }, (_, i) => ({ arrivalSeconds: 900, seconds: 10 + i, cpuMilliPerPod: 10 })),
    ];
    rowsAt(coreNodes(1, 8), 900, jobs, (rows) => {
      assert.equal(rows.count, SHOWN_JOBS);
      assert.ok(rows.rows.every((each) => Number.isFinite(each) && Math.abs(each) < 5));
    });
  });
});
