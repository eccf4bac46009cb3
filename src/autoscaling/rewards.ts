import type { PatternBaseline } from './baselines.ts';
import type { IntervalOutcome } from './episode.ts';
import { type AutoscalingObservation, measuredNumber } from './policy.ts';
import type { AutoscalingProblem, TrainedPattern } from './problem.ts';

/** Watts that the energy part counts as 1: about what all replicas of KISim's baseline take at work. */
const REFERENCE_WATTS = 300;

/** What of the load of an episode an interval has on average. */
function meanRequests({ load, intervalSeconds }: AutoscalingProblem): number {
  return ((load.low + load.high) / 2) * intervalSeconds;
}

/**
 * Minus what an interval cost: energy, requests that were late or failed (by their number, so that a busy interval counts for
 * more, as it does in the p95 of a run), mean latency by the objective, replicas that were asked for, and changes.
 */
export function ownReward(problem: AutoscalingProblem, outcome: IntervalOutcome): number {
  const { ownWeights, intervalSeconds, objectiveSeconds, limits } = problem;
  const watts = outcome.energyJoules / intervalSeconds;
  const latency = outcome.meanLatencySeconds ?? 0;
  const most = limits.gpu.max + limits.cpu.max;
  return -(
    (ownWeights.energy * watts) / REFERENCE_WATTS +
    (ownWeights.late * outcome.late) / meanRequests(problem) +
    ownWeights.latency * Math.min(latency / objectiveSeconds, 10) +
    (ownWeights.replicas * (outcome.gpuReplicas + outcome.cpuReplicas)) / most +
    ownWeights.change * outcome.changed
  );
}

/** Patterns for which KISim wants GPU replicas rather than as many of each. */
const gpuPatterns: readonly TrainedPattern[] = ['random', 'spike'];
const STABLE = 0.1;
const UNSTABLE = -0.2;
const LOOKED_BACK = 5;
const CPU_LIMIT_PERCENT = 90;
const CPU_PENALTY = 0.5;

/**
 * KISim's reward (scripts/rl/kubernetes_env.py, `_calculate_reward`), in its four parts: latency and throughput by a measured
 * baseline, never below 0; the share of GPU replicas, or how even the two are; and stability, which is 0.1 unless more than two of
 * the last five decisions changed something. Half a point less where the CPU is used by more than 90 %.
 */
export class KisimReward {
  readonly #problem: AutoscalingProblem;
  readonly #changes: boolean[] = [];

  constructor(problem: AutoscalingProblem) {
    this.#problem = problem;
  }

  clear(): void {
    this.#changes.length = 0;
  }

  get state(): readonly boolean[] {
    return [...this.#changes];
  }

  restore(changes: readonly boolean[]): void {
    this.#changes.splice(0, this.#changes.length, ...changes);
  }

  /** @throws KISIM_E_AUTOSCALE_METRIC */
  of(
    pattern: TrainedPattern,
    baseline: PatternBaseline,
    observation: AutoscalingObservation,
    outcome: IntervalOutcome,
  ): number {
    const { kisimWeights } = this.#problem;
    const { gpuReplicas: gpu, cpuReplicas: cpu } = outcome;
    const wantsGpu = gpuPatterns.includes(pattern);
    const latencyBaseline = wantsGpu ? baseline.gpu.p95Milliseconds : even(baseline, 'p95Milliseconds');
    const throughputBaseline = wantsGpu
      ? baseline.gpu.throughputPerSecond
      : even(baseline, 'throughputPerSecond');
    const latency = measuredNumber(observation, 'latencyP95Milliseconds');
    const throughput = measuredNumber(observation, 'throughputPerSecond');
    const better = Math.max(0, (latencyBaseline - latency) / latencyBaseline);
    const more = Math.max(0, (throughput - throughputBaseline) / throughputBaseline);
    const replicas = gpu + cpu;
    const efficiency = replicas === 0 ? 0 : wantsGpu ? gpu / replicas : 1 - Math.abs(gpu - cpu) / replicas;
    const overused = measuredNumber(observation, 'cpuUtilizationPercent') > CPU_LIMIT_PERCENT;
    return (
      kisimWeights.latency * better +
      kisimWeights.throughput * more +
      kisimWeights.resourceEfficiency * efficiency +
      kisimWeights.stability * this.#stability(outcome.changed > 0) -
      (overused ? CPU_PENALTY : 0)
    );
  }

  #stability(changed: boolean): number {
    this.#changes.push(this.#problem.defects.stabilityBlind ? false : changed);
    if (this.#changes.length > LOOKED_BACK) this.#changes.shift();
    if (this.#changes.length < 3) return 0;
    return this.#changes.filter((each) => each).length > 2 ? UNSTABLE : STABLE;
  }
}

function even({ gpu, cpu }: PatternBaseline, field: 'p95Milliseconds' | 'throughputPerSecond'): number {
  return (gpu[field] + cpu[field]) / 2;
}
