import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { metricsOf } from '../../../../src/queueing/evaluation/metrics.ts';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import { type AdmissionPolicy, NONE, type QueueState } from '../../../../src/queueing/policy.ts';
import { queueSimulation, simulateQueue } from '../../../../src/queueing/simulated/simulate-queue.ts';
import { boundedSlowdown } from '../../../../src/queueing/slowdown.ts';
import { coreNodes, queueJobs, queueSituation, randomQueue } from '../../../support/queue-jobs.ts';

const GIB = 2 ** 30;

/** FIFO that shows what it sees. */
function seeing(look: (state: QueueState) => void): AdmissionPolicy {
  const fifo = admissionByName('fifo');
  return {
    ...fifo,
    choose: (state) => {
      look(state);
      return fifo.choose(state);
    },
  };
}

describe('a simulated queue', () => {
  test('shows who waits and fits, who runs where, and what is in use', () => {
    const seen: unknown[] = [];
    const jobs = queueJobs(
      {
        pods: 2,
        cpuMilliPerPod: 2000,
        useMilliPerPod: 1000,
        memoryBytesPerPod: GIB,
        peakMemoryBytesPerPod: GIB / 2,
      },
      { arrivalSeconds: 5, cpuMilliPerPod: 4000 },
      { arrivalSeconds: 6, cpuMilliPerPod: 1000 },
    );
    const nodes = coreNodes(2, 3);
    const look = (state: QueueState) => {
      seen.push({
        now: state.nowSeconds,
        jobs: state.jobs.map(({ id }) => id),
        fits: [...state.fitsNow.subarray(0, state.jobs.length)],
        running: state.running.map(({ job, podNodes }) => [job.id, ...podNodes]),
        cpu: state.cpuUtilisation,
        memory: state.memoryUtilisation,
      });
    };
    // The second is larger than any node.
    assert.throws(() => simulateQueue(queueSituation(nodes, jobs), seeing(look), 1), {
      code: 'KISIM_E_QUEUE_WORKLOAD',
      message: /job-1/,
    });
    simulateQueue(queueSituation(coreNodes(2, 4), jobs), seeing(look), 1);
    assert.deepEqual(seen[0], { now: 0, jobs: [0], fits: [1], running: [], cpu: 0, memory: 0 });
    assert.deepEqual(seen[1], {
      now: 5,
      jobs: [1],
      fits: [1],
      running: [[0, 0, 0]],
      cpu: 2000 / 8000,
      memory: GIB / (128 * GIB),
    });
  });

  test('a job whose memory passes its request is killed in the middle of its run, and is told of for an hour', () => {
    const jobs = queueJobs(
      { seconds: 100, peakMemoryBytesPerPod: 2 * GIB, peakAtShare: 0.25, pods: 2 },
      { arrivalSeconds: 30, seconds: 10 },
      { arrivalSeconds: 3624, seconds: 10 },
      { arrivalSeconds: 3626, seconds: 10 },
    );
    const kills: (number | undefined)[] = [];
    const situation = queueSituation(coreNodes(1, 4), jobs);
    const outcome = simulateQueue(
      situation,
      seeing((state) => kills.push(state.oomKillsLastHour)),
      1,
    );
    assert.equal(outcome.times.endSeconds[0], 25);
    assert.deepEqual(kills, [0, 2, 2, 0]);
    const metrics = metricsOf(outcome, situation.nodes, jobs.windowSeconds);
    assert.equal(metrics.oomRate, 0.25);
    assert.equal(metrics.successRate, 0.75);
  });

  test('the figures are those of the jobs, by hand', () => {
    // Four cores in use all the time: 0-100 by three, then one job of 50 s and one of 5 s wait.
    const jobs = queueJobs(
      { cpuMilliPerPod: 4000, seconds: 100 },
      { arrivalSeconds: 50, cpuMilliPerPod: 4000, seconds: 50 },
      { arrivalSeconds: 60, cpuMilliPerPod: 4000, seconds: 5 },
    );
    const nodes = coreNodes(1, 8);
    const metrics = metricsOf(
      simulateQueue(queueSituation(coreNodes(1, 4), jobs), admissionByName('fifo'), 1),
      nodes,
      1000,
    );
    assert.equal(metrics.meanWaitSeconds, (0 + 50 + 90) / 3);
    assert.ok(Math.abs(metrics.meanBoundedSlowdown - (1 + 100 / 50 + 95 / 10) / 3) < 1e-12);
    assert.ok(Math.abs(metrics.throughputPerHour - 3 * 3.6) < 1e-9);
    assert.ok(Math.abs(metrics.utilisation - (4 * 155) / (8 * 1000)) < 1e-12);
    assert.equal(metrics.endSeconds, 155);
    assert.equal(boundedSlowdown(0, 0, 5), 1);
  });

  test('a policy that admits who does not fit, or nobody for ever, is an error that names it', () => {
    const { nodes, workload } = randomQueue(1, 1);
    const bad = (name: string, choose: (state: QueueState) => number): AdmissionPolicy => ({
      name,
      reset: () => undefined,
      choose,
      explain: () => [],
    });
    const run = (policy: AdmissionPolicy) => simulateQueue(queueSituation(nodes, workload), policy, 1);
    assert.throws(() => run(bad('greedy', ({ jobs }) => jobs.length - 1)), {
      code: 'KISIM_E_QUEUE_CHOICE',
      message: /greedy chose/,
    });
    assert.throws(() => run(bad('lazy', () => NONE)), {
      code: 'KISIM_E_QUEUE_CHOICE',
      message: /lazy admits nobody/,
    });
    assert.throws(() => run(bad('wild', () => 99)), { code: 'KISIM_E_QUEUE_CHOICE' });
  });

  test('what waiting adds to the slowdowns is told at every time, and comes to their sum', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { nodes, workload } = randomQueue(seed, 2);
      const situation = queueSituation(nodes, workload);
      const { simulation, run } = queueSimulation(situation, admissionByName('easy'), seed);
      simulation.advance();
      const { jobs, admittedSeconds } = run.times;
      const sum = jobs.reduce(
        (total, job, i) => total + (admittedSeconds[i]! - job.arrivalSeconds) / Math.max(10, job.seconds),
        0,
      );
      assert.ok(Math.abs(run.slowdownUntil(simulation.now) - sum) < 1e-6 * Math.max(1, sum));
    }
  });

  test('jobs out of order, without pods or without a time are refused by name', () => {
    const nodes = coreNodes(1, 4);
    for (const jobs of [
      queueJobs({ arrivalSeconds: 5 }, { arrivalSeconds: 4 }),
      queueJobs({ pods: 0 }),
      queueJobs({ seconds: 0 }),
      queueJobs({ pods: 9 }),
      queueJobs({ gpusPerPod: 1 }),
    ])
      assert.throws(() => simulateQueue(queueSituation(nodes, jobs), admissionByName('fifo'), 1), {
        code: 'KISIM_E_QUEUE_WORKLOAD',
        message: /job-/,
      });
  });

  test('GPUs are held by gangs like everything else', () => {
    const nodes = coreNodes(2, 8).map((node) => ({
      ...node,
      gpus: { count: 2, model: 'T4', power: { idleWatts: 10, fullWatts: 70, law: 'proportional' as const } },
    }));
    const jobs = queueJobs(
      { gpusPerPod: 1, seconds: 50 },
      { arrivalSeconds: 1, pods: 2, gpusPerPod: 2, seconds: 10 },
      { arrivalSeconds: 2, pods: 1, gpusPerPod: 2, seconds: 10 },
    );
    const start = (policy: string) => [
      ...simulateQueue(queueSituation(nodes, jobs), admissionByName(policy), 1).times.startSeconds,
    ];
    assert.deepEqual(start('fifo'), [0, 50, 60]);
    assert.deepEqual(start('easy'), [0, 50, 2]);
  });
});
