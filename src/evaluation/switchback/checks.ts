import { mean } from '../../util/statistics/mean.ts';
import { estimateMean } from '../../util/statistics/mean-interval.ts';
import { studentTwoSided } from '../../util/statistics/student-t.ts';
import { fitLine, type PercentEstimate, percentEstimate, percentOf } from './difference.ts';
import type { CountedPair } from './pairs.ts';
import { type PeriodMeasurement, type WorkKind, workOf } from './period.ts';
import { type Side, sides } from './plan.ts';

/** What may be wrong with a comparison, each measured. Percent are of logarithmic differences. */
export interface Checks {
  readonly carryOver: CarryOver;
  /** By how much the difference grows from the first to the second half of the windows: a wash-out that was too short. */
  readonly growth: Growth | undefined;
  /** Second periods against first ones, whichever policy: a trend within pairs. */
  readonly order: PercentEstimate | undefined;
  /** Of joules per unit of work over the whole experiment, whichever policy. */
  readonly drift: Drift | undefined;
  /** Work of side A against that of side B. */
  readonly work: PercentEstimate;
}

/** Shares of the work that was done in the windows, mean over periods; 0 to 1. */
export interface CarryOver {
  readonly other: number;
  readonly before: number;
  readonly untouched: number;
}

export interface Growth extends PercentEstimate {
  readonly firstHalfPercent: number;
  readonly secondHalfPercent: number;
}

export interface Drift {
  readonly percentPerHour: number;
  readonly p: number;
}

export function checksOf(pairs: readonly CountedPair[], kind: WorkKind): Checks {
  return {
    carryOver: carryOverOf(
      pairs.flatMap(({ a, b }) => [a, b]),
      kind,
    ),
    growth: growthOf(pairs),
    order: orderOf(pairs),
    drift: driftOf(pairs),
    work: percentEstimate(pairs.map(({ logWork }) => logWork)),
  };
}

function carryOverOf(periods: readonly PeriodMeasurement[], kind: WorkKind): CarryOver {
  const shares = periods.map(({ whole }) => workOf(whole, kind)!);
  const share = (of: 'other' | 'before' | 'untouched') => mean(shares.map((work) => work[of] / work.total));
  return { other: share('other'), before: share('before'), untouched: share('untouched') };
}

function growthOf(pairs: readonly CountedPair[]): Growth | undefined {
  const halves = pairs.flatMap((pair) => (pair.halves === undefined ? [] : [pair.halves]));
  if (halves.length < 2) return undefined;
  return {
    ...percentEstimate(halves.map(([first, second]) => second - first)),
    firstHalfPercent: percentOf(mean(halves.map(([first]) => first))),
    secondHalfPercent: percentOf(mean(halves.map(([, second]) => second))),
  };
}

/**
 * Half the difference between pairs that began with A and pairs that began with B (the period effect of a two-period crossover,
 * e.g. Senn, Cross-over Trials in Clinical Research, 2002, chapter 3), with its pooled t test.
 */
function orderOf(pairs: readonly CountedPair[]): PercentEstimate | undefined {
  const of = (side: Side) =>
    pairs.filter((pair) => pair.beganWith === side).map((pair) => pair.logEnergyPerWork);
  const [a, b] = sides.map(of) as [number[], number[]];
  if (a.length < 2 || b.length < 2) return undefined;
  const degrees = a.length + b.length - 2;
  const effect = (mean(b) - mean(a)) / 2;
  const squares = [a, b].reduce((sum, each) => {
    const centre = mean(each);
    return sum + each.reduce((all, value) => all + (value - centre) ** 2, 0);
  }, 0);
  const error = Math.sqrt((squares / degrees) * (1 / a.length + 1 / b.length)) / 2;
  const p = error === 0 ? (effect === 0 ? 1 : 0) : studentTwoSided(effect / error, degrees);
  return { percent: percentOf(effect), interval: undefined, p };
}

function driftOf(pairs: readonly CountedPair[]): Drift | undefined {
  const hours = pairs.map(({ unixMilliseconds }) => unixMilliseconds / 3_600_000);
  const line = fitLine(
    hours.map((hour) => hour - hours[0]!),
    pairs.map(({ logLevel }) => logLevel),
  );
  if (line === undefined) return undefined;
  const error = line.deviation / Math.sqrt(line.squares);
  const p = error === 0 ? (line.slope === 0 ? 1 : 0) : studentTwoSided(line.slope / error, line.degrees);
  return { percentPerHour: percentOf(line.slope), p };
}

/** Paired difference of mean waits, seconds, side A minus side B. */
export function waitDifference(
  pairs: readonly CountedPair[],
  of: 'boundAfterSeconds' | 'startedAfterSeconds',
) {
  const both = pairs.filter(({ a, b }) => a[of].length > 0 && b[of].length > 0);
  return both.length === 0 ? undefined : estimateMean(both.map(({ a, b }) => mean(a[of]) - mean(b[of])));
}
