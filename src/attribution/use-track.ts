import type { Milliseconds, Nanoseconds } from '../util/units.ts';

/** CPU time since any beginning, as it was found at some moments; never falls. */
export class UseTrack {
  readonly #times: Milliseconds[];
  readonly #totals: Nanoseconds[];

  /** @param time on any clock that is not set */
  constructor(time: Milliseconds, total: Nanoseconds) {
    this.#times = [time];
    this.#totals = [total];
  }

  get latestTime(): Milliseconds {
    return this.#times.at(-1)!;
  }

  get latestTotal(): Nanoseconds {
    return this.#totals.at(-1)!;
  }

  /** A moment that is not later than the last one is that one read again, somewhat more exactly. */
  add(time: Milliseconds, delta: Nanoseconds): void {
    const total = this.latestTotal + delta;
    if (time > this.latestTime) {
      this.#times.push(time);
      this.#totals.push(total);
    } else this.#totals[this.#totals.length - 1] = total;
  }

  /** As if the work between two readings had been done evenly; before the first and after the last it stands still. */
  at(time: Milliseconds): Nanoseconds {
    const times = this.#times;
    if (time >= this.latestTime) return this.latestTotal;
    let after = times.length - 1;
    while (after > 0 && times[after - 1]! > time) after--;
    if (after === 0) return this.#totals[0]!;
    const [from, to] = [times[after - 1]!, times[after]!];
    const [low, high] = [this.#totals[after - 1]!, this.#totals[after]!];
    return low + (high - low) * ((time - from) / (to - from));
  }

  /** Forgets what is only needed for moments before this one. */
  forgetBefore(time: Milliseconds): void {
    let keep = 0;
    while (keep + 1 < this.#times.length && this.#times[keep + 1]! <= time) keep++;
    this.#times.splice(0, keep);
    this.#totals.splice(0, keep);
  }
}
