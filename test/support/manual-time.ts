import type { Clock } from '../../src/util/clock.ts';
import type { Sleep } from '../../src/util/sleep.ts';
import type { Milliseconds } from '../../src/util/units.ts';

interface Sleeper {
  readonly until: Milliseconds;
  readonly wake: () => void;
}

/** Time that passes when a test says so, for one clock or several that disagree. */
export class ManualTime {
  now: Milliseconds = 0;
  #waiting: Sleeper[] = [];
  /** Everything that was slept, in order. */
  readonly slept: Milliseconds[] = [];

  readonly clock: Clock = this.clockAhead(0);

  /** A clock whose wall time is wrong by so much, and whose monotonic time began elsewhere. */
  clockAhead(milliseconds: Milliseconds): Clock {
    return {
      monotonicNanoseconds: () => (this.now + Math.abs(milliseconds) / 7) * 1e6,
      unixMilliseconds: () => 1_800_000_000_000 + this.now + milliseconds,
    };
  }

  readonly sleep: Sleep = (milliseconds, signal) => {
    this.slept.push(milliseconds);
    if (signal?.aborted === true) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { until: this.now + milliseconds, wake: resolve };
    this.#waiting.push(entry);
    signal?.addEventListener('abort', () => {
      this.#waiting = this.#waiting.filter((each) => each !== entry);
      resolve();
    });
    return promise;
  };

  /** Sleeps that are over at once, for tests that ask only what was slept. */
  readonly noSleep: Sleep = (milliseconds) => {
    this.slept.push(milliseconds);
    this.now += milliseconds;
    return Promise.resolve();
  };

  /** Wakes all whose time comes, each at its time, and lets what they do be done. */
  async advance(milliseconds: Milliseconds): Promise<void> {
    const until = this.now + milliseconds;
    await settled();
    for (;;) {
      const next = this.#waiting.reduce<Sleeper | undefined>(
        (first, each) =>
          each.until <= until && (first === undefined || each.until < first.until) ? each : first,
        undefined,
      );
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      this.now = Math.max(this.now, next.until);
      next.wake();
      await settled();
    }
    this.now = until;
  }
}

/** All promises that need nothing from outside have been kept. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
