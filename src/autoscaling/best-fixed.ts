import { patternOf } from './patterns.ts';
import { FixedPolicy } from './policies/fixed.ts';
import { type Placement, placements } from './policy.ts';
import type { AutoscalingProblem } from './problem.ts';
import { runEpisode } from './run-episode.ts';

export interface FixedChoice {
  readonly gpuReplicas: number;
  readonly cpuReplicas: number;
  readonly placement: Placement;
  /** Mean over the patterns. */
  readonly energyJoules: number;
  /** Of the worst pattern. */
  readonly p95Milliseconds: number;
}

/** Workloads to choose by: of none that anything is judged on. */
export const BEST_FIXED_SEEDS: readonly number[] = [800_000_001];

/** More GPU replicas are not tried: they never were the cheapest of what keeps the objective. */
const MOST_GPU = 5;

/**
 * The fixed replicas and the placement that take least energy of all that keep the objective (p95 of the worst pattern), or the
 * quickest where none does: what somebody who knows the patterns would set by hand. Every combination is simulated.
 *
 * @param seeds of the workloads that it is chosen by
 */
export function bestFixed(
  problem: AutoscalingProblem,
  seeds: readonly number[],
  tell: (done: number, all: number) => void = () => undefined,
): FixedChoice {
  const { gpu, cpu } = problem.limits;
  const choices: FixedChoice[] = [];
  const most = Math.min(gpu.max, Math.max(gpu.min, MOST_GPU));
  const all = (most - gpu.min + 1) * (cpu.max - cpu.min + 1) * placements.length;
  for (let gpuReplicas = gpu.min; gpuReplicas <= most; gpuReplicas++)
    for (let cpuReplicas = cpu.min; cpuReplicas <= cpu.max; cpuReplicas++)
      for (const placement of placements) {
        tell(choices.length, all);
        choices.push(simulated(problem, seeds, { gpuReplicas, cpuReplicas, placement }));
      }
  const limit = 1000 * problem.objectiveSeconds;
  const kept = choices.filter(({ p95Milliseconds }) => p95Milliseconds <= limit);
  return kept.length > 0
    ? kept.reduce((a, b) => (b.energyJoules < a.energyJoules ? b : a))
    : choices.reduce((a, b) => (b.p95Milliseconds < a.p95Milliseconds ? b : a));
}

function simulated(
  problem: AutoscalingProblem,
  seeds: readonly number[],
  choice: Pick<FixedChoice, 'gpuReplicas' | 'cpuReplicas' | 'placement'>,
): FixedChoice {
  const { gpuReplicas, cpuReplicas, placement } = choice;
  const policy = new FixedPolicy(gpuReplicas, cpuReplicas, placement);
  let joules = 0;
  let worst = 0;
  for (const name of problem.patterns) {
    let p95 = 0;
    for (const seed of seeds) {
      const { metrics } = runEpisode(problem, policy, patternOf(problem, name, seed), seed);
      joules += metrics.energyJoules / (problem.patterns.length * seeds.length);
      p95 += metrics.p95Milliseconds / seeds.length;
    }
    worst = Math.max(worst, p95);
  }
  return { ...choice, energyJoules: joules, p95Milliseconds: worst };
}
