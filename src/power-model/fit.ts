import type { Watts } from '../util/units.ts';
import { powerModelErrors } from './errors.ts';
import { allKnots, type KnotBasis, knotBasis, STEPS } from './knot-basis.ts';
import { inverseOf } from './least-squares.ts';
import { type RobustWatts, robustWatts } from './robust-watts.ts';
import { TableCurve } from './table-curve.ts';

/**
 * What a node drew over some time, and the share of its CPU capacity in use meanwhile. Short rows are better: over a long
 * one the mean of the watts is not the watts of the mean where the curve bends.
 */
export interface PowerRow {
  /** 0 to 1. */
  readonly utilisation: number;
  readonly watts: Watts;
  readonly seconds: number;
}

export interface FitOptions {
  /** Of the hardware: chooses the shape that fills what the history does not cover. */
  readonly year?: number;
  /** Least distance of the 5th from the 95th percentile of utilisation. */
  readonly leastSpread?: number;
}

export interface FittedKnot {
  readonly utilisation: number;
  readonly watts: Watts;
  /** False: no rows here; the watts are the median shape, scaled. */
  readonly covered: boolean;
  /** Undefined where not covered. */
  readonly standardErrorWatts: Watts | undefined;
  /** Half the width of the error bar; all bars together hold the curve with 99 %. Undefined where not covered. */
  readonly errorBarWatts: Watts | undefined;
}

export interface FittedCurve {
  readonly curve: TableCurve;
  readonly knots: readonly FittedKnot[];
  /** The utilisations between which the curve was measured. */
  readonly coveredFrom: number;
  readonly coveredTo: number;
  /** Spread of the rows (of mean length) about the curve, as a standard deviation, outliers aside. */
  readonly residualWatts: Watts;
  readonly rows: number;
  /** Rows that were left aside as outliers, and those outside the covered range. */
  readonly outliers: number;
  readonly outside: number;
}

const LEAST_ROWS = 60;
const LEAST_KNOTS = 3;
const DEFAULT_SPREAD = 0.2;
const DEFAULT_YEAR = 2020;
/** Normal quantile of 1 - .01 / 22: two sides, eleven knots. */
const SIMULTANEOUS = 3.317;
const GREATEST_CORRELATION = 0.99;

/**
 * Fits a curve that never falls to a node's own history: linear between knots at 0, 10, ... 100 %, weighted by time,
 * Tukey's bisquare against outliers. Rows are in order of time: the errors allow for what lasts over neighbouring rows
 * (temperature, fans). Where the node has not been, the median shape is scaled to what was seen, and marked.
 *
 * @throws KISIM_E_FIT_ROWS, KISIM_E_FIT_NARROW
 *
 * @example
 * const { curve, knots } = fitCurve(rows);
 * knots[5].watts; // at half load, give or take knots[5].errorBarWatts
 */
export function fitCurve(rows: readonly PowerRow[], options: FitOptions = {}): FittedCurve {
  checkRows(rows);
  const year = options.year ?? DEFAULT_YEAR;
  const utilisations = Float64Array.from(rows, (row) => row.utilisation);
  checkSpread(rows, options.leastSpread ?? DEFAULT_SPREAD);
  const basis = knotBasis(utilisations, year);
  if (basis === undefined || basis.knots.length < LEAST_KNOTS)
    throw powerModelErrors.KISIM_E_FIT_NARROW(`${basis?.knots.length ?? 0} of 11 knots have enough rows`);
  const meanSeconds = rows.reduce((sum, row) => sum + row.seconds, 0) / rows.length;
  const weights = Float64Array.from(rows, (row) => row.seconds / meanSeconds);
  const watts = Float64Array.from(rows, (row) => row.watts);
  const robust = robustWatts(basis, watts, weights);
  const errors = robust && standardErrors(basis, robust, weights);
  if (robust === undefined || errors === undefined)
    throw powerModelErrors.KISIM_E_FIT_NARROW('the rows do not tell the knots from one another');
  const curve = new TableCurve(allKnots(basis.knots, robust.knotWatts, year), 'fitted');
  const last = basis.knots.length - 1;
  const outside = basis.below.filter((index) => index < 0).length;
  return {
    curve,
    knots: [...curve.points].map((each, knot) => {
      const index = basis.knots.indexOf(knot);
      return {
        utilisation: knot / STEPS,
        watts: each,
        covered: index >= 0,
        standardErrorWatts: index < 0 ? undefined : errors.standard[index]!,
        errorBarWatts: index < 0 ? undefined : errors.standard[index]! * errors.quantile,
      };
    }),
    coveredFrom: basis.knots[0]! / STEPS,
    coveredTo: basis.knots[last]! / STEPS,
    residualWatts: robust.scale,
    rows: rows.length,
    outliers: robust.outliers,
    outside,
  };
}

function checkRows(rows: readonly PowerRow[]): void {
  if (rows.length < LEAST_ROWS)
    throw powerModelErrors.KISIM_E_FIT_ROWS(`${rows.length} rows; it takes ${LEAST_ROWS}`);
  rows.forEach(({ utilisation, watts, seconds }, i) => {
    const usable =
      utilisation >= 0 &&
      utilisation <= 1 &&
      watts >= 0 &&
      watts < Number.POSITIVE_INFINITY &&
      seconds > 0 &&
      seconds < Number.POSITIVE_INFINITY;
    if (!usable)
      throw powerModelErrors.KISIM_E_FIT_ROWS(`row ${i + 1}: ${utilisation}, ${watts} W over ${seconds} s`);
  });
}

function checkSpread(rows: readonly PowerRow[], least: number): void {
  const sorted = [...rows].sort((a, b) => a.utilisation - b.utilisation);
  const total = rows.reduce((sum, row) => sum + row.seconds, 0);
  const percentile = (share: number) => {
    let rest = share * total;
    for (const row of sorted) {
      rest -= row.seconds;
      if (rest <= 0) return row.utilisation;
    }
    return sorted[sorted.length - 1]!.utilisation;
  };
  const [low, high] = [percentile(0.05), percentile(0.95)];
  if (high - low >= least) return;
  const found = `nine tenths of the time between ${(100 * low).toFixed(1)} and ${(100 * high).toFixed(1)} %`;
  throw powerModelErrors.KISIM_E_FIT_NARROW(found);
}

/**
 * Standard errors of an M-estimator (Huber and Ronchetti, "Robust Statistics", 2nd ed., section 7.6), the greater of two
 * that allow for what lasts over neighbouring rows: the variance of independent rows times (1 + r) / (1 - r), r the
 * correlation of neighbours, as for a first-order process whose load lasts too; and the sandwich with sums over blocks of
 * rows in its middle. Where the curve may not fall further they are those of the curve that may: too wide.
 */
function standardErrors(
  basis: KnotBasis,
  { influence, slope, scale }: RobustWatts,
  weights: Float64Array,
): { readonly standard: Float64Array; readonly quantile: number } | undefined {
  const { knots, below, share } = basis;
  const size = knots.length;
  const rows = weights.length;
  const gram = new Float64Array(size * size);
  const middle = new Float64Array(size * size);
  const sums = new Float64Array(size);
  const blocks = Math.max(16, Math.min(64, rows >> 4));
  let used = 0;
  let squares = 0;
  let neighbours = 0;
  let block = 0;
  for (let row = 0; row <= rows; row++) {
    const now = Math.floor((row * blocks) / rows);
    if (now !== block) {
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) middle[i * size + j]! += sums[i]! * sums[j]!;
      sums.fill(0);
      block = now;
    }
    const index = row < rows ? below[row]! : -1;
    if (index < 0) continue;
    const [weight, high] = [weights[row]!, share[row]!];
    const low = 1 - high;
    gram[index * size + index]! += weight * low * low;
    gram[index * size + index + 1]! += weight * low * high;
    gram[(index + 1) * size + index]! += weight * low * high;
    gram[(index + 1) * size + index + 1]! += weight * high * high;
    const push = Math.sqrt(weight) * influence[row]!;
    sums[index]! += push * low;
    sums[index + 1]! += push * high;
    used++;
    squares += influence[row]! ** 2;
    if (row > 0) neighbours += influence[row]! * influence[row - 1]!;
  }
  const inverse = inverseOf(gram, size);
  if (inverse === undefined) return undefined;
  const correlation = squares === 0 ? 0 : Math.max(0, Math.min(GREATEST_CORRELATION, neighbours / squares));
  const lasting = (1 + correlation) / (1 - correlation);
  const freedom = used / Math.max(1, used - size);
  const standard = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const independent = lasting * (squares / used) * inverse[i * size + i]!;
    let blocked = 0;
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++)
        blocked += inverse[i * size + a]! * middle[a * size + b]! * inverse[b * size + i]!;
    const sandwich = (blocked * blocks) / (blocks - 1);
    standard[i] = (scale / slope) * Math.sqrt(freedom * Math.max(independent, sandwich));
  }
  // Student's quantile from the normal one (Cornish and Fisher, first term).
  const quantile = SIMULTANEOUS + (SIMULTANEOUS ** 3 + SIMULTANEOUS) / (4 * (blocks - 1));
  return { standard, quantile };
}
