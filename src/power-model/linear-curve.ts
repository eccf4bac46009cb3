import type { Watts } from '../util/units.ts';
import { powerModelErrors } from './errors.ts';
import type { CurveProvenance, PowerCurve } from './power-curve.ts';

/** Watts in proportion to utilisation above idle: under it no placement among equal nodes saves anything. */
export class LinearCurve implements PowerCurve {
  readonly kind = 'linear';
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
  readonly provenance: CurveProvenance;

  /** @throws KISIM_E_CURVE_FALLS, KISIM_E_CURVE_INVALID */
  constructor(idleWatts: Watts, fullWatts: Watts, provenance: CurveProvenance) {
    if (!(idleWatts >= 0 && Number.isFinite(fullWatts)))
      throw powerModelErrors.KISIM_E_CURVE_INVALID(`idle ${idleWatts} W, full ${fullWatts} W`);
    if (fullWatts < idleWatts)
      throw powerModelErrors.KISIM_E_CURVE_FALLS(`from ${idleWatts} W to ${fullWatts} W`);
    this.idleWatts = idleWatts;
    this.fullWatts = fullWatts;
    this.provenance = provenance;
  }

  /** @throws KISIM_E_CURVE_UTILISATION for NaN */
  watts(utilisation: number): Watts {
    if (!(utilisation > 0)) {
      if (Number.isNaN(utilisation)) throw powerModelErrors.KISIM_E_CURVE_UTILISATION('NaN');
      return this.idleWatts;
    }
    if (utilisation >= 1) return this.fullWatts;
    return this.idleWatts + utilisation * (this.fullWatts - this.idleWatts);
  }
}
