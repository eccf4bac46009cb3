import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrace } from '../../../../src/simulation/inputs/trace-csv.ts';
import { DEFAULT_ASSUMPTIONS, traceWorkload } from '../../../../src/simulation/inputs/trace-workload.ts';

const exact = { ...DEFAULT_ASSUMPTIONS, prediction: { kind: 'log-normal', sigma: 0 } } as const;

test('what runs when measuring begins is the prefill, with what is left of it', () => {
  const trace = parseTrace(
    'arrival_s,duration_s,cpu_milli\n0,50,1000\n10,200,2000\n120,30,3000\n190,10,4000\n400,1,1000\n',
    't.csv',
  );
  const { items, windowSeconds } = traceWorkload(trace, { fromSeconds: 100, windowSeconds: 95 }, exact, 1);
  assert.equal(windowSeconds, 95);
  assert.deepEqual(
    items.map(({ pod, arrivalSeconds, seconds, prefill }) => [
      pod.cpuMilli,
      arrivalSeconds,
      seconds,
      prefill === true,
    ]),
    [
      [2000, 0, 95, true],
      [3000, 20, 30, false],
      [4000, 90, 5, false],
    ],
  );
  // The end of the stretch is no end that anybody predicts.
  assert.deepEqual(
    items.map(({ pod }) => pod.predictedSeconds),
    [110, 30, 10],
  );
  assert.throws(() => traceWorkload(trace, { fromSeconds: 500 }, exact, 1), { code: 'KISIM_E_INPUT_SCALE' });
});

test('jobs larger than a node run as a gang', () => {
  const cores = parseTrace('arrival_s,duration_s,cpu_milli,memory_mib\n0,50,70000,700\n', 'c.csv');
  const { items } = traceWorkload(cores, { fromSeconds: 0, windowSeconds: 9 }, exact, 1);
  assert.deepEqual(
    items.map(({ pod }) => [pod.name, pod.cpuMilli, pod.memoryBytes / 2 ** 20]),
    [
      ['c-0', 32000, 320],
      ['c-0-1', 32000, 320],
      ['c-0-2', 6000, 60],
    ],
  );
  const gpus = parseTrace('arrival_s,duration_s,gpus\n0,50,20\n', 'g.csv');
  const gang = traceWorkload(gpus, { fromSeconds: 0, windowSeconds: 9 }, exact, 1).items;
  assert.deepEqual(
    gang.map(({ pod }) => [pod.gpu!.count, pod.gpu!.milliEach, pod.cpuMilli]),
    [
      [8, 1000, 64000],
      [8, 1000, 64000],
      [4, 1000, 32000],
    ],
  );
});

test('measured use goes before the assumed one', () => {
  const trace = parseTrace('arrival_s,duration_s,cpu_milli,util_mean_pct\n0,50,1000,25\n', 't.csv');
  const window = { fromSeconds: 0, windowSeconds: 9 };
  assert.equal(traceWorkload(trace, window, { ...exact, useOfRequest: 0.9 }, 1).items[0]!.useMilli, 250);
});

test('services are there from the start, and to their last end', () => {
  const trace = {
    ...parseTrace('arrival_s,duration_s,cpu_milli\n0,600,1000\n0,900,2000\n', 't.csv'),
    kind: 'service',
  } as const;
  const { items, windowSeconds } = traceWorkload(trace, {}, exact, 1);
  assert.equal(windowSeconds, 900);
  assert.deepEqual(
    items.map(({ kind, seconds }) => [kind, seconds]),
    [
      ['service', 600],
      ['service', 900],
    ],
  );
});
