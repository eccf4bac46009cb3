import type { Watts } from '../util/units.ts';
import type { CurveProvenance } from './power-curve.ts';
import { TableCurve } from './table-curve.ts';

/**
 * Median share of the way from idle to full watts at 0, 10, ... 100 % load, by year of the hardware, computed by this
 * project over 564 SPECpower_ssj2008 results (SPEC, www.spec.org/power_ssj2008, published 2007 to 2023; no single
 * server's points are kept here). SPEC's load is a share of the greatest throughput: with hyper-threads and turbo, watts
 * rise faster with the share of busy CPU time. On ten other machines the shape was no better than the straight line, so
 * a server's own curve goes first.
 */
const SHAPES: readonly { readonly from: number; readonly shape: readonly number[] }[] = [
  { from: 2017, shape: [0, 0.173, 0.234, 0.298, 0.363, 0.426, 0.503, 0.599, 0.721, 0.861, 1] },
  { from: 2014, shape: [0, 0.182, 0.254, 0.33, 0.4, 0.46, 0.531, 0.626, 0.744, 0.877, 1] },
  { from: 2010, shape: [0, 0.142, 0.212, 0.285, 0.371, 0.459, 0.55, 0.653, 0.766, 0.898, 1] },
  {
    from: Number.NEGATIVE_INFINITY,
    shape: [0, 0.122, 0.238, 0.348, 0.452, 0.554, 0.646, 0.739, 0.837, 0.928, 1],
  },
];

/** Eleven shares from 0 to 1 for hardware of a year. */
export function medianShape(year: number): readonly number[] {
  return SHAPES.find(({ from }) => year >= from)!.shape;
}

/**
 * The median shape of a year stretched between two ends.
 *
 * @throws KISIM_E_CURVE_FALLS, KISIM_E_CURVE_INVALID
 */
export function shapedCurve(
  year: number,
  idleWatts: Watts,
  fullWatts: Watts,
  provenance: CurveProvenance = 'estimated',
  where?: string,
): TableCurve {
  const shape = medianShape(year);
  const watts = shape.map((share) => idleWatts + share * (fullWatts - idleWatts));
  // Rounding must not move the ends, which are what is known.
  watts[0] = idleWatts;
  watts[shape.length - 1] = fullWatts;
  return new TableCurve(watts, provenance, where);
}
