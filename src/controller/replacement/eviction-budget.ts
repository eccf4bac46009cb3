import type { Milliseconds } from '../../util/units.ts';

/**
 * So many evictions an hour, saved up for one hour at most. It begins empty: a program that is restarted, or a new leader, has no
 * second budget beside that of the one before.
 */
export class EvictionBudget {
  readonly perHour: number;
  #left = 0;
  #at: Milliseconds;

  constructor(perHour: number, now: Milliseconds) {
    this.perHour = perHour;
    this.#at = now;
  }

  /** Whole evictions that may be done now. */
  left(now: Milliseconds): number {
    this.#left = Math.min(this.perHour, this.#left + ((now - this.#at) / 3_600_000) * this.perHour);
    this.#at = now;
    // What sums of small parts leave behind is no part of an eviction.
    return Math.floor(this.#left + 1e-9);
  }

  take(): void {
    this.#left -= 1;
  }

  /** All that was saved up is gone. */
  empty(now: Milliseconds): void {
    this.#left = 0;
    this.#at = now;
  }
}
