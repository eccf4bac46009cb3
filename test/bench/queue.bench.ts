import { policyByName } from '../../src/policy/registry.ts';
import { admissionByName } from '../../src/queueing/admission-by-name.ts';
import { DEFAULT_CLUSTER, queueCluster } from '../../src/queueing/clusters.ts';
import {
  type ComparedMetric,
  evaluateQueue,
  type QueueResults,
} from '../../src/queueing/evaluation/evaluate.ts';
import { DEFAULT_PLACEMENT } from '../../src/queueing/simulated/simulate-queue.ts';
import { generateJobs, generatorFor } from '../../src/queueing/workload/generate.ts';
import { strategyByName } from '../../src/queueing/workload/strategies.ts';
import type { Bench, BenchFigure } from './bench.ts';

const RUNS = 20;
const LOAD = 0.85;
const WEEK = 7 * 86400;
/** Above all seeds of trainings and their validations. */
const HELD_OUT = 3_600_000_000;

const baselines = ['fifo', 'sjf', 'easy'] as const;
const others = ['fifo-best-effort', 'priority', 'smallest-area', 'easy-sjf', 'reserving'] as const;

export const queueBench: Bench = {
  name: 'queue',
  what: 'the shipped PPO against FIFO, SJF and EASY on weeks that nothing was chosen by: slowdown and energy',
  async run({ quick, seed, progress }) {
    const nodes = queueCluster(DEFAULT_CLUSTER, false);
    const windowSeconds = quick ? WEEK / 10 : WEEK;
    const results = await evaluateQueue({
      nodes,
      cluster: DEFAULT_CLUSTER,
      placement: policyByName(DEFAULT_PLACEMENT, { ties: 'lexicographic' }),
      workloads: Array.from({ length: quick ? 3 : RUNS }, (_, run) => {
        const own = HELD_OUT + seed * 1000 + run;
        return {
          seed: own,
          make: () =>
            generateJobs({
              ...generatorFor(nodes),
              strategy: strategyByName('realistic'),
              load: LOAD,
              windowSeconds,
              seed: own,
            }),
        };
      }),
      load: LOAD,
      policies: [...baselines, ...(quick ? [] : others), 'ppo'].map(admissionByName),
      baselines: [...baselines, 'reserving'],
      seriesSeconds: 0,
      tell: (done, all) => {
        if (done % 9 === 0) progress(`${done} of ${all} runs`);
      },
    });
    const [first, ...rest] = baselines.flatMap((baseline) => [
      upper(results, baseline, 'meanBoundedSlowdown'),
      upper(results, baseline, 'energyKwh'),
    ]);
    return {
      figures: [first!, ...rest],
      seeds: [seed],
      details: {
        'upper ends': '95 % intervals (Student) of paired differences, percent; below 0 they leave zero out',
        ...(quick ? { scaled: '3 runs of a tenth of a week' } : {}),
        runs: results.seeds.length,
        load: LOAD,
        ...Object.fromEntries(
          results.policies.map(({ policy, metrics }) => [
            `${policy}: slowdown, mean wait s, jobs/h, kWh`,
            [
              metrics.meanBoundedSlowdown,
              metrics.meanWaitSeconds,
              metrics.throughputPerHour,
              metrics.energyKwh,
            ].map(({ mean }) => Number(mean.toPrecision(6))),
          ]),
        ),
        ...Object.fromEntries(
          quick
            ? []
            : (['meanBoundedSlowdown', 'energyKwh', 'meanWaitSeconds'] as const).map((metric) => {
                const { mean, low, high } = difference(results, 'reserving', metric);
                return [
                  `ppo against reserving, where it began: ${metric}, % (mean, low, high)`,
                  [mean, low ?? Number.NaN, high ?? Number.NaN].map((value) => Number(value.toFixed(2))),
                ];
              }),
        ),
      },
    };
  },
};

function difference(results: QueueResults, baseline: string, metric: ComparedMetric) {
  return results.policies.find(({ policy }) => policy === 'ppo')!.against[baseline]![metric];
}

/** Upper end of the interval of the difference in percent; the goal is 0. */
function upper(
  results: QueueResults,
  baseline: string,
  metric: 'meanBoundedSlowdown' | 'energyKwh',
): BenchFigure {
  const { mean, high } = difference(results, baseline, metric);
  const control = results.policies.find(({ policy }) => policy === baseline)!.metrics[metric].mean;
  const name = metric === 'energyKwh' ? 'energy' : 'mean bounded slowdown';
  return {
    what: `${name} of PPO against ${baseline}, upper end of the interval (mean ${mean.toFixed(2)} %)`,
    value: high ?? Number.NaN,
    unit: '%',
    goal: 0,
    direction: 'at-most',
    control: { what: metric === 'energyKwh' ? `${baseline}, kWh` : baseline, value: control },
  };
}
