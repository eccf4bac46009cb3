import type { RandomStream } from '../rng.ts';
import { CONFIDENCE, type Interval } from './interval.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { quantileOfSorted } from './quantile.ts';

export type Statistic = (values: Float64Array) => number;

export interface BootstrapOptions {
  readonly random: RandomStream;
  /** Resamples drawn; 2000 unless told. */
  readonly resamples?: number;
  readonly confidence?: number;
}

export const DEFAULT_RESAMPLES = 2000;

/** The statistic of resamples drawn with replacement, ascending. */
function replicates(values: Float64Array, statistic: Statistic, options: BootstrapOptions): Float64Array {
  const { random, resamples = DEFAULT_RESAMPLES } = options;
  const drawn = new Float64Array(values.length);
  const found = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < drawn.length; i++) drawn[i] = values[random.integer(values.length)]!;
    found[r] = statistic(drawn);
  }
  return found.sort();
}

/** Percentile bootstrap interval (Efron 1979); undefined for fewer than two values. */
export function percentileInterval(
  values: Float64Array,
  statistic: Statistic,
  options: BootstrapOptions,
): Interval | undefined {
  if (values.length < 2) return undefined;
  const outside = (1 - (options.confidence ?? CONFIDENCE)) / 2;
  const sorted = replicates(values, statistic, options);
  return { low: quantileOfSorted(sorted, outside), high: quantileOfSorted(sorted, 1 - outside) };
}

/**
 * Bias-corrected and accelerated bootstrap interval (Efron, "Better bootstrap confidence intervals", 1987): for skewed
 * values it lies better than the percentile interval. Undefined for fewer than two values.
 */
export function bcaInterval(
  values: Float64Array,
  statistic: Statistic,
  options: BootstrapOptions,
): Interval | undefined {
  if (values.length < 2) return undefined;
  const sorted = replicates(values, statistic, options);
  const found = statistic(values);
  const bias = normalQuantile(shareBelow(sorted, found));
  const acceleration = jackknifeAcceleration(values, statistic);
  const outside = (1 - (options.confidence ?? CONFIDENCE)) / 2;
  const end = (share: number) => {
    const z = bias + normalQuantile(share);
    return quantileOfSorted(sorted, normalCdf(bias + z / (1 - acceleration * z)));
  };
  return { low: end(outside), high: end(1 - outside) };
}

/** Half of what is equal counts as below; kept off 0 and 1, where the correction would be infinite. */
function shareBelow(sorted: Float64Array, found: number): number {
  let below = 0;
  for (const value of sorted) below += value < found ? 1 : value === found ? 0.5 : 0;
  const least = 0.5 / sorted.length;
  return Math.min(1 - least, Math.max(least, below / sorted.length));
}

function jackknifeAcceleration(values: Float64Array, statistic: Statistic): number {
  const count = values.length;
  const without = new Float64Array(count - 1);
  const left = Float64Array.from(values, (_, skip) => {
    for (let i = 0; i < count - 1; i++) without[i] = values[i < skip ? i : i + 1]!;
    return statistic(without);
  });
  let centre = 0;
  for (const each of left) centre += each / count;
  let squares = 0;
  let cubes = 0;
  for (const each of left) {
    squares += (centre - each) ** 2;
    cubes += (centre - each) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares * Math.sqrt(squares));
}
