import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestFixed } from '../../../src/autoscaling/best-fixed.ts';
import { evaluateAutoscaling, workloadSeeds } from '../../../src/autoscaling/evaluation.ts';
import { FixedPolicy } from '../../../src/autoscaling/policies/fixed.ts';
import { HpaPolicy } from '../../../src/autoscaling/policies/hpa.ts';
import type { AutoscalingPolicy } from '../../../src/autoscaling/policy.ts';
import { autoscalingReport } from '../../../src/autoscaling/report/report.ts';
import { evaluationText } from '../../../src/autoscaling/report/tables.ts';
import { calmObservation, smallProblem } from '../../support/autoscaling.ts';

const policies = (): readonly AutoscalingPolicy[] => [
  new FixedPolicy(3, 3),
  new HpaPolicy(smallProblem.limits),
  new FixedPolicy(2, 2, 'prefer-cpu', 'small'),
];
const options = { problem: smallProblem, baselines: ['fixed', 'hpa'], runs: 3, seed: 4 };

test('every policy meets the same requests, in every pattern, and the same seed gives the same figures', async () => {
  const results = await evaluateAutoscaling({ ...options, policies: policies() });
  assert.deepEqual(
    results.patterns.map(({ pattern }) => pattern),
    ['ramp', 'spike', 'periodic', 'random'],
  );
  for (const { pattern, seeds, policies: ran } of results.patterns) {
    assert.deepEqual(seeds, workloadSeeds(4, pattern, 3));
    assert.deepEqual(
      ran.map(({ policy }) => policy),
      ['fixed', 'hpa', 'small'],
    );
    for (const [run] of seeds.entries())
      assert.equal(new Set(ran.map(({ runs }) => runs[run]!.requests)).size, 1, 'the same requests');
    for (const { runs, metrics, series } of ran) {
      assert.equal(runs.length, 3);
      const mean = runs.reduce((sum, each) => sum + each.p95Milliseconds, 0) / 3;
      assert.ok(Math.abs(metrics.p95Milliseconds.mean - mean) < 1e-9);
      assert.equal(series.seconds.length, 8);
      for (const each of runs) {
        assert.ok(
          each.p50Milliseconds <= each.p95Milliseconds && each.p95Milliseconds <= each.p99Milliseconds,
        );
        assert.ok(each.energyJoules > 0 && each.replicaHours > 0);
        assert.ok(each.failedShare >= 0 && each.lateShare >= each.failedShare);
      }
    }
  }
  const again = await evaluateAutoscaling({ ...options, policies: policies() });
  assert.deepEqual(again, results);
});

test('differences are paired: of each run on the same requests, in percent', async () => {
  const { patterns } = await evaluateAutoscaling({ ...options, policies: policies() });
  const [{ policies: ran }] = [patterns[1]!];
  const [fixed, hpa, small] = ran;
  assert.deepEqual(Object.keys(small!.against), ['fixed', 'hpa']);
  assert.deepEqual(Object.keys(fixed!.against), ['hpa']);
  const each = small!.runs.map((run, i) => 100 * (run.energyJoules / fixed!.runs[i]!.energyJoules - 1));
  const found = small!.against['fixed']!.energyJoules;
  assert.ok(Math.abs(found.mean - each.reduce((sum, one) => sum + one, 0) / 3) < 1e-9);
  assert.ok(found.low! <= found.mean && found.mean <= found.high!);
  assert.ok(found.mean < 0, 'fewer replicas take less energy');
  assert.ok(hpa!.metrics.replicaHours.mean > 0);
});

test('a policy that misses a metric ends the evaluation with its error', async () => {
  const blind: AutoscalingPolicy = {
    name: 'blind',
    needs: [],
    reset: () => undefined,
    decide: () => new HpaPolicy(smallProblem.limits).decide({ ...calmObservation, gpu: undefined }),
  };
  await assert.rejects(evaluateAutoscaling({ ...options, policies: [blind] }), {
    code: 'KISIM_E_AUTOSCALE_METRIC',
  });
});

test('held-out seeds are of a stream of their own for each pattern and seed', () => {
  const seeds = [0, 1].flatMap((seed) =>
    (['ramp', 'spike', 'periodic', 'random'] as const).flatMap((pattern) => workloadSeeds(seed, pattern, 20)),
  );
  assert.equal(new Set(seeds).size, seeds.length);
  assert.deepEqual(workloadSeeds(1, 'ramp', 3), workloadSeeds(1, 'ramp', 20).slice(0, 3));
});

test('the best fixed replicas keep the objective with the least energy; without any that does, the quickest', () => {
  const problem = {
    ...smallProblem,
    limits: { gpu: { min: 1, max: 2 }, cpu: { min: 1, max: 4 } },
    patterns: ['spike'] as const,
    objectiveSeconds: 0.2,
  };
  const told: number[] = [];
  const best = bestFixed(problem, [1], (done, all) => told.push(done / all));
  assert.equal(told.length, 2 * 4 * 3);
  assert.ok(best.p95Milliseconds <= 200);
  const hopeless = bestFixed({ ...problem, objectiveSeconds: 0.01 }, [1]);
  assert.ok(hopeless.p95Milliseconds <= best.p95Milliseconds);
});

test('the table has every policy and metric, the differences with their intervals, and the seeds', async () => {
  const results = await evaluateAutoscaling({ ...options, policies: policies() });
  const text = evaluationText(results);
  for (const { pattern, seeds } of results.patterns) {
    assert.ok(text.includes(`\n${pattern} `) || text.startsWith(`${pattern} `));
    assert.ok(text.includes(`seeds ${seeds.join(' ')}`));
  }
  assert.match(text, /small against hpa: p95 [+-]?\d+\.\d % \(.* to .*\), energy /);
  assert.equal(text.match(/small against fixed/g)?.length, 4);
  const single = await evaluateAutoscaling({ ...options, runs: 1, policies: policies() });
  assert.ok(!evaluationText(single).includes('±  '));
  assert.match(evaluationText(single), /small against fixed: p95 [+-]?\d+\.\d %, energy/);
});

test('the report holds a plot for every figure, and nothing that was not measured', async () => {
  const results = await evaluateAutoscaling({ ...options, runs: 2, policies: policies() });
  const html = autoscalingReport(results, [['version', 'test']]);
  for (const id of ['all-p95', 'all-energy', 'all-replicas', 'all-radar'])
    assert.ok(html.includes(`id="${id}"`), id);
  for (const plot of ['load', 'latency', 'replicas', 'power'])
    assert.ok(html.includes(`id="cell-3-${plot}"`), plot);
  const charts = JSON.parse(/id="charts">(.*?)<\/script>/s.exec(html)![1]!) as Record<string, unknown>;
  assert.equal(Object.keys(charts).length, 4 + 4 * 4);
  assert.ok(!JSON.stringify(charts).includes('NaN'));
});
