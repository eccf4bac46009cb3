import type { Milliseconds, Nanoseconds } from './units.ts';

/** Time as the program sees it. Injected everywhere, so that a test can play it. */
export interface Clock {
  /** Nanoseconds of a clock that is never set back (CLOCK_MONOTONIC). */
  monotonicNanoseconds(): Nanoseconds;
  /** Milliseconds since 1970-01-01 UTC; may jump when an operator or NTP sets the clock. */
  unixMilliseconds(): Milliseconds;
}

export const systemClock: Clock = {
  monotonicNanoseconds: () => Number(process.hrtime.bigint()),
  unixMilliseconds: () => Date.now(),
};
