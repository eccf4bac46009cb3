import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admissionByName } from '../../../../src/queueing/policies/registry.ts';
import { simulateQueue } from '../../../../src/queueing/simulated/simulate-queue.ts';
import { scaledTrace, type TraceRequest, traceJobs } from '../../../../src/queueing/workload/from-trace.ts';
import { describedMachines } from '../../../../src/simulation/inputs/machines.ts';
import { parseSwf, readSwf } from '../../../../src/simulation/inputs/swf.ts';
import { steadyDemand, type Trace } from '../../../../src/simulation/inputs/trace.ts';
import { parseTrace, readTrace } from '../../../../src/simulation/inputs/trace-csv.ts';
import { coreNodes, queueSituation, timesOf } from '../../../support/queue-jobs.ts';
import { sharedData } from '../../../support/shared-data.ts';

const line = (submit: number, seconds: number, processors: number, memoryKib: number, requested: number) => {
  const fields = new Array<number>(18).fill(-1);
  [fields[1], fields[3], fields[4], fields[6], fields[8]] = [
    submit,
    seconds,
    processors,
    memoryKib,
    requested,
  ];
  return fields.join(' ');
};
const log = parseSwf(
  [
    line(0, 100, 2, 1024, 600),
    line(50, 100, 12, -1, -1),
    line(60, 100, 99, -1, 300),
    line(500, 50, 1, -1, 60),
  ].join('\n'),
  'log.swf',
);

const nodes = coreNodes(2, 8);
const request = (trace: Trace, more: Partial<TraceRequest> = {}): TraceRequest => ({
  trace,
  nodes,
  grow: 'overlay',
  fromSeconds: 0,
  windowSeconds: 400,
  estimates: { kind: 'log-normal', sigma: 0 },
  seed: 1,
  ...more,
});

describe('a log as jobs', () => {
  test('sizes, gangs, declared estimates, and what is assumed or left out is told', () => {
    const { jobs, notes } = traceJobs(request(log));
    assert.deepEqual(
      jobs.map(
        ({
          id,
          arrivalSeconds,
          pods,
          cpuMilliPerPod,
          memoryBytesPerPod,
          estimatedSeconds,
          estimateOrigin,
        }) => ({
          id,
          at: arrivalSeconds,
          pods,
          cpu: cpuMilliPerPod,
          memory: memoryBytesPerPod,
          estimate: estimatedSeconds,
          origin: estimateOrigin,
        }),
      ),
      [
        { id: 0, at: 0, pods: 1, cpu: 2000, memory: 2 * 2 ** 20, estimate: 600, origin: 'declared' },
        { id: 1, at: 50, pods: 2, cpu: 6000, memory: 6 * 2 ** 30, estimate: 100, origin: 'simulated' },
      ],
    );
    assert.deepEqual(notes.length, 3);
    assert.match(notes[0]!, /^1 jobs left out/);
    assert.match(notes[1]!, /memory of 1 jobs/);
    assert.match(notes[2]!, /durations of 1 jobs/);
  });

  test('a later stretch begins at 0 with its own jobs', () => {
    const { jobs } = traceJobs(request(log, { fromSeconds: 400 }));
    assert.deepEqual(
      jobs.map(({ id, arrivalSeconds }) => [id, arrivalSeconds]),
      [[0, 100]],
    );
    assert.throws(() => traceJobs(request(log, { fromSeconds: 4000 })), {
      code: 'KISIM_E_QUEUE_WORKLOAD',
      message: /no job in 400 s/,
    });
  });

  test('is made as dense as asked', () => {
    const rows = Array.from({ length: 2880 }, (_, i) => `${i * 60},${600},2000`).join('\n');
    const trace = parseTrace(`arrival_s,duration_s,cpu_milli\n${rows}\n`, 't.csv');
    const dense = scaledTrace({ trace, nodes: coreNodes(4, 16), load: 0.8, grow: 'overlay' });
    assert.ok(Math.abs(steadyDemand(dense) / 64 - 0.8) < 0.05);
    assert.equal(scaledTrace({ trace, nodes, load: undefined, grow: 'overlay' }), trace);
  });

  test('GPUs become gangs of whole ones', () => {
    const gpuNodes = describedMachines('3x32+4xV100M16', false);
    const trace = parseTrace('arrival_s,duration_s,gpus\n0,100,8\n1,50,1\n2,10,64\n', 'p.csv');
    const { jobs, notes } = traceJobs(request(trace, { nodes: gpuNodes }));
    assert.deepEqual(
      jobs.map(({ pods, gpusPerPod, type }) => [pods, gpusPerPod, type]),
      [
        [2, 4, 'ml'],
        [1, 1, 'ml'],
      ],
    );
    assert.ok(notes.some((note) => note.includes('cores a GPU')));
    const workload = traceJobs(request(trace, { nodes: gpuNodes }));
    const { times } = simulateQueue(queueSituation(gpuNodes, workload), admissionByName('easy'), 1);
    assert.ok(times.endSeconds.every(Number.isFinite));
  });

  for (const file of ['surf_week_2022_jobs.csv', 'mustang_2015_jobs.csv', 'nasa_ipsc_1993_cln.swf'])
    test(`runs ${file} through the queue`, { skip: sharedData.skip }, () => {
      const path = sharedData.path('traces', file);
      const cluster = coreNodes(16, 32);
      const whole = file.endsWith('.swf') ? readSwf(path) : readTrace(path);
      const trace = scaledTrace({ trace: whole, nodes: cluster, load: 0.8, grow: 'compress' });
      const from = 0.3 * trace.jobs.at(-1)!.arrivalSeconds;
      const workload = traceJobs(
        request(trace, { nodes: cluster, fromSeconds: from, windowSeconds: 6 * 3600 }),
      );
      assert.ok(workload.jobs.length > 5, `${workload.jobs.length} jobs`);
      const { startSeconds } = timesOf(cluster, workload, admissionByName('easy'));
      assert.ok(startSeconds.every((start, i) => start >= workload.jobs[i]!.arrivalSeconds));
    });
});
