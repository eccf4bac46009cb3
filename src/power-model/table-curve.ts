import type { Watts } from '../util/units.ts';
import { powerModelErrors } from './errors.ts';
import type { CurveProvenance, PowerCurve } from './power-curve.ts';

/**
 * Watts at equal steps of utilisation, linear between them: idle, 10 %, ... 100 % where it has SPECpower's eleven points.
 *
 * @example
 * new TableCurve([100, 150, 300], 'synthetic').watts(0.25); // 125
 */
export class TableCurve implements PowerCurve {
  readonly kind = 'table';
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
  readonly provenance: CurveProvenance;
  /** The watts themselves, for loops that cannot afford a call; never written. */
  readonly points: Float64Array;
  readonly #steps: number;

  /**
   * @param where what the error names when the table is bad: `servers.csv:12`
   * @throws KISIM_E_CURVE_FALLS, KISIM_E_CURVE_INVALID
   */
  constructor(watts: ArrayLike<number>, provenance: CurveProvenance, where = 'table') {
    this.points = Float64Array.from(watts);
    checkPoints(this.points, where);
    this.#steps = this.points.length - 1;
    this.idleWatts = this.points[0]!;
    this.fullWatts = this.points[this.#steps]!;
    this.provenance = provenance;
  }

  /** @throws KISIM_E_CURVE_UTILISATION for NaN */
  watts(utilisation: number): Watts {
    if (!(utilisation > 0)) {
      if (Number.isNaN(utilisation)) throw powerModelErrors.KISIM_E_CURVE_UTILISATION('NaN');
      return this.idleWatts;
    }
    if (utilisation >= 1) return this.fullWatts;
    const at = utilisation * this.#steps;
    const below = at | 0;
    const from = this.points[below]!;
    return from + (at - below) * (this.points[below + 1]! - from);
  }
}

/** Any curve as a table of equal steps; exact where the curve has its bends on them. */
export function tabulated(
  curve: PowerCurve,
  steps: number,
  provenance: CurveProvenance = curve.provenance,
): TableCurve {
  const watts = Float64Array.from({ length: steps + 1 }, (_, i) => curve.watts(i / steps));
  return new TableCurve(watts, provenance);
}

function checkPoints(points: Float64Array, where: string): void {
  if (points.length < 2) throw powerModelErrors.KISIM_E_CURVE_INVALID(`${where}: ${points.length} points`);
  for (let i = 0; i < points.length; i++) {
    const watts = points[i]!;
    const at = `${where}: ${Math.round((100 * i) / (points.length - 1))} %`;
    if (!(watts >= 0 && watts < Number.POSITIVE_INFINITY))
      throw powerModelErrors.KISIM_E_CURVE_INVALID(`${at} is ${watts} W`);
    if (i > 0 && watts < points[i - 1]!)
      throw powerModelErrors.KISIM_E_CURVE_FALLS(`${at} is ${watts} W after ${points[i - 1]} W`);
  }
}
