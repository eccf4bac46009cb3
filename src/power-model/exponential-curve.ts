import { exp } from '../util/portable-math.ts';
import type { Watts } from '../util/units.ts';
import { powerModelErrors } from './errors.ts';
import type { CurveProvenance, PowerCurve } from './power-curve.ts';

/**
 * K0 + K1 e^(K2 u), u from 0 to 1: the model of PEAKS (kubernetes-sigs/scheduler-plugins, pkg/trimaran/peaks). PEAKS
 * itself writes K2 for a utilisation in per cent; `exponentialFromPercent` takes such numbers.
 */
export class ExponentialCurve implements PowerCurve {
  readonly kind = 'exponential';
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
  readonly provenance: CurveProvenance;
  readonly k0: Watts;
  readonly k1: Watts;
  readonly k2: number;

  /** @throws KISIM_E_CURVE_FALLS, KISIM_E_CURVE_INVALID */
  constructor(k0: Watts, k1: Watts, k2: number, provenance: CurveProvenance) {
    const idle = k0 + k1;
    const full = k0 + k1 * exp(k2);
    if (!(idle >= 0 && Number.isFinite(full)))
      throw powerModelErrors.KISIM_E_CURVE_INVALID(`K0 ${k0}, K1 ${k1}, K2 ${k2}`);
    if (full < idle) throw powerModelErrors.KISIM_E_CURVE_FALLS(`K0 ${k0}, K1 ${k1}, K2 ${k2}`);
    this.k0 = k0;
    this.k1 = k1;
    this.k2 = k2;
    this.idleWatts = idle;
    this.fullWatts = full;
    this.provenance = provenance;
  }

  /** @throws KISIM_E_CURVE_UTILISATION for NaN */
  watts(utilisation: number): Watts {
    if (!(utilisation > 0)) {
      if (Number.isNaN(utilisation)) throw powerModelErrors.KISIM_E_CURVE_UTILISATION('NaN');
      return this.idleWatts;
    }
    if (utilisation >= 1) return this.fullWatts;
    return this.k0 + this.k1 * exp(this.k2 * utilisation);
  }
}

/** A curve with K2 as PEAKS' configuration has it: for a utilisation from 0 to 100. */
export function exponentialFromPercent(
  k0: Watts,
  k1: Watts,
  k2PerPercent: number,
  provenance: CurveProvenance,
): ExponentialCurve {
  return new ExponentialCurve(k0, k1, 100 * k2PerPercent, provenance);
}
