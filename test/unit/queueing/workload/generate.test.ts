import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateJobs, type WorkloadRequest } from '../../../../src/queueing/workload/generate.ts';
import { isKilledForMemory, runSeconds } from '../../../../src/queueing/workload/job.ts';
import { strategies, strategyByName } from '../../../../src/queueing/workload/strategies.ts';
import { defaultTemplates } from '../../../../src/queueing/workload/templates.ts';

const GIB = 2 ** 30;
const WEEK = 7 * 86400;

const request = (more: Partial<WorkloadRequest> = {}): WorkloadRequest => ({
  strategy: strategyByName('realistic'),
  load: 0.8,
  capacityMilli: 288_000,
  largestNode: { cpuMilli: 32_000, memoryBytes: 128 * GIB },
  windowSeconds: WEEK,
  seed: 1,
  ...more,
});

describe('generated jobs', () => {
  for (const strategy of strategies)
    test(`${strategy.name}: ask for the load in the mean, come in order, and are the same from the same seed`, () => {
      let asked = 0;
      for (let seed = 0; seed < 6; seed++) {
        const { jobs } = generateJobs(request({ strategy, seed }));
        asked += jobs.reduce((sum, job) => sum + job.pods * job.cpuMilliPerPod * job.seconds, 0) / 6;
        assert.ok(jobs.every(({ id }, i) => id === i));
        assert.ok(jobs.every((job, i) => i === 0 || job.arrivalSeconds >= jobs[i - 1]!.arrivalSeconds));
        assert.ok(jobs.every(({ arrivalSeconds }) => arrivalSeconds >= 0 && arrivalSeconds < WEEK));
        assert.ok(
          jobs.every((job) => job.cpuMilliPerPod <= 32_000 && job.priority >= 1 && job.priority <= 10),
        );
      }
      const load = asked / (288_000 * WEEK);
      assert.ok(Math.abs(load - 0.8) < 0.05, `asks for ${load}`);
      assert.deepEqual(generateJobs(request({ strategy })), generateJobs(request({ strategy })));
      assert.notDeepEqual(generateJobs(request({ strategy })), generateJobs(request({ strategy, seed: 2 })));
    });

  test('realistic has its rhythm: offices by day, pipelines at night, less at weekends', () => {
    const { jobs } = generateJobs(request({ windowSeconds: 4 * WEEK }));
    const rate = (from: number, to: number, days: readonly number[]) => {
      const hours = (to - from) * days.length * 4;
      return (
        jobs.filter(({ arrivalSeconds: at }) => {
          const hour = (at / 3600) % 24;
          return hour >= from && hour < to && days.includes(Math.floor(at / 86400) % 7);
        }).length / hours
      );
    };
    const work = [0, 1, 2, 3, 4];
    assert.ok(Math.abs(rate(9, 18, work) / rate(0, 6, work) - 2.5) < 0.3);
    assert.ok(Math.abs(rate(9, 18, [5, 6]) / rate(9, 18, work) - 0.5) < 0.07);
    const night = jobs.filter(({ arrivalSeconds: at }) => (at / 3600) % 24 < 6);
    assert.ok(Math.abs(night.filter(({ type }) => type === 'etl').length / night.length - 0.4) < 0.05);
  });

  test('burst brings twenty at once every four hours', () => {
    const { jobs } = generateJobs(request({ strategy: strategyByName('burst') }));
    for (const from of [0, 4 * 3600, 160 * 3600]) {
      const within = jobs.filter(({ arrivalSeconds: at }) => at >= from && at < from + 96);
      assert.ok(within.length >= 20, `${within.length} from ${from}`);
    }
  });

  test('a few are killed for their memory, earlier than they would have ended', () => {
    const { jobs } = generateJobs(request());
    const killed = jobs.filter(isKilledForMemory);
    assert.ok(killed.length > 0.005 * jobs.length && killed.length < 0.06 * jobs.length);
    for (const job of killed) assert.ok(runSeconds(job) <= job.seconds || runSeconds(job) === 1);
    for (const job of jobs) if (!killed.includes(job)) assert.equal(runSeconds(job), job.seconds);
  });

  test('estimates are as their model says, and never change what happens', () => {
    const truth = generateJobs(request()).jobs.map(({ seconds }) => seconds);
    const exact = generateJobs(request({ estimates: { kind: 'log-normal', sigma: 0 } })).jobs;
    assert.deepEqual(
      exact.map(({ seconds }) => seconds),
      truth,
    );
    assert.ok(exact.every((job) => job.estimatedSeconds === job.seconds));
    const over = generateJobs(request({ estimates: { kind: 'over', factor: 3 } })).jobs;
    assert.ok(
      over.every((job) => job.estimatedSeconds >= job.seconds && job.estimatedSeconds <= 3 * job.seconds),
    );
    assert.deepEqual(
      over.map(({ seconds }) => seconds),
      truth,
    );
  });

  test('pods larger than every node are never drawn', () => {
    const { jobs } = generateJobs(request({ largestNode: { cpuMilli: 4000, memoryBytes: 16 * GIB } }));
    assert.ok(jobs.every((job) => job.cpuMilliPerPod <= 4000 && job.memoryBytesPerPod <= 16 * GIB));
  });

  test('what cannot be is refused', () => {
    const code = 'KISIM_E_QUEUE_WORKLOAD';
    assert.throws(() => generateJobs(request({ load: 0 })), { code });
    assert.throws(() => generateJobs(request({ windowSeconds: 0 })), { code });
    assert.throws(() => generateJobs(request({ strategy: strategyByName('burst'), load: 0.001 })), { code });
    const small = { cpuMilli: 100, memoryBytes: GIB };
    assert.throws(() => generateJobs(request({ largestNode: small })), {
      code,
      message: /larger than every node/,
    });
    const other = [{ ...defaultTemplates[0]!, name: 'other' }];
    assert.throws(() => generateJobs(request({ templates: other })), { code, message: /names no template/ });
  });
});
