import { exp } from '../portable-math.ts';

/** Beyond this many standard deviations the tail is below 1e-15. */
const FAR = 8;

/**
 * Probability that a standard normal variable is at most x. Marsaglia's series (Evaluating the normal distribution,
 * Journal of Statistical Software 11, 2004); absolute error below 1e-14.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= -FAR) return 0;
  if (x >= FAR) return 1;
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (x * x) / n;
    sum += term;
  }
  return 0.5 + sum * (exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));
}

/** The x below which a standard normal variable lies with this probability; -8 and 8 at the far ends. */
export function normalQuantile(probability: number): number {
  let low = -FAR;
  let high = FAR;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
