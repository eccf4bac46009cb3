import type { BootstrapOptions, Statistic } from './bootstrap.ts';
import { DEFAULT_RESAMPLES } from './bootstrap.ts';
import { CONFIDENCE, type Interval } from './interval.ts';
import { quantileOfSorted } from './quantile.ts';

/**
 * Percentile bootstrap interval of a statistic over all values together, each stratum resampled within itself, so that
 * every resample holds as many values of each as there are (Agarwal et al., "Deep reinforcement learning at the edge of
 * the statistical precipice", 2021). Undefined where a stratum has fewer than two values.
 */
export function stratifiedInterval(
  strata: readonly Float64Array[],
  statistic: Statistic,
  options: BootstrapOptions,
): Interval | undefined {
  if (strata.length === 0 || strata.some((stratum) => stratum.length < 2)) return undefined;
  const { random, resamples = DEFAULT_RESAMPLES, confidence = CONFIDENCE } = options;
  const drawn = new Float64Array(strata.reduce((sum, { length }) => sum + length, 0));
  const found = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let at = 0;
    for (const stratum of strata)
      for (let i = 0; i < stratum.length; i++) drawn[at++] = stratum[random.integer(stratum.length)]!;
    found[r] = statistic(drawn);
  }
  found.sort();
  const outside = (1 - confidence) / 2;
  return { low: quantileOfSorted(found, outside), high: quantileOfSorted(found, 1 - outside) };
}
