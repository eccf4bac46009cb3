import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compress,
  concurrentDemand,
  factorForLoad,
  overlay,
  scale,
  settledSeconds,
  steadyDemand,
  type Trace,
  type TraceJob,
  thin,
} from '../../../../src/simulation/inputs/trace.ts';
import { readTrace } from '../../../../src/simulation/inputs/trace-csv.ts';
import { sharedData } from '../../../support/shared-data.ts';

function job(arrivalSeconds: number, seconds: number, cores = 1): TraceJob {
  return {
    arrivalSeconds,
    seconds,
    cpuMilli: cores * 1000,
    memoryBytes: undefined,
    gpus: undefined,
    useOfRequest: undefined,
  };
}

function trace(jobs: readonly TraceJob[]): Trace {
  return { name: 'made', jobs, unit: 'cores' };
}

/** A job an hour for ten days, each half an hour long. */
const hourly = trace(Array.from({ length: 240 }, (_, i) => job(i * 3600, 1800)));

test('concurrent demand is integrated exactly', () => {
  const two = trace([job(0, 10, 2), job(5, 10, 4)]);
  assert.equal(concurrentDemand(two, 0, 10), (10 * 2 + 5 * 4) / 10);
  assert.equal(concurrentDemand(two, 6, 8), 6);
  assert.ok(Math.abs(steadyDemand(hourly) - 0.5) < 0.005);
});

test('the factor brings the demand to the load', () => {
  const factor = factorForLoad(hourly, 10, 0.4);
  assert.ok(Math.abs(factor - 8) < 0.1);
  assert.ok(Math.abs(steadyDemand(compress(hourly, factor)) - 4) < 0.05);
  assert.ok(Math.abs(steadyDemand(overlay(hourly, factor)) - 4) < 0.2);
  assert.throws(() => factorForLoad(trace([]), 10, 0.5), { code: 'KISIM_E_INPUT_SCALE' });
});

test('thinning keeps the same share of rows everywhere', () => {
  const third = thin(hourly, 1 / 3);
  assert.ok(third.jobs.length > 55 && third.jobs.length < 105);
  assert.deepEqual(thin(hourly, 1 / 3), third);
  const half = new Set(thin(hourly, 1 / 2).jobs);
  assert.ok(third.jobs.every((each) => half.has(each)));
  assert.notDeepEqual(thin({ ...hourly, name: 'other' }, 1 / 3).jobs, third.jobs);
});

test('compression leaves durations, an overlay leaves the time of day', () => {
  assert.deepEqual(compress(hourly, 4).jobs[8], job(7200, 1800));
  const doubled = overlay(hourly, 2);
  assert.equal(doubled.jobs.length, 480);
  assert.ok(doubled.jobs.every(({ arrivalSeconds }) => arrivalSeconds % 3600 === 0));
  assert.ok(doubled.jobs.every(({ arrivalSeconds }) => arrivalSeconds < 10 * 86400));
  let last = 0;
  for (const { arrivalSeconds } of overlay(hourly, 2.5).jobs) {
    assert.ok(arrivalSeconds >= last);
    last = arrivalSeconds;
  }
  assert.equal(
    overlay(hourly, 2.5).jobs.length,
    480 + thin({ ...hourly, name: 'made/rest' }, 0.5).jobs.length,
  );
});

test('a factor that cannot be is a coded error', () => {
  for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => scale(hourly, factor, 'compress'), { code: 'KISIM_E_INPUT_SCALE' });
  assert.throws(() => thin(hourly, 1.5), { code: 'KISIM_E_INPUT_SCALE' });
});

test('measuring begins after five percent of the span and the p90 of the durations', () => {
  assert.ok(Math.abs(settledSeconds(hourly) - 43020) < 1e-6);
  const long = trace([...hourly.jobs.slice(0, 100).map((each) => ({ ...each, seconds: 99999 }))]);
  assert.equal(settledSeconds(long), 99999);
});

test('the traces have the demand that their description states', { skip: sharedData.skip }, () => {
  const read = (file: string) => readTrace(sharedData.path('traces', file));
  const mustang = read('mustang_2015_jobs.csv');
  assert.ok(Math.abs(steadyDemand(mustang) - 511) < 1);
  assert.equal(Math.round(steadyDemand(read('surf_week_2022_jobs.csv'))), 1845);
  const philly = read('philly_2017_gpu_jobs.csv');
  assert.equal(Math.round(steadyDemand(philly)), 413);
  const factor = factorForLoad(philly, 400, 0.6);
  assert.ok(Math.abs(factor - 0.582) < 0.001);
  assert.equal(Math.round(steadyDemand(thin(philly, factor))), 238);
});
