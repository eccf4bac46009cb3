import { errors } from './errors.ts';

/**
 * By how many percent each value lies above the one it is paired with: 100 (value / baseline - 1). Negative: less.
 *
 * @throws KISIM_E_STATISTICS_UNPAIRED for lists of different lengths, or a baseline that is not above 0
 */
export function pairedPercent(values: ArrayLike<number>, baseline: ArrayLike<number>): Float64Array {
  if (values.length !== baseline.length)
    throw errors.KISIM_E_STATISTICS_UNPAIRED(`${values.length} values beside ${baseline.length}`);
  const percent = new Float64Array(values.length);
  for (let i = 0; i < percent.length; i++) {
    if (!(baseline[i]! > 0)) throw errors.KISIM_E_STATISTICS_UNPAIRED(`a baseline of ${baseline[i]}`);
    percent[i] = 100 * (values[i]! / baseline[i]! - 1);
  }
  return percent;
}
