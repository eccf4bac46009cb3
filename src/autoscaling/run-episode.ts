import type { LoadPattern } from '../load/pattern/load-pattern.ts';
import { AutoscalingEpisode } from './episode.ts';
import { autoscalingErrors } from './errors.ts';
import type { AutoscalingPolicy } from './policy.ts';
import type { AutoscalingProblem } from './problem.ts';

/** What one policy came to on one workload. The same code for every policy. */
export interface EpisodeMetrics {
  /** Milliseconds, over every request that came; one that failed counts with the time-out. */
  readonly p50Milliseconds: number;
  readonly p95Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly meanMilliseconds: number;
  /** Requests that came, and of them those that failed and those that were late or failed. */
  readonly requests: number;
  readonly failedShare: number;
  readonly lateShare: number;
  /** Answered, per second of the episode. */
  readonly throughputPerSecond: number;
  readonly energyJoules: number;
  readonly joulesPerRequest: number;
  /** Replicas that were there (starting, ready, leaving), times hours. */
  readonly replicaHours: number;
  readonly gpuReplicaHours: number;
  readonly cpuReplicaHours: number;
  /** Replicas started and stopped, together. */
  readonly changes: number;
}

/** One row an interval, for plots. */
export interface EpisodeSeries {
  readonly seconds: number[];
  /** Requests a second that the pattern has in the middle of the interval. */
  readonly load: number[];
  readonly p95Milliseconds: (number | null)[];
  readonly watts: number[];
  readonly gpuReplicas: number[];
  readonly cpuReplicas: number[];
}

export interface EpisodeRun {
  readonly metrics: EpisodeMetrics;
  readonly series: EpisodeSeries;
}

/**
 * Lets a policy run one episode. Arrivals and their work depend on pattern and seed alone.
 *
 * @throws KISIM_E_AUTOSCALE_METRIC where something that the policy needs was not measured
 */
export function runEpisode(
  problem: AutoscalingProblem,
  policy: AutoscalingPolicy,
  pattern: LoadPattern,
  seed: number,
  episode = new AutoscalingEpisode(problem),
): EpisodeRun {
  const { intervalSeconds, episodeSeconds, objectiveSeconds } = problem;
  const { gpu, cpu } = episode.simulation.stations;
  const series: EpisodeSeries = {
    seconds: [],
    load: [],
    p95Milliseconds: [],
    watts: [],
    gpuReplicas: [],
    cpuReplicas: [],
  };
  let [answered, failed, joules, gpuSeconds, cpuSeconds, changes] = [0, 0, 0, 0, 0, 0];
  episode.begin(pattern, seed);
  policy.reset();
  while (!episode.isOver) {
    const { gpuReplicas, cpuReplicas, placement } = policy.decide(episode.observation);
    const outcome = episode.step(gpuReplicas, cpuReplicas, placement);
    answered += outcome.answered;
    failed += outcome.failed;
    joules += outcome.energyJoules;
    changes += outcome.changed;
    gpuSeconds += gpu.interval.presentSeconds;
    cpuSeconds += cpu.interval.presentSeconds;
    const p95 = episode.simulation.latencies.quantile(0.95);
    series.seconds.push(episode.simulation.seconds);
    series.load.push(pattern.levelAt(episode.simulation.seconds - intervalSeconds / 2));
    series.p95Milliseconds.push(p95 === undefined ? null : 1000 * p95);
    series.watts.push(outcome.energyJoules / intervalSeconds);
    series.gpuReplicas.push(outcome.gpuReplicas);
    series.cpuReplicas.push(outcome.cpuReplicas);
  }
  const throughputPerSecond = answered / episodeSeconds;
  episode.finish();
  failed += gpu.interval.failed + cpu.interval.failed;
  const { latencies } = episode;
  const requests = latencies.total;
  const milliseconds = (share: number) => 1000 * latencies.quantile(share)!;
  if (requests === 0)
    throw autoscalingErrors.KISIM_E_AUTOSCALE_METRIC(`no request came in the ${pattern.name} pattern`);
  const metrics: EpisodeMetrics = {
    p50Milliseconds: milliseconds(0.5),
    p95Milliseconds: milliseconds(0.95),
    p99Milliseconds: milliseconds(0.99),
    meanMilliseconds: 1000 * latencies.mean()!,
    requests,
    failedShare: failed / requests,
    lateShare: latencies.above(objectiveSeconds) / requests,
    throughputPerSecond,
    energyJoules: joules,
    joulesPerRequest: joules / (requests - failed),
    replicaHours: (gpuSeconds + cpuSeconds) / 3600,
    gpuReplicaHours: gpuSeconds / 3600,
    cpuReplicaHours: cpuSeconds / 3600,
    changes,
  };
  return { metrics, series };
}
