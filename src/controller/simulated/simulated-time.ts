import type { Milliseconds } from '../../util/units.ts';
import type { LoopTime } from '../ports.ts';

/**
 * Seconds since the start of the simulated cluster, at the pace of the machine. A process that was stopped for a while (Ctrl-Z, a
 * debugger) goes on where it was: pods of an hour do not come at once.
 */
export class SimulatedTime {
  /** Somebody must ask for the time at least so often. */
  static readonly longestMilliseconds: Milliseconds = 5_000;
  readonly #time: LoopTime;
  #seconds = 0;
  #asked: Milliseconds | undefined;

  constructor(time: LoopTime) {
    this.#time = time;
  }

  start(): void {
    this.#asked ??= this.#time.monotonicMilliseconds();
  }

  stop(): void {
    this.#asked = undefined;
  }

  get seconds(): number {
    if (this.#asked === undefined) return this.#seconds;
    const now = this.#time.monotonicMilliseconds();
    // Twice: a machine that is only slow loses no time.
    this.#seconds += Math.min(now - this.#asked, 2 * SimulatedTime.longestMilliseconds) / 1000;
    this.#asked = now;
    return this.#seconds;
  }
}
