import { medianShape } from './median-shape.ts';

export const STEPS = 10;
const KNOTS = STEPS + 1;
/** Rows nearer to a knot than to any other that it takes to say something of it. */
const ROWS_AT_KNOT = 5;
/** Sum of squared shares that a knot must have in its rows, or its watts are told by their ends alone. */
const LEAST_LEVERAGE = 3;

/**
 * A curve through eleven knots of which only some have data. Between two knots that have, the curve is linear; across
 * knots that have none it follows the median shape, stretched.
 */
export interface KnotBasis {
  /** Knots with data, ascending, 0 to 10. */
  readonly knots: readonly number[];
  /** Of each row: index (into `knots`) of the knot below; -1 for a row outside the covered range, which is not fitted. */
  readonly below: Int32Array;
  /** Of each row: share of the knot above; the rest belongs to the one below. */
  readonly share: Float64Array;
}

/** The knots that these utilisations cover, and each row's shares of them; undefined with fewer than two. */
export function knotBasis(utilisations: Float64Array, year: number): KnotBasis | undefined {
  const near = new Int32Array(KNOTS);
  for (const utilisation of utilisations) near[Math.round(utilisation * STEPS)]!++;
  let knots = [...near.keys()].filter((knot) => near[knot]! >= ROWS_AT_KNOT);
  const shape = medianShape(year);
  const below = new Int32Array(utilisations.length);
  const share = new Float64Array(utilisations.length);
  for (;;) {
    if (knots.length < 2) return undefined;
    const leverage = new Float64Array(knots.length);
    for (let row = 0; row < utilisations.length; row++) {
      const at = utilisations[row]! * STEPS;
      const index = knotBelow(knots, at);
      below[row] = index;
      if (index < 0) continue;
      share[row] = shareAbove(shape, knots[index]!, knots[index + 1]!, at);
      leverage[index]! += (1 - share[row]!) ** 2;
      leverage[index + 1]! += share[row]! ** 2;
    }
    const kept = knots.filter((_, index) => leverage[index]! >= LEAST_LEVERAGE);
    if (kept.length === knots.length) return { knots, below, share };
    knots = kept;
  }
}

/** All eleven watts from those of the knots with data: inside by the shape, outside by the shape scaled as inside. */
export function allKnots(knots: readonly number[], watts: ArrayLike<number>, year: number): Float64Array {
  const shape = medianShape(year);
  const first = knots[0]!;
  const last = knots[knots.length - 1]!;
  const lastWatts = watts[knots.length - 1]!;
  const scale = (lastWatts - watts[0]!) / (shape[last]! - shape[first]!);
  const all = new Float64Array(KNOTS);
  for (let knot = 0; knot < KNOTS; knot++) {
    if (knot < first) all[knot] = Math.max(0, watts[0]! - scale * (shape[first]! - shape[knot]!));
    else if (knot >= last) all[knot] = lastWatts + scale * (shape[knot]! - shape[last]!);
    else {
      const index = knotBelow(knots, knot);
      const share = shareAbove(shape, knots[index]!, knots[index + 1]!, knot);
      all[knot] = watts[index]! + share * (watts[index + 1]! - watts[index]!);
    }
  }
  return all;
}

function knotBelow(knots: readonly number[], at: number): number {
  const last = knots.length - 1;
  if (at < knots[0]! || at > knots[last]!) return -1;
  let index = 0;
  while (index < last - 1 && knots[index + 1]! <= at) index++;
  return index;
}

/** `at`, `from` and `to` in steps. */
function shareAbove(shape: readonly number[], from: number, to: number, at: number): number {
  if (to === from + 1) return at - from;
  const step = Math.min(STEPS - 1, Math.floor(at));
  const shapeAt = shape[step]! + (at - step) * (shape[step + 1]! - shape[step]!);
  return (shapeAt - shape[from]!) / (shape[to]! - shape[from]!);
}
