import type { RandomSource } from '../util/rng.ts';

export interface BackoffOptions {
  readonly firstMilliseconds: number;
  readonly mostMilliseconds: number;
}

/** Waits that double from failure to failure, each by chance between half and all of it, so that clients do not come together. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: RandomSource;
  #failures = 0;

  constructor(options: BackoffOptions, random: RandomSource) {
    this.#options = options;
    this.#random = random;
  }

  /** Since the last success. */
  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Counts a failure; milliseconds to wait after it. */
  failed(): number {
    const { firstMilliseconds, mostMilliseconds } = this.#options;
    // Beyond 2^30 every limit is reached, and shifts would wrap.
    const longest = Math.min(mostMilliseconds, firstMilliseconds * (1 << Math.min(this.#failures, 30)));
    this.#failures += 1;
    return longest * (0.5 + 0.5 * this.#random.next());
  }
}
