import type { LoadPattern } from '../load/pattern/load-pattern.ts';
import { periodicPattern, rampPattern, randomPattern, spikePattern } from '../load/pattern/shapes.ts';
import type { AutoscalingProblem, TrainedPattern } from './problem.ts';

/** A ramp begins far below what the others have at their lowest, as in KISim's experiments (1 against 10 users). */
const RAMP_FROM = 0.1;

/** One of the patterns, as long as an episode. @param seed of the random one's levels; the others have nothing to draw */
export function patternOf(
  { episodeSeconds, load }: Pick<AutoscalingProblem, 'episodeSeconds' | 'load'>,
  name: TrainedPattern,
  seed: number,
): LoadPattern {
  const shape = { ...load, durationSeconds: episodeSeconds };
  switch (name) {
    case 'ramp':
      return rampPattern({ ...shape, low: RAMP_FROM * load.low });
    case 'spike':
      return spikePattern(shape);
    case 'periodic':
      return periodicPattern(shape);
    case 'random':
      return randomPattern({ ...shape, seed });
  }
}
