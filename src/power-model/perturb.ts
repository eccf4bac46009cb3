import { exp } from '../util/portable-math.ts';
import type { RandomStream } from '../util/rng.ts';
import type { PowerCurve } from './power-curve.ts';
import { TableCurve } from './table-curve.ts';

/** Standard deviations of the three ways in which a curve is off; shares, 0.1 is ten per cent. */
export interface Perturbation {
  /** Of all watts alike. */
  readonly level: number;
  /** Of the marginal watts near full load, against those near idle. */
  readonly tilt: number;
  /** Of the idle watts alone. */
  readonly idle: number;
}

export const TEN_PERCENT_OFF: Perturbation = { level: 0.1, tilt: 0.1, idle: 0.05 };

/** Beyond it a slope could turn round and the curve fall. */
const GREATEST_TILT = 0.9;

/**
 * A curve that is wrong the way an estimate is wrong: what the policies of a simulation see while the node draws
 * another. Three normal numbers are drawn; the result never falls.
 */
export function perturbed(
  curve: PowerCurve,
  random: RandomStream,
  size: Perturbation = TEN_PERCENT_OFF,
  steps = curve instanceof TableCurve ? curve.points.length - 1 : 20,
): TableCurve {
  const level = exp(size.level * random.normal());
  const tilt = Math.max(-GREATEST_TILT, Math.min(GREATEST_TILT, size.tilt * random.normal()));
  const idle = exp(size.idle * random.normal());
  const points = new Float64Array(steps + 1);
  points[0] = level * idle * curve.watts(0);
  for (let i = 1; i <= steps; i++) {
    const slope = curve.watts(i / steps) - curve.watts((i - 1) / steps);
    const middle = (2 * i - 1) / steps - 1;
    points[i] = points[i - 1]! + level * slope * (1 + tilt * middle);
  }
  return new TableCurve(points, 'synthetic');
}
