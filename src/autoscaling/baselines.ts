import { patternOf } from './patterns.ts';
import { FixedPolicy } from './policies/fixed.ts';
import type { BackendName } from './policy.ts';
import type { AutoscalingProblem, TrainedPattern } from './problem.ts';
import { runEpisode } from './run-episode.ts';

/** What one backend alone comes to. */
export interface BackendBaseline {
  readonly p95Milliseconds: number;
  readonly throughputPerSecond: number;
}

export type PatternBaseline = Readonly<Record<BackendName, BackendBaseline>>;
export type Baselines = Readonly<Record<TrainedPattern, PatternBaseline>>;

/**
 * What KISim's reward compares with: each backend alone, with the replicas that an episode begins with, under each pattern. KISim
 * has eight numbers of an experiment of its own in the source; here they are measured on the problem that is learned.
 */
export function measureBaselines(problem: AutoscalingProblem, seed: number): Baselines {
  const alone = (backend: BackendName, pattern: TrainedPattern): BackendBaseline => {
    const other = backend === 'gpu' ? 'cpu' : 'gpu';
    const limits = { ...problem.limits, [other]: { min: 0, max: problem.limits[other].max } };
    const initial = { ...problem.initial, [other]: 0 };
    const policy = new FixedPolicy(initial.gpu, initial.cpu);
    const { metrics } = runEpisode(
      { ...problem, limits, initial },
      policy,
      patternOf(problem, pattern, seed),
      seed,
    );
    const { p95Milliseconds, throughputPerSecond } = metrics;
    return { p95Milliseconds, throughputPerSecond };
  };
  const of = (pattern: TrainedPattern): PatternBaseline => ({
    gpu: alone('gpu', pattern),
    cpu: alone('cpu', pattern),
  });
  return { ramp: of('ramp'), spike: of('spike'), periodic: of('periodic'), random: of('random') };
}
