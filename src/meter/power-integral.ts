import { energyOf, type Nanoseconds, type Watts } from '../util/units.ts';
import type { GapReason } from './power-source.ts';
import type { CounterStep } from './wrap.ts';

/**
 * Energy from readings of power by the trapezoid rule. What the power was across a failed reading nobody knows, so
 * the integral starts again after it.
 */
export class PowerIntegral {
  readonly #maxWatts: Watts;
  #lastWatts: Watts | undefined;
  #lastNanoseconds: Nanoseconds | undefined;

  constructor(maxWatts: Watts) {
    this.#maxWatts = maxWatts;
  }

  step(watts: Watts, nanoseconds: Nanoseconds): CounterStep {
    if (watts < 0 || watts > this.#maxWatts) return this.fail('absurd-jump', nanoseconds);
    const lastWatts = this.#lastWatts;
    const interval = this.#intervalTo(nanoseconds);
    this.#lastWatts = watts;
    this.#lastNanoseconds = nanoseconds;
    if (lastWatts === undefined) {
      return { energyMicrojoules: undefined, gap: 'first-reading', intervalNanoseconds: interval };
    }
    return {
      energyMicrojoules: energyOf((lastWatts + watts) / 2, interval),
      gap: undefined,
      intervalNanoseconds: interval,
    };
  }

  fail(gap: GapReason, nanoseconds: Nanoseconds): CounterStep {
    const intervalNanoseconds = this.#intervalTo(nanoseconds);
    this.#lastWatts = undefined;
    this.#lastNanoseconds = nanoseconds;
    return { energyMicrojoules: undefined, gap, intervalNanoseconds };
  }

  #intervalTo(nanoseconds: Nanoseconds): Nanoseconds {
    return this.#lastNanoseconds === undefined ? 0 : Math.max(0, nanoseconds - this.#lastNanoseconds);
  }
}
