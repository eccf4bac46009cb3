import type { LoopTime } from '../../src/controller/ports.ts';
import type { Milliseconds } from '../../src/util/units.ts';

interface Timer {
  readonly at: Milliseconds;
  readonly order: number;
  readonly call: () => void;
}

/** Time that passes when a test says so: timers in order, those of one instant in the order in which they were set. */
export class PlayedTime implements LoopTime {
  now: Milliseconds = 0;
  /** Of the wall clock, which an operator may set. */
  unixAtZero: Milliseconds = 1_800_000_000_000;
  #timers: Timer[] = [];
  #order = 0;

  monotonicMilliseconds(): Milliseconds {
    return this.now;
  }

  unixMilliseconds(): Milliseconds {
    return this.unixAtZero + this.now;
  }

  after(milliseconds: Milliseconds, call: () => void): () => void {
    const timer = { at: this.now + Math.max(0, milliseconds), order: this.#order++, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Plays all that happens in this time, with what promises do in between. */
  async play(milliseconds: Milliseconds): Promise<void> {
    const until = this.now + milliseconds;
    await settled();
    for (;;) {
      const next = this.#timers.reduce<Timer | undefined>(
        (first, each) =>
          each.at <= until &&
          (first === undefined || each.at < first.at || (each.at === first.at && each.order < first.order))
            ? each
            : first,
        undefined,
      );
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.now = Math.max(this.now, next.at);
      next.call();
      await settled();
    }
    this.now = until;
  }
}

/** Promises that wait for nothing but each other are kept. */
async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await null;
}
