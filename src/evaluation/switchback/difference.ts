import { exp } from '../../util/portable-math.ts';
import type { RandomStream } from '../../util/rng.ts';
import { CONFIDENCE, type Interval } from '../../util/statistics/interval.ts';
import { mean, standardDeviation } from '../../util/statistics/mean.ts';
import { estimateMean } from '../../util/statistics/mean-interval.ts';
import { studentCritical, studentTwoSided } from '../../util/statistics/student-t.ts';
import type { CountedPair } from './pairs.ts';
import type { Side } from './plan.ts';
import { randomisationP } from './randomisation-test.ts';

/** How much more side A uses than side B, in percent of B; negative: less. */
export interface PercentEstimate {
  readonly percent: number;
  /** Undefined for fewer than two pairs. */
  readonly interval: Interval | undefined;
  /** Two-sided, of there being no difference. */
  readonly p: number | undefined;
}

export interface Difference extends PercentEstimate {
  /** Of the randomisation test; undefined where nothing is counted. */
  readonly randomisationP: number | undefined;
  /** Standard deviation of the pairs' logarithmic differences; undefined for fewer than two. */
  readonly noise: number | undefined;
}

/** Percent of a difference of logarithms. */
export function percentOf(log: number): number {
  return 100 * (exp(log) - 1);
}

/** The mean of logarithmic differences, with its t interval, as percent. */
export function percentEstimate(logs: ArrayLike<number>): PercentEstimate {
  const { mean: centre, interval, p } = estimateMean(logs);
  return {
    percent: percentOf(centre),
    interval: interval && { low: percentOf(interval.low), high: percentOf(interval.high) },
    p,
  };
}

/**
 * The relative difference in joules per unit of work: the geometric mean of the pairs' ratios. Its interval is Student's over
 * pairs, which are taken for independent draws of one distribution that is near enough to normal; a level that changes from
 * pair to pair cancels, a trend within pairs widens it. The randomisation test assumes nothing of this.
 */
export function differenceOf(
  pairs: readonly CountedPair[],
  orders: readonly Side[],
  random: RandomStream,
): Difference {
  const logs = pairs.map(({ logEnergyPerWork }) => logEnergyPerWork);
  const firstMinusSecond = new Array<number | undefined>(orders.length).fill(undefined);
  for (const { pair, beganWith, logEnergyPerWork } of pairs)
    firstMinusSecond[pair] = beganWith === 'a' ? logEnergyPerWork : -logEnergyPerWork;
  return {
    ...percentEstimate(logs),
    randomisationP: pairs.length === 0 ? undefined : randomisationP(firstMinusSecond, orders, random),
    noise: pairs.length < 2 ? undefined : standardDeviation(logs),
  };
}

/**
 * The difference in energy at equal work: the intercept of a regression of the pairs' energies on their work. Where idle
 * power weighs most, joules per unit of work follow the load more than the policy; this takes that out. Undefined for fewer
 * than four pairs, or where the work never differs.
 */
export function atEqualWork(pairs: readonly CountedPair[]): PercentEstimate | undefined {
  const x = pairs.map(({ logWork }) => logWork);
  const line = fitLine(
    x,
    pairs.map(({ logEnergy }) => logEnergy),
  );
  if (line === undefined) return undefined;
  const { atMean, slope, deviation, squares, degrees } = line;
  const centre = mean(x);
  const log = atMean - slope * centre;
  const error = deviation * Math.sqrt(1 / x.length + (centre * centre) / squares);
  const half = studentCritical(CONFIDENCE, degrees) * error;
  return {
    percent: percentOf(log),
    interval: { low: percentOf(log - half), high: percentOf(log + half) },
    p: error === 0 ? (log === 0 ? 1 : 0) : studentTwoSided(log / error, degrees),
  };
}

export interface FittedLine {
  /** y at the mean of x. */
  readonly atMean: number;
  readonly slope: number;
  /** Of what is left over. */
  readonly deviation: number;
  /** Sum of squares of x around its mean. */
  readonly squares: number;
  readonly degrees: number;
}

/** Least squares; undefined for fewer than four points, or where x never differs. */
export function fitLine(x: readonly number[], y: readonly number[]): FittedLine | undefined {
  const count = x.length;
  if (count < 4) return undefined;
  const [meanX, meanY] = [mean(x), mean(y)];
  let squares = 0;
  let products = 0;
  for (let i = 0; i < count; i++) {
    squares += (x[i]! - meanX) ** 2;
    products += (x[i]! - meanX) * (y[i]! - meanY);
  }
  if (!(squares > 1e-18)) return undefined;
  const slope = products / squares;
  let left = 0;
  for (let i = 0; i < count; i++) left += (y[i]! - meanY - slope * (x[i]! - meanX)) ** 2;
  const degrees = count - 2;
  return { atMean: meanY, slope, deviation: Math.sqrt(left / degrees), squares, degrees };
}
