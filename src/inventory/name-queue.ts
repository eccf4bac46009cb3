import type { Nanoseconds } from '../util/units.ts';

/** Seconds between attempts: runtimes write their files around the time the first process starts. */
const DELAYS_SECONDS = [1, 2, 4, 8, 16, 32];
/** After a start on a full host, hundreds of names are wanted at once; they must not hold up a tick. */
const ATTEMPTS_PER_TICK = 64;

interface Pending {
  /** Looks the name up; true = nothing more to find out. */
  readonly attempt: () => boolean;
  failures: number;
  dueNanoseconds: Nanoseconds;
}

/** Look-ups that are tried at once, a few times more if need be, and then given up. */
export class NameQueue {
  #pending: Pending[] = [];

  get length(): number {
    return this.#pending.length;
  }

  add(attempt: () => boolean): void {
    this.#pending.push({ attempt, failures: 0, dueNanoseconds: Number.NEGATIVE_INFINITY });
  }

  /** Makes the attempts that are due. */
  run(nowNanoseconds: Nanoseconds): void {
    if (this.#pending.length === 0) return;
    let left = ATTEMPTS_PER_TICK;
    this.#pending = this.#pending.filter((pending) => {
      if (pending.dueNanoseconds > nowNanoseconds || left === 0) return true;
      left--;
      if (pending.attempt()) return false;
      const delay = DELAYS_SECONDS[pending.failures++];
      if (delay === undefined) return false;
      pending.dueNanoseconds = nowNanoseconds + delay * 1e9;
      return true;
    });
  }
}
