import { BEST_FIXED_SEEDS, bestFixed } from '../../src/autoscaling/best-fixed.ts';
import {
  type AutoscalingResults,
  type ComparedMetric,
  evaluateAutoscaling,
} from '../../src/autoscaling/evaluation.ts';
import { FixedPolicy } from '../../src/autoscaling/policies/fixed.ts';
import { HpaPolicy } from '../../src/autoscaling/policies/hpa.ts';
import { loadLearnedPolicy } from '../../src/autoscaling/policies/learned.ts';
import { ThresholdPolicy } from '../../src/autoscaling/policies/threshold.ts';
import { defaultProblem } from '../../src/autoscaling/problem.ts';
import { shippedModel } from '../../src/cli/autoscale/policies.ts';
import type { Bench, BenchFigure } from './bench.ts';

const RUNS = 30;
/** Percent of p95 that still counts as no worse: the width of a bucket of the histogram. */
const NO_WORSE_PERCENT = 1.6;

export const autoscaleBench: Bench = {
  name: 'autoscale',
  what: 'the shipped PPO against the HPA and fixed replicas on workloads that nothing was chosen by, all four patterns',
  async run({ quick, seed, progress }) {
    const problem = defaultProblem;
    const ppo = loadLearnedPolicy(shippedModel, 'ppo');
    progress('choosing the best fixed replicas');
    const best = bestFixed(problem, BEST_FIXED_SEEDS);
    const results = await evaluateAutoscaling({
      problem,
      policies: [
        new FixedPolicy(problem.initial.gpu, problem.initial.cpu),
        new FixedPolicy(best.gpuReplicas, best.cpuReplicas, best.placement, 'fixed-best'),
        new HpaPolicy(problem.limits),
        new ThresholdPolicy(problem.limits),
        ppo,
      ],
      baselines: ['fixed', 'fixed-best', 'hpa'],
      runs: quick ? 3 : RUNS,
      seed,
      tell: (done, all) => {
        if (done % 50 === 0) progress(`${done} of ${all} runs`);
      },
    });
    const figures = results.patterns.flatMap(({ pattern }): BenchFigure[] => [
      upper(results, pattern, 'hpa', 'p95Milliseconds', 0),
      upper(results, pattern, 'hpa', 'replicaHours', 0),
      upper(results, pattern, 'fixed', 'energyJoules', 0),
      upper(results, pattern, 'fixed', 'p95Milliseconds', NO_WORSE_PERCENT),
    ]);
    const [first, ...rest] = figures;
    if (first === undefined) throw new RangeError('no pattern was evaluated');
    return {
      figures: [first, ...rest],
      seeds: [seed, ...BEST_FIXED_SEEDS],
      details: {
        'upper ends': '95 % intervals (Student) of paired differences, percent; below 0 they leave zero out',
        runs: results.runs,
        'best fixed replicas': `${best.gpuReplicas} GPU, ${best.cpuReplicas} CPU, ${best.placement}`,
        ...Object.fromEntries(
          results.patterns.flatMap(({ pattern, policies }) =>
            policies.map(({ policy, metrics }) => [
              `${pattern}, ${policy}: p95 ms, kJ, replica-hours`,
              [metrics.p95Milliseconds.mean, metrics.energyJoules.mean / 1000, metrics.replicaHours.mean].map(
                (value) => Number(value.toFixed(3)),
              ),
            ]),
          ),
        ),
        ...Object.fromEntries(
          results.patterns.flatMap(({ pattern }) =>
            (['p95Milliseconds', 'energyJoules', 'replicaHours'] as const).map((metric) => {
              const { mean, low, high } = difference(results, pattern, 'fixed-best', metric);
              return [
                `${pattern}, ppo against fixed-best: ${metric}, % (mean, low, high)`,
                [mean, low ?? Number.NaN, high ?? Number.NaN].map((value) => Number(value.toFixed(2))),
              ];
            }),
          ),
        ),
      },
    };
  },
};

function difference(results: AutoscalingResults, pattern: string, baseline: string, metric: ComparedMetric) {
  const found = results.patterns.find((each) => each.pattern === pattern)!;
  return found.policies.find(({ policy }) => policy === 'ppo')!.against[baseline]![metric];
}

const units = {
  p95Milliseconds: { name: 'p95', unit: 'ms' },
  energyJoules: { name: 'energy', unit: 'J' },
  replicaHours: { name: 'replica-hours', unit: 'h' },
} as const;

/** Upper end of the interval of the difference. The goal of replica-hours and energy is 0, of p95 against fixed replicas no worse. */
function upper(
  results: AutoscalingResults,
  pattern: string,
  baseline: string,
  metric: ComparedMetric,
  goal: number,
): BenchFigure {
  const { mean, high } = difference(results, pattern, baseline, metric);
  const policies = results.patterns.find((each) => each.pattern === pattern)!.policies;
  const control = policies.find(({ policy }) => policy === baseline)!.metrics[metric].mean;
  const { name, unit } = units[metric];
  return {
    what: `${pattern}: ${name} of PPO against ${baseline}, upper end of the interval (mean ${mean.toFixed(2)} %)`,
    value: high ?? Number.NaN,
    unit: '%',
    goal,
    direction: 'at-most',
    control: { what: `${baseline}, ${unit}`, value: control },
  };
}
