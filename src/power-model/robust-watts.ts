import type { Watts } from '../util/units.ts';
import type { KnotBasis } from './knot-basis.ts';
import { nonNegativeMinimum } from './least-squares.ts';

export interface RobustWatts {
  /** Watts at the covered knots; never falling. */
  readonly knotWatts: Float64Array;
  /** Standard deviation of a row of weight 1 about the curve, from the median of its distances. */
  readonly scale: Watts;
  /** Bisquare's psi of each row's distance over its scale; 0 for outliers. */
  readonly influence: Float64Array;
  /** Mean of psi's derivative. */
  readonly slope: number;
  readonly outliers: number;
}

/** Tukey's constant: 95 % of the efficiency of least squares where the errors are normal. */
const BISQUARE = 4.685;
/** Standard deviation of a normal distribution over the median of its distances. */
const MAD_TO_SIGMA = 1.4826;
const LEAST_DISTANCE = 0.05;
const FIRST_ROUNDS = 10;
const ROUNDS = 60;

/**
 * Watts at the knots that lie nearest to the rows: least absolute distances to begin with, which a tenth of wild rows
 * cannot carry away, then Tukey's bisquare; both by least squares with changing weights. Undefined where the rows do not
 * tell the knots apart.
 */
export function robustWatts(
  basis: KnotBasis,
  watts: Float64Array,
  weights: Float64Array,
): RobustWatts | undefined {
  const rows = watts.length;
  const doubt = new Float64Array(rows).fill(1);
  const distance = new Float64Array(rows);
  let knotWatts = weighted(basis, watts, weights, doubt);
  let scale = 0;
  // Below it what is left is rounding: all rows lie on the curve.
  const rounding = 1e-9 * watts.reduce((most, each) => Math.max(most, each), 1e-300);
  for (let round = 0; round < FIRST_ROUNDS + ROUNDS; round++) {
    if (knotWatts === undefined) return undefined;
    setDistances(basis, knotWatts, watts, weights, distance);
    const next = Math.max(rounding, MAD_TO_SIGMA * medianDistance(basis, distance));
    const settled = round > FIRST_ROUNDS && Math.abs(next - scale) <= 1e-7 * scale;
    scale = next;
    if (settled) break;
    for (let row = 0; row < rows; row++) {
      const z = Math.abs(distance[row]! / scale);
      if (round < FIRST_ROUNDS) doubt[row] = 1 / Math.max(z, LEAST_DISTANCE);
      else doubt[row] = z < BISQUARE ? (1 - (z / BISQUARE) ** 2) ** 2 : 0;
    }
    knotWatts = weighted(basis, watts, weights, doubt);
  }
  if (knotWatts === undefined) return undefined;
  const influence = new Float64Array(rows);
  let slope = 0;
  let used = 0;
  let outliers = 0;
  for (let row = 0; row < rows; row++) {
    if (basis.below[row]! < 0) continue;
    used++;
    const t = (distance[row]! / scale / BISQUARE) ** 2;
    if (t >= 1) outliers++;
    else {
      influence[row] = (distance[row]! / scale) * (1 - t) ** 2;
      slope += (1 - t) * (1 - 5 * t);
    }
  }
  return { knotWatts, scale, influence, slope: slope / used, outliers };
}

/** Weighted least squares under "never falls": over steps upward of at least 0 instead of watts. */
function weighted(
  basis: KnotBasis,
  watts: Float64Array,
  weights: Float64Array,
  doubt: Float64Array,
): Float64Array | undefined {
  const { knots, below, share } = basis;
  const size = knots.length;
  const gram = new Float64Array(size * size);
  const linear = new Float64Array(size);
  for (let row = 0; row < watts.length; row++) {
    const index = below[row]!;
    if (index < 0) continue;
    const weight = weights[row]! * doubt[row]!;
    const high = share[row]!;
    const low = 1 - high;
    gram[index * size + index]! += weight * low * low;
    gram[index * size + index + 1]! += weight * low * high;
    gram[(index + 1) * size + index]! += weight * low * high;
    gram[(index + 1) * size + index + 1]! += weight * high * high;
    linear[index]! += weight * low * watts[row]!;
    linear[index + 1]! += weight * high * watts[row]!;
  }
  sumFromTheTop(gram, size, size);
  sumFromTheTop(linear, size, 1);
  const steps = nonNegativeMinimum(gram, linear, size);
  if (steps === undefined) return undefined;
  for (let i = 1; i < size; i++) steps[i]! += steps[i - 1]!;
  return steps;
}

/** From knots to steps: a knot's watts are the sum of the steps up to it, so that a step takes all knots from it on. */
function sumFromTheTop(values: Float64Array, size: number, columns: number): void {
  for (let i = size - 2; i >= 0; i--)
    for (let j = 0; j < columns; j++) values[i * columns + j]! += values[(i + 1) * columns + j]!;
  if (columns === 1) return;
  for (let i = 0; i < size; i++)
    for (let j = columns - 2; j >= 0; j--) values[i * columns + j]! += values[i * columns + j + 1]!;
}

function setDistances(
  basis: KnotBasis,
  knotWatts: Float64Array,
  watts: Float64Array,
  weights: Float64Array,
  out: Float64Array,
): void {
  for (let row = 0; row < watts.length; row++) {
    const index = basis.below[row]!;
    if (index < 0) continue;
    const low = knotWatts[index]!;
    const expected = low + basis.share[row]! * (knotWatts[index + 1]! - low);
    out[row] = Math.sqrt(weights[row]!) * (watts[row]! - expected);
  }
}

function medianDistance(basis: KnotBasis, distance: Float64Array): number {
  const sizes = distance.filter((_, row) => basis.below[row]! >= 0).map(Math.abs);
  sizes.sort();
  const middle = sizes.length >> 1;
  return sizes.length % 2 === 1 ? sizes[middle]! : (sizes[middle - 1]! + sizes[middle]!) / 2;
}
