import { type Spread, spreadOf, spreadsOf } from '../evaluation/spread.ts';
import { RandomStream } from '../util/rng.ts';
import { pairedPercent } from '../util/statistics/paired.ts';
import { AutoscalingEpisode } from './episode.ts';
import { patternOf } from './patterns.ts';
import type { AutoscalingPolicy } from './policy.ts';
import type { AutoscalingProblem, TrainedPattern } from './problem.ts';
import { type EpisodeMetrics, type EpisodeSeries, runEpisode } from './run-episode.ts';

export type Metric = keyof EpisodeMetrics;

/** Metrics that policies are compared by; less is better in all of them. */
export const comparedMetrics = [
  'p95Milliseconds',
  'energyJoules',
  'replicaHours',
] as const satisfies readonly Metric[];
export type ComparedMetric = (typeof comparedMetrics)[number];

export interface PolicyInPattern {
  readonly policy: string;
  /** Of each run, in the order of the seeds. */
  readonly runs: readonly EpisodeMetrics[];
  readonly metrics: Readonly<Record<Metric, Spread>>;
  /** Percent against each of the baselines, run by run on the same requests; negative is less. */
  readonly against: Readonly<Record<string, Readonly<Record<ComparedMetric, Spread>>>>;
  /** Of the first run. */
  readonly series: EpisodeSeries;
}

export interface PatternResult {
  readonly pattern: TrainedPattern;
  /** Of the workloads; the same for every policy. */
  readonly seeds: readonly number[];
  readonly policies: readonly PolicyInPattern[];
}

export interface AutoscalingResults {
  readonly kind: 'autoscaling';
  readonly seed: number;
  readonly runs: number;
  readonly objectiveMilliseconds: number;
  readonly episodeSeconds: number;
  readonly intervalSeconds: number;
  readonly baselines: readonly string[];
  readonly patterns: readonly PatternResult[];
}

export interface EvaluationOptions {
  readonly problem: AutoscalingProblem;
  readonly policies: readonly AutoscalingPolicy[];
  /** Names of the policies that the others are compared with. */
  readonly baselines: readonly string[];
  readonly runs: number;
  readonly seed: number;
  readonly tell?: (done: number, all: number) => void;
  /** Between two runs, for signals and other work. */
  readonly pause?: () => Promise<void>;
}

/** Seeds of the workloads of a pattern: a stream of their own, which trainings and the choice of fixed replicas do not draw from. */
export function workloadSeeds(seed: number, pattern: TrainedPattern, runs: number): readonly number[] {
  const random = new RandomStream(seed).fork(`held-out ${pattern}`);
  return Array.from({ length: runs }, () => random.bits32());
}

/**
 * Every policy on the same workloads, run by run, with the same metric code; mean, deviation and Student's t interval of each metric,
 * and of the paired differences in percent.
 *
 * @throws KISIM_E_AUTOSCALE_METRIC
 */
export async function evaluateAutoscaling(options: EvaluationOptions): Promise<AutoscalingResults> {
  const { problem, policies, baselines, runs, seed, tell, pause } = options;
  const episode = new AutoscalingEpisode(problem);
  const all = problem.patterns.length * policies.length * runs;
  let done = 0;
  const patterns: PatternResult[] = [];
  for (const pattern of problem.patterns) {
    const seeds = workloadSeeds(seed, pattern, runs);
    const ran = new Map<string, { runs: EpisodeMetrics[]; series: EpisodeSeries }>();
    for (const policy of policies) {
      let series: EpisodeSeries | undefined;
      const metrics: EpisodeMetrics[] = [];
      for (const one of seeds) {
        const run = runEpisode(problem, policy, patternOf(problem, pattern, one), one, episode);
        metrics.push(run.metrics);
        series ??= run.series;
        tell?.(++done, all);
        await pause?.();
      }
      ran.set(policy.name, { runs: metrics, series: series! });
    }
    patterns.push({
      pattern,
      seeds,
      policies: [...ran].map(([policy, { runs: own, series }]) => ({
        policy,
        runs: own,
        metrics: spreadsOf(own),
        against: Object.fromEntries(
          baselines
            .filter((baseline) => baseline !== policy && ran.has(baseline))
            .map((baseline) => [baseline, differences(own, ran.get(baseline)!.runs)]),
        ),
        series,
      })),
    });
  }
  return {
    kind: 'autoscaling',
    seed,
    runs,
    objectiveMilliseconds: 1000 * problem.objectiveSeconds,
    episodeSeconds: problem.episodeSeconds,
    intervalSeconds: problem.intervalSeconds,
    baselines,
    patterns,
  };
}

function differences(
  own: readonly EpisodeMetrics[],
  baseline: readonly EpisodeMetrics[],
): Record<ComparedMetric, Spread> {
  return Object.fromEntries(
    comparedMetrics.map((name) => [
      name,
      spreadOf([
        ...pairedPercent(
          own.map((run) => run[name]),
          baseline.map((run) => run[name]),
        ),
      ]),
    ]),
  ) as Record<ComparedMetric, Spread>;
}
