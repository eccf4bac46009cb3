import { sin } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import { type LoadPattern, type PatternStep, StepPattern } from './load-pattern.ts';

/** The four shapes of KISim's experiments (GuilinDev/KISim, arXiv 2507.07932), and their sizes there. */
export const RAMP_STEPS = 20;
export const PERIODIC_STEPS = 60;
export const PERIODIC_CYCLES = 3;
export const RANDOM_STEP_SECONDS = 30;
const SPIKE_FROM = 0.3;
const SPIKE_TO = 0.7;

/** One level for the whole time. */
export function constantPattern(level: number, durationSeconds: number): LoadPattern {
  return new StepPattern('constant', [{ untilSeconds: durationSeconds, level }]);
}

export interface RampShape {
  readonly low: number;
  readonly high: number;
  readonly durationSeconds: number;
  readonly steps?: number;
}

/** In equal steps from `low` to `high`, both of them held for one step. One step is `high` alone. */
export function rampPattern({ low, high, durationSeconds, steps = RAMP_STEPS }: RampShape): LoadPattern {
  return equalSteps('ramp', durationSeconds, steps, (i) =>
    steps === 1 ? high : low + ((high - low) * i) / (steps - 1),
  );
}

export interface SpikeShape {
  readonly low: number;
  readonly high: number;
  readonly durationSeconds: number;
}

/** 30 % of the time `low`, 40 % `high`, 30 % `low`. */
export function spikePattern({ low, high, durationSeconds }: SpikeShape): LoadPattern {
  return new StepPattern('spike', [
    { untilSeconds: SPIKE_FROM * durationSeconds, level: low },
    { untilSeconds: SPIKE_TO * durationSeconds, level: high },
    { untilSeconds: durationSeconds, level: low },
  ]);
}

export interface PeriodicShape {
  readonly low: number;
  readonly high: number;
  readonly durationSeconds: number;
  readonly steps?: number;
  /** Whole waves in the time. */
  readonly cycles?: number;
}

/** A sine between `low` and `high` in equal steps, from its middle upwards. */
export function periodicPattern({
  low,
  high,
  durationSeconds,
  steps = PERIODIC_STEPS,
  cycles = PERIODIC_CYCLES,
}: PeriodicShape): LoadPattern {
  const middle = (low + high) / 2;
  const swing = (high - low) / 2;
  return equalSteps('periodic', durationSeconds, steps, (i) =>
    // Rounding must not push a wave that starts from 0 below it.
    Math.max(0, middle + swing * sin((2 * Math.PI * cycles * i) / steps)),
  );
}

export interface RandomShape {
  readonly low: number;
  readonly high: number;
  readonly durationSeconds: number;
  readonly seed: number;
  readonly stepSeconds?: number;
}

/** Every `stepSeconds` a level drawn uniformly from `low` to `high`; the last step may be shorter. */
export function randomPattern({
  low,
  high,
  durationSeconds,
  seed,
  stepSeconds = RANDOM_STEP_SECONDS,
}: RandomShape): LoadPattern {
  const random = new RandomStream(seed).fork('load pattern');
  const count = Math.max(1, Math.ceil(durationSeconds / stepSeconds));
  const steps: PatternStep[] = [];
  for (let i = 1; i <= count; i++) {
    const untilSeconds = i === count ? durationSeconds : i * stepSeconds;
    steps.push({ untilSeconds, level: random.uniform(low, high) });
  }
  return new StepPattern('random', steps);
}

function equalSteps(
  name: string,
  durationSeconds: number,
  steps: number,
  level: (step: number) => number,
): LoadPattern {
  return new StepPattern(
    name,
    Array.from({ length: steps }, (_, i) => ({
      untilSeconds: (durationSeconds * (i + 1)) / steps,
      level: level(i),
    })),
  );
}
