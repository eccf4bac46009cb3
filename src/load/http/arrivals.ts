import type { RandomStream } from '../../util/rng.ts';
import type { LoadPattern } from '../pattern/load-pattern.ts';

export const spacings = ['even', 'poisson'] as const;
/** `even`: a request whenever the pattern has added up to one more; `poisson`: independent clients. */
export type Spacing = (typeof spacings)[number];

/**
 * The times at which an open loop is to send, in order. Both spacings are exact for levels that change: a point process of
 * rate 1 on the axis of the pattern's integral, brought back to time (the time-change theorem for Poisson processes).
 */
export class Arrivals {
  readonly #pattern: LoadPattern;
  /** Absent where they come evenly. */
  readonly #random: RandomStream | undefined;
  /** The current step of the pattern: its end, its rate, and how much of it is left from `#at`. */
  #at = 0;
  #stepEnd = 0;
  #rate = 0;
  /** Requests until the next one. */
  #rest: number;

  constructor(pattern: LoadPattern, spacing: Spacing, random: RandomStream) {
    this.#pattern = pattern;
    this.#random = spacing === 'poisson' ? random : undefined;
    // Even spacing starts in the middle of a gap, so that no count is off by more than a half.
    this.#rest = this.#random === undefined ? 0.5 : this.#random.exponential(1);
    this.#enter(0);
  }

  /** Seconds from the beginning of the next request; Infinity after the last. */
  next(): number {
    for (;;) {
      if (this.#at === Number.POSITIVE_INFINITY) return this.#at;
      const room = (this.#stepEnd - this.#at) * this.#rate;
      if (this.#rest < room) {
        this.#at += this.#rest / this.#rate;
        this.#rest = this.#random === undefined ? 1 : this.#random.exponential(1);
        return this.#at;
      }
      this.#rest -= room;
      this.#enter(this.#stepEnd);
    }
  }

  #enter(seconds: number): void {
    const end = this.#pattern.nextChangeAfter(seconds);
    this.#at = end === Number.POSITIVE_INFINITY ? end : seconds;
    this.#stepEnd = end;
    this.#rate = this.#pattern.levelAt(seconds);
  }
}
