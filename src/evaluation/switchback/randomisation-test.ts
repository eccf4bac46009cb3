import type { RandomStream } from '../../util/rng.ts';
import { drawOrders, isAllowed, type Side } from './plan.ts';

/** Up to so many pairs, 24 hours of half hours, every allowed order is tried: sixteen million additions. */
const MOST_EXACT = 24;
const DRAWS = 20_000;
/** Sums that differ by rounding alone are equal. */
const EQUAL = 1e-12;

/**
 * Fisher's randomisation test of "it makes no difference which policy places": the share of the orders that might have been
 * drawn whose mean difference lies at least as far from 0 as the one that was found. It needs nothing but the draw itself:
 * neither normal nor independent noise, and no steady load. Two-sided.
 *
 * @param firstMinusSecond logarithm of first by second period of each pair; undefined where the pair is not counted
 * @param orders the side that each pair began with, of all pairs of the plan
 */
export function randomisationP(
  firstMinusSecond: readonly (number | undefined)[],
  orders: readonly Side[],
  random: RandomStream,
): number {
  const pairs = orders.length;
  const values = Float64Array.from(orders, (_, pair) => firstMinusSecond[pair] ?? 0);
  const found = Math.abs(values.reduce((sum, value, i) => sum + (orders[i] === 'a' ? value : -value), 0));
  if (pairs <= MOST_EXACT) return exactP(values, found - EQUAL);
  let extreme = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const drawn = drawOrders(pairs, random);
    let sum = 0;
    for (let pair = 0; pair < pairs; pair++) sum += drawn[pair] === 'a' ? values[pair]! : -values[pair]!;
    if (Math.abs(sum) >= found - EQUAL) extreme++;
  }
  // The order that was drawn is one of them: p is never 0 (Phipson and Smyth, "Permutation p-values should never be zero", 2010).
  return (extreme + 1) / (DRAWS + 1);
}

/** Over all orders: each is one of the first half of the pairs beside one of the second. */
function exactP(values: Float64Array, least: number): number {
  const half = values.length >> 1;
  const first = sumsOf(values.subarray(0, half));
  const second = sumsOf(values.subarray(half));
  let all = 0;
  let extreme = 0;
  for (let i = 0; i < first.sums.length; i++) {
    const sum = first.sums[i]!;
    const beginWithA = first.beginWithA[i]!;
    for (let j = 0; j < second.sums.length; j++) {
      if (!isAllowed(beginWithA + second.beginWithA[j]!, values.length)) continue;
      all++;
      if (Math.abs(sum + second.sums[j]!) >= least) extreme++;
    }
  }
  return extreme / all;
}

/** For all orders of some pairs: the sum of A minus B, and how many begin with A. */
function sumsOf(values: Float64Array): { readonly sums: Float64Array; readonly beginWithA: Uint8Array } {
  const sums = new Float64Array(2 ** values.length);
  const beginWithA = new Uint8Array(sums.length);
  sums[0] = -values.reduce((sum, value) => sum + value, 0);
  for (let bits = 1; bits < sums.length; bits++) {
    const lowest = 31 - Math.clz32(bits & -bits);
    const without = bits & (bits - 1);
    sums[bits] = sums[without]! + 2 * values[lowest]!;
    beginWithA[bits] = beginWithA[without]! + 1;
  }
  return { sums, beginWithA };
}
