import { exp, ln } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Interval } from '../../util/statistics/interval.ts';
import { mean } from '../../util/statistics/mean.ts';
import type { MeanEstimate } from '../../util/statistics/mean-interval.ts';
import { estimateMean } from '../../util/statistics/mean-interval.ts';
import { quantileOfSorted } from '../../util/statistics/quantile.ts';
import type { Joules, Watts } from '../../util/units.ts';
import { type Checks, checksOf, waitDifference } from './checks.ts';
import { atEqualWork, type Difference, differenceOf, type PercentEstimate } from './difference.ts';
import { amounts, type DroppedPair, pairUp } from './pairs.ts';
import type { PeriodMeasurement, PodCounts, WorkKind } from './period.ts';
import { ordersOf, type Side, type SwitchbackPlan, sides } from './plan.ts';
import { findablePercent } from './power.ts';
import { type Refusal, refusalsOf } from './refusals.ts';

/** Both tests must call it a difference at this level. */
const SIGNIFICANT = 0.05;

export interface WaitSummary {
  readonly count: number;
  /** Undefined where there is none. */
  readonly meanSeconds: number | undefined;
  readonly p95Seconds: number | undefined;
}

/** What one side used and did in the periods that are counted. */
export interface SideSummary {
  readonly side: Side;
  readonly policy: string;
  readonly periods: number;
  readonly joules: Joules;
  /** CPU seconds. */
  readonly work: number;
  readonly meanWatts: Watts;
  /** Geometric mean over periods, J per CPU second, with its own interval, which knows nothing of pairs. */
  readonly joulesPerWork: number;
  readonly joulesPerWorkInterval: Interval | undefined;
  readonly bound: WaitSummary;
  readonly started: WaitSummary;
  readonly pods: PodCounts;
}

export type Verdict =
  /** `less`: the side that uses less. */
  | { readonly kind: 'difference'; readonly less: Side }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

export interface SwitchbackResult {
  readonly plan: SwitchbackPlan;
  readonly workKind: WorkKind;
  /** Pairs that are counted. */
  readonly pairs: number;
  readonly dropped: readonly DroppedPair[];
  /** Side A against side B. */
  readonly difference: Difference;
  readonly atEqualWork: PercentEstimate | undefined;
  /** The smallest difference that would have been found with a chance of 80 %; undefined for fewer than two pairs. */
  readonly findablePercent: number | undefined;
  readonly sides: readonly SideSummary[];
  readonly waits: { readonly bound: MeanEstimate | undefined; readonly started: MeanEstimate | undefined };
  readonly checks: Checks | undefined;
  readonly periods: readonly PeriodMeasurement[];
  readonly verdict: Verdict;
}

/**
 * What an experiment says.
 *
 * @param periods finished ones, at most one for each index
 */
export function analyse(plan: SwitchbackPlan, periods: readonly PeriodMeasurement[]): SwitchbackResult {
  const orders = ordersOf(plan);
  const { counted, dropped, workKind } = pairUp(plan, orders, periods);
  const difference = differenceOf(counted, orders, new RandomStream(plan.seed).fork('randomisation-test'));
  const checks = counted.length === 0 ? undefined : checksOf(counted, workKind);
  const inPairs = counted.flatMap(({ a, b }) => [a, b]);
  const refusals = refusalsOf({ plan, pairs: counted.length, dropped, checks, periods: inPairs });
  return {
    plan,
    workKind,
    pairs: counted.length,
    dropped,
    difference,
    atEqualWork: atEqualWork(counted),
    findablePercent:
      difference.noise === undefined ? undefined : findablePercent(counted.length, difference.noise),
    sides: sides.map((side) =>
      summarise(
        side,
        plan[side],
        inPairs.filter((period) => period.side === side),
        workKind,
      ),
    ),
    waits: {
      bound: waitDifference(counted, 'boundAfterSeconds'),
      started: waitDifference(counted, 'startedAfterSeconds'),
    },
    checks,
    periods,
    verdict: verdictOf(difference, refusals),
  };
}

function verdictOf(difference: Difference, refusals: readonly Refusal[]): Verdict {
  if (refusals.length > 0) return { kind: 'refused', refusals };
  const { p = 1, randomisationP = 1, percent } = difference;
  if (p < SIGNIFICANT && randomisationP < SIGNIFICANT)
    return { kind: 'difference', less: percent < 0 ? 'a' : 'b' };
  return { kind: 'none' };
}

function summarise(
  side: Side,
  policy: string,
  periods: readonly PeriodMeasurement[],
  kind: WorkKind,
): SideSummary {
  const each = periods.map(({ whole }) => amounts(whole, kind)!);
  const joules = sum(each.map((one) => one.joules));
  const work = sum(each.map((one) => one.work));
  const seconds = sum(periods.map((one) => (one.toUnixMilliseconds - one.fromUnixMilliseconds) / 1000));
  const perWork = estimateMean(each.map((one) => ln(one.joules / one.work)));
  const pods = (of: keyof PodCounts) => sum(periods.map((period) => period.pods[of]));
  return {
    side,
    policy,
    periods: periods.length,
    joules,
    work,
    meanWatts: joules / seconds,
    joulesPerWork: exp(perWork.mean),
    joulesPerWorkInterval: perWork.interval && {
      low: exp(perWork.interval.low),
      high: exp(perWork.interval.high),
    },
    bound: waits(periods.flatMap((period) => period.boundAfterSeconds)),
    started: waits(periods.flatMap((period) => period.startedAfterSeconds)),
    pods: {
      created: pods('created'),
      completed: pods('completed'),
      failed: pods('failed'),
      evicted: pods('evicted'),
      restarts: pods('restarts'),
    },
  };
}

function waits(seconds: readonly number[]): WaitSummary {
  if (seconds.length === 0) return { count: 0, meanSeconds: undefined, p95Seconds: undefined };
  const sorted = Float64Array.from(seconds).sort();
  return { count: seconds.length, meanSeconds: mean(sorted), p95Seconds: quantileOfSorted(sorted, 0.95) };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
