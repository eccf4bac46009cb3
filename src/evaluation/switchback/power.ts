import { exp, ln } from '../../util/portable-math.ts';
import { CONFIDENCE } from '../../util/statistics/interval.ts';
import { studentCritical } from '../../util/statistics/student-t.ts';

/** Chance that a difference of the size told is found. */
export const POWER = 0.8;

/**
 * Standard deviation of a pair's logarithmic difference that is assumed where no earlier experiment tells one: 5 %.
 */
export const ASSUMED_NOISE = 0.05;

/**
 * The smallest difference, in percent, that so many pairs find with a chance of 80 %: (t(0.975) + t(0.8)) sd / sqrt(n), the
 * usual formula of a paired t test (e.g. Chow, Shao and Wang, Sample Size Calculations in Clinical Research, 2008). Told as a
 * saving, which is the smaller way of the two.
 *
 * @param noise standard deviation of the pairs' logarithmic differences
 */
export function findablePercent(pairs: number, noise: number): number {
  const t = studentCritical(CONFIDENCE, pairs - 1) + studentCritical(2 * POWER - 1, pairs - 1);
  return 100 * (1 - exp((-t * noise) / Math.sqrt(pairs)));
}

/** Pairs with which a difference of so many percent is found with a chance of 80 %. */
export function pairsToFind(percent: number, noise: number): number {
  const wanted = -ln(1 - percent / 100);
  let pairs = 2;
  while (pairs < 100_000 && -ln(1 - findablePercent(pairs, noise) / 100) > wanted) pairs++;
  return pairs;
}
