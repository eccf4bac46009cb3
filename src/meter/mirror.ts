import { energyOf, type Microjoules, type Nanoseconds, type Watts } from '../util/units.ts';

/** Equal and advancing readings after which a suspicion is taken for certain. */
const CONFIRMATIONS = 3;
/** How far apart in time two reads of one counter may lie when it is refreshed in between. */
const REFRESH_NANOSECONDS = 2e6;

/** unseen: the two were never readable at the same time. */
export type MirrorState = 'unseen' | 'suspected' | 'confirmed' | 'distinct';

export interface PairReading {
  readonly first: Microjoules;
  readonly second: Microjoules;
  /** Time between the two reads. */
  readonly skewNanoseconds: Nanoseconds;
}

/**
 * Tells whether two dies of one package show one and the same counter, as some AMD parts do (one counter for the
 * package, listed for every die). Real dies burn alike at times, but their absolute counters agree to the last digit
 * only by chance, and never again and again while they advance. So: suspected while equal, certain after several
 * equal readings that advanced, distinct, for good, at the first reading that differs by more than the time between
 * two reads explains.
 */
export class MirrorWatch {
  readonly #maxWatts: Watts;
  readonly #rangeMicrojoules: Microjoules | undefined;
  #state: MirrorState = 'unseen';
  #equalAdvances = 0;
  #lastEqual: number | undefined;

  constructor(maxWatts: Watts, rangeMicrojoules: Microjoules | undefined) {
    this.#maxWatts = maxWatts;
    this.#rangeMicrojoules = rangeMicrojoules;
  }

  get state(): MirrorState {
    return this.#state;
  }

  /**
   * Takes one pair of readings. Returns true where they differ so little that a refresh between the two reads may
   * explain it, and the suspicion is still open: the caller reads again at once, and calls `differ` if that fails too.
   */
  observe(reading: PairReading): boolean {
    if (this.#state === 'distinct') return false;
    if (reading.first === reading.second) {
      if (this.#state === 'unseen') this.#state = 'suspected';
      if (this.#lastEqual !== undefined && reading.first !== this.#lastEqual) this.#equalAdvances += 1;
      this.#lastEqual = reading.first;
      if (this.#equalAdvances >= CONFIRMATIONS) this.#state = 'confirmed';
      return false;
    }
    const tolerance = energyOf(this.#maxWatts, Math.abs(reading.skewNanoseconds) + REFRESH_NANOSECONDS);
    if (this.#distance(reading) > tolerance) {
      this.#state = 'distinct';
      return false;
    }
    return this.#state !== 'confirmed';
  }

  /** Several reads in a row did not agree while the suspicion was still open. */
  differ(): void {
    if (this.#state !== 'confirmed') this.#state = 'distinct';
  }

  /** One of the two may have wrapped a moment before the other. */
  #distance({ first, second }: PairReading): number {
    const plain = Math.abs(first - second);
    return this.#rangeMicrojoules === undefined ? plain : Math.min(plain, this.#rangeMicrojoules - plain);
  }
}
