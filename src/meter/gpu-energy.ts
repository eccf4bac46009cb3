import { energyOf, type Nanoseconds, type Watts } from '../util/units.ts';
import type { GapReason } from './power-source.ts';
import type { CounterStep } from './wrap.ts';

/**
 * A board refreshes its energy counter only every 20 to 100 ms, so that a short interval may hold the energy of one
 * refresh more than its own time explains.
 */
const REFRESH_NANOSECONDS = 1e8;

const MICROJOULES_PER_MILLIJOULE = 1000;

/** The total-energy counter of one board: millijoules since the driver was loaded, 64 bits wide. */
export class GpuEnergyCounter {
  readonly #maxWatts: Watts;
  #lastMillijoules: number | undefined;
  #lastNanoseconds = 0;

  constructor(maxWatts: Watts) {
    this.#maxWatts = maxWatts;
  }

  step(millijoules: number, nanoseconds: Nanoseconds): CounterStep {
    const last = this.#lastMillijoules;
    const intervalNanoseconds = last === undefined ? 0 : Math.max(0, nanoseconds - this.#lastNanoseconds);
    this.#lastMillijoules = millijoules;
    this.#lastNanoseconds = nanoseconds;
    if (last === undefined) return unknown('first-reading', 0);
    // It starts again from 0 when the driver is loaded again; what was burnt up to then is lost.
    if (millijoules < last) return unknown('negative-jump', intervalNanoseconds);
    const energyMicrojoules = (millijoules - last) * MICROJOULES_PER_MILLIJOULE;
    if (energyMicrojoules > energyOf(this.#maxWatts, intervalNanoseconds + REFRESH_NANOSECONDS)) {
      return unknown('absurd-jump', intervalNanoseconds);
    }
    return { energyMicrojoules, gap: undefined, intervalNanoseconds };
  }

  /** A reading that failed. The counter still runs: the next good reading holds the energy of this time too. */
  fail(gap: GapReason, nanoseconds: Nanoseconds): CounterStep {
    const interval =
      this.#lastMillijoules === undefined ? 0 : Math.max(0, nanoseconds - this.#lastNanoseconds);
    if (gap === 'vanished') this.#lastMillijoules = undefined;
    return unknown(gap, interval);
  }
}

function unknown(gap: GapReason, intervalNanoseconds: Nanoseconds): CounterStep {
  return { energyMicrojoules: undefined, gap, intervalNanoseconds };
}
