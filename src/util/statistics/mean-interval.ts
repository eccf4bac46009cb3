import { CONFIDENCE, type Interval } from './interval.ts';
import { mean, standardDeviation } from './mean.ts';
import { studentCritical, studentTwoSided } from './student-t.ts';

export interface MeanEstimate {
  readonly count: number;
  readonly mean: number;
  /** Student's t interval; undefined for fewer than two values. */
  readonly interval: Interval | undefined;
  /** Two-sided p of the mean being 0 (t test); undefined for fewer than two values. */
  readonly p: number | undefined;
}

/**
 * The mean of independent values, with its t interval and t test against 0. Of paired differences it is the paired t
 * test. Values that are all equal have an interval of no width, and p is 1 where they are 0, otherwise 0.
 *
 * @example
 * estimateMean([-1, -2, -3]).mean; // -2
 */
export function estimateMean(values: ArrayLike<number>, confidence: number = CONFIDENCE): MeanEstimate {
  const count = values.length;
  const centre = mean(values);
  if (count < 2) return { count, mean: centre, interval: undefined, p: undefined };
  const error = standardDeviation(values) / Math.sqrt(count);
  const half = studentCritical(confidence, count - 1) * error;
  const p = error === 0 ? (centre === 0 ? 1 : 0) : studentTwoSided(centre / error, count - 1);
  return { count, mean: centre, interval: { low: centre - half, high: centre + half }, p };
}
