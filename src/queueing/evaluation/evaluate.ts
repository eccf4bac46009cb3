import type { Node } from '../../cluster/node.ts';
import { type Spread, spreadOf, spreadsOf } from '../../evaluation/spread.ts';
import type { Policy } from '../../policy/policy.ts';
import type { SimulationSeries } from '../../simulation/simulation.ts';
import { pairedPercent } from '../../util/statistics/paired.ts';
import type { AdmissionPolicy } from '../policy.ts';
import { type QueueOutcome, simulateQueue } from '../simulated/simulate-queue.ts';
import type { JobWorkload } from '../workload/job.ts';
import { metricsOf, type QueueMetrics } from './metrics.ts';
import { slowdownShares } from './slowdown-shares.ts';

export type QueueMetric = keyof QueueMetrics;

/** Metrics that policies are compared by in pairs; less is better in all of them. */
export const comparedMetrics = [
  'meanBoundedSlowdown',
  'energyKwh',
  'meanWaitSeconds',
] as const satisfies readonly QueueMetric[];
export type ComparedMetric = (typeof comparedMetrics)[number];

export interface PolicyResult {
  readonly policy: string;
  /** In the order of the runs. */
  readonly runs: readonly QueueMetrics[];
  readonly metrics: Readonly<Record<QueueMetric, Spread>>;
  /** Percent against each baseline, run by run on the same jobs; negative is less. */
  readonly against: Readonly<Record<string, Readonly<Record<ComparedMetric, Spread>>>>;
  /** Of the first run. */
  readonly series: SimulationSeries | undefined;
  /** Share of the jobs of all runs whose bounded slowdown is above each of `slowdownSteps`. */
  readonly slowdownShares: readonly number[];
}

export interface QueueResults {
  readonly kind: 'queue';
  readonly workload: string;
  readonly cluster: string;
  readonly placement: string;
  readonly load: number | null;
  readonly windowSeconds: number;
  /** Seeds of the workloads, one a run. */
  readonly seeds: readonly number[];
  readonly baselines: readonly string[];
  readonly policies: readonly PolicyResult[];
  readonly notes: readonly string[];
}

export interface QueueEvaluationOptions {
  readonly nodes: readonly Node[];
  readonly cluster: string;
  readonly placement: Policy;
  /** The jobs of each run. */
  readonly workloads: readonly { readonly seed: number; readonly make: () => JobWorkload }[];
  readonly load: number | null;
  readonly policies: readonly AdmissionPolicy[];
  /** Names of policies that the others are compared with. */
  readonly baselines: readonly string[];
  readonly seriesSeconds: number;
  readonly tell?: (done: number, all: number) => void;
  /** Between two simulations, for signals and other work. */
  readonly pause?: () => Promise<void>;
}

/**
 * Every policy on the same jobs, run by run, with the same code for every figure: means, deviations and Student's t intervals, and those of
 * the differences in pairs.
 *
 * @throws KISIM_E_QUEUE_..., KISIM_E_SIM_...
 */
export async function evaluateQueue(options: QueueEvaluationOptions): Promise<QueueResults> {
  const { nodes, placement, policies, baselines, workloads, tell, pause } = options;
  const ran = policies.map((policy) => ({
    policy,
    runs: [] as QueueMetrics[],
    series: undefined as SimulationSeries | undefined,
    outcomes: [] as number[][],
  }));
  let done = 0;
  let first: JobWorkload | undefined;
  for (const [run, { seed, make }] of workloads.entries()) {
    const workload = make();
    first ??= workload;
    for (const each of ran) {
      const seriesSeconds = run === 0 ? options.seriesSeconds : 0;
      const outcome: QueueOutcome = simulateQueue(
        { nodes, workload, placement, seriesSeconds },
        each.policy,
        seed,
      );
      each.runs.push(metricsOf(outcome, nodes, workload.windowSeconds));
      each.outcomes.push(slowdownShares(outcome.times));
      if (run === 0) each.series = outcome.result.series;
      tell?.(++done, ran.length * workloads.length);
      await pause?.();
    }
  }
  return {
    kind: 'queue',
    workload: first?.name ?? '',
    cluster: options.cluster,
    placement: placement.name,
    load: options.load,
    windowSeconds: first?.windowSeconds ?? 0,
    seeds: workloads.map(({ seed }) => seed),
    baselines,
    policies: ran.map(({ policy, runs, series, outcomes }) => ({
      policy: policy.name,
      runs,
      metrics: spreadsOf(runs),
      against: Object.fromEntries(
        ran
          .filter((other) => other.policy !== policy && baselines.includes(other.policy.name))
          .map((other) => [other.policy.name, differences(runs, other.runs)]),
      ),
      series,
      slowdownShares: outcomes[0]!.map(
        (_, i) => outcomes.reduce((sum, shares) => sum + shares[i]!, 0) / outcomes.length,
      ),
    })),
    notes: first?.notes ?? [],
  };
}

function differences(
  runs: readonly QueueMetrics[],
  others: readonly QueueMetrics[],
): Record<ComparedMetric, Spread> {
  return Object.fromEntries(
    comparedMetrics.map((metric) => {
      const other = others.map((run) => run[metric]);
      // Where nobody waited there is nothing to be a percentage of.
      const percent = other.every((value) => value > 0)
        ? spreadOf(
            pairedPercent(
              runs.map((run) => run[metric]),
              other,
            ),
          )
        : { mean: Number.NaN, deviation: null, low: null, high: null };
      return [metric, percent];
    }),
  ) as Record<ComparedMetric, Spread>;
}
