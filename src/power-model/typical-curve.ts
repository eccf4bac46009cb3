import { shapedCurve } from './median-shape.ts';
import type { CurveProvenance } from './power-curve.ts';
import type { TableCurve } from './table-curve.ts';

/** Medians of servers of 2017 on (`node.curve` of scenario A): 4.1 W a thread at full load, 0.19 of it idle. */
const FULL_WATTS_PER_THREAD = 4.1;
const IDLE_SHARE = 0.19;
const YEAR = 2017;

/** Power of a machine of which nothing but the number of its hardware threads is known. */
export function typicalCurve(threads: number, provenance: CurveProvenance): TableCurve {
  const full = threads * FULL_WATTS_PER_THREAD;
  return shapedCurve(YEAR, full * IDLE_SHARE, full, provenance);
}
