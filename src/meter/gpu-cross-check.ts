import { type Microjoules, meanWatts, type Nanoseconds, type Watts } from '../util/units.ts';

export interface GpuDisagreement {
  readonly counterWatts: Watts;
  readonly powerWatts: Watts;
  /** |counter - power| over the larger of the two. */
  readonly share: number;
}

/** What a finished window showed; undefined while a window is still open. */
export interface CrossCheckVerdict extends GpuDisagreement {
  readonly agrees: boolean;
}

const WINDOW_NANOSECONDS = 60e9;
/** On a sound board the two agree within 1 % under load; at idle one was seen at 57 % of the other (Zeus #181). */
const TOLERANCE = 0.1;

/**
 * Holds a board's energy counter against its own readings of power, minute by minute. The counter stays the figure
 * that is used; a disagreement is only told, because nothing here can say which of the two is wrong.
 */
export class GpuCrossCheck {
  #counter: Microjoules = 0;
  #power: Microjoules = 0;
  #elapsed: Nanoseconds = 0;

  /** Takes the two energies of one interval; undefined for either starts the window again. */
  observe(
    counter: Microjoules | undefined,
    power: Microjoules | undefined,
    intervalNanoseconds: Nanoseconds,
  ): CrossCheckVerdict | undefined {
    if (counter === undefined || power === undefined) {
      this.#reset();
      return undefined;
    }
    this.#counter += counter;
    this.#power += power;
    this.#elapsed += intervalNanoseconds;
    if (this.#elapsed < WINDOW_NANOSECONDS) return undefined;
    const largest = Math.max(this.#counter, this.#power);
    const share = largest === 0 ? 0 : Math.abs(this.#counter - this.#power) / largest;
    const verdict = {
      counterWatts: meanWatts(this.#counter, this.#elapsed),
      powerWatts: meanWatts(this.#power, this.#elapsed),
      share,
      agrees: share <= TOLERANCE,
    };
    this.#reset();
    return verdict;
  }

  #reset(): void {
    this.#counter = 0;
    this.#power = 0;
    this.#elapsed = 0;
  }
}
