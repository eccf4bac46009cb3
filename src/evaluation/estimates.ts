import type { RandomStream } from '../util/rng.ts';
import { bcaInterval, percentileInterval } from '../util/statistics/bootstrap.ts';
import { interquartileMean } from '../util/statistics/interquartile-mean.ts';
import type { Interval } from '../util/statistics/interval.ts';
import { mean } from '../util/statistics/mean.ts';
import { estimateMean } from '../util/statistics/mean-interval.ts';
import { probabilityOfImprovement } from '../util/statistics/probability-of-improvement.ts';
import type { Estimate } from './results.ts';

/** The mean with its t interval, as results hold it. */
export function estimate(values: ArrayLike<number>): Estimate {
  const { mean: centre, interval } = estimateMean(values);
  return { mean: centre, interval: interval ?? null };
}

export function withInterval(centre: number, interval: Interval | undefined): Estimate {
  return { mean: centre, interval: interval ?? null };
}

/** All that is said of a policy's percent over the clusters. */
export function comparisons(percent: Float64Array, random: RandomStream) {
  const { p } = estimateMean(percent);
  const worst = percent.indexOf(Math.max(...percent));
  return {
    percent: estimate(percent),
    bca: bcaInterval(percent, mean, { random: random.fork('mean') }) ?? null,
    interquartileMean: withInterval(
      interquartileMean(percent),
      percentileInterval(percent, interquartileMean, { random: random.fork('interquartile mean') }),
    ),
    improvement: withInterval(
      probabilityOfImprovement(percent),
      percentileInterval(percent, probabilityOfImprovement, { random: random.fork('improvement') }),
    ),
    p: p ?? null,
    worst: { cluster: worst, percent: percent[worst]! },
  };
}
