import { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';

/** The two sides of an experiment. Both may be the same policy: then nothing is to be found. */
export type Side = 'a' | 'b';

export const sides: readonly Side[] = ['a', 'b'];

/** What an experiment does, all of it decided before it begins. */
export interface SwitchbackPlan {
  /** Policies by the side that they stand on. */
  readonly a: string;
  readonly b: string;
  readonly periodSeconds: number;
  /** Beginning of each period that is not counted: what the other policy placed is still running. */
  readonly washOutSeconds: number;
  /** Two periods each, one of either side. */
  readonly pairs: number;
  /** From which the orders are drawn. */
  readonly seed: number;
}

/** With fewer no order of the periods is rare enough (below 1 in 20) to be told from chance by the orders alone. */
export const LEAST_PAIRS = 6;
/** Pairs that begin with A may outnumber the others by so many, or the other way round. */
export const MOST_UNEVEN = 2;

/** A period of the schedule. */
export interface ScheduledPeriod {
  /** From 0. */
  readonly index: number;
  readonly pair: number;
  readonly side: Side;
  readonly policy: string;
}

/**
 * Checks a plan. @throws KISIM_E_EXPERIMENT_PLAN
 */
export function checkPlan(plan: SwitchbackPlan): SwitchbackPlan {
  const { periodSeconds, washOutSeconds, pairs, seed } = plan;
  const bad = (found: string, action: string) => errors.KISIM_E_EXPERIMENT_PLAN(found, { action });
  if (!(periodSeconds >= 1)) throw bad(`periods of ${periodSeconds} s`, 'give --period at least 1s');
  if (!(washOutSeconds >= 0 && washOutSeconds < periodSeconds))
    throw bad(
      `a wash-out of ${washOutSeconds} s in periods of ${periodSeconds} s`,
      'give --wash-out less than --period',
    );
  if (!Number.isSafeInteger(pairs) || pairs < LEAST_PAIRS) {
    const hours = Number(((LEAST_PAIRS * 2 * periodSeconds) / 3600).toPrecision(3));
    throw bad(
      `${pairs} pairs of periods`,
      `give --hours ${hours} or more, or a shorter --period: ${LEAST_PAIRS} pairs are needed`,
    );
  }
  if (!Number.isSafeInteger(seed) || seed < 0) throw bad(`seed ${seed}`, 'give a whole number of at least 0');
  return plan;
}

/** Pairs that fit into so many hours. */
export function pairsIn(hours: number, periodSeconds: number): number {
  return Math.floor((hours * 3600) / (2 * periodSeconds) + 1e-9);
}

/** Whether so many of `pairs` may begin with A. The randomisation test draws from the same orders, and from no others. */
export function isAllowed(beginWithA: number, pairs: number): boolean {
  return Math.abs(2 * beginWithA - pairs) <= MOST_UNEVEN;
}

/**
 * Draws which pairs begin with A: a fair coin for each, all thrown again where one order would outnumber the other by more
 * than two. So a trend over the whole experiment falls on both sides nearly alike, and all allowed orders are equally likely.
 */
export function drawOrders(pairs: number, random: RandomStream): readonly Side[] {
  for (;;) {
    const first = Array.from({ length: pairs }, (): Side => (random.integer(2) === 0 ? 'a' : 'b'));
    if (isAllowed(first.filter((side) => side === 'a').length, pairs)) return first;
  }
}

/** The first side of each pair, as the plan's seed draws them. */
export function ordersOf({ pairs, seed }: SwitchbackPlan): readonly Side[] {
  return drawOrders(pairs, new RandomStream(seed).fork('orders'));
}

/**
 * All periods in their order.
 *
 * @example
 * scheduleOf({ a: 'x', b: 'y', periodSeconds: 60, washOutSeconds: 5, pairs: 6, seed: 1 }).length; // 12
 */
export function scheduleOf(plan: SwitchbackPlan): readonly ScheduledPeriod[] {
  return ordersOf(plan).flatMap((first, pair) => {
    const second: Side = first === 'a' ? 'b' : 'a';
    return [first, second].map((side, at) => ({
      index: 2 * pair + at,
      pair,
      side,
      policy: plan[side],
    }));
  });
}
