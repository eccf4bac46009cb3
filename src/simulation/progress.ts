import type { Clock } from '../util/clock.ts';

/** How far a run is, for people. */
export interface SimulationProgress {
  readonly nowSeconds: number;
  /** Share of the simulated time up to the end that is foreseen, 0 to 1. */
  readonly share: number;
  readonly events: number;
  readonly eventsPerSecond: number;
  /** At the pace so far; undefined while there is none. */
  readonly secondsLeft: number | undefined;
}

const NANOSECONDS_BETWEEN = 250e6;

/** Tells about a run a few times a second, and at its end. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #endSeconds: number;
  readonly #tell: (progress: SimulationProgress) => void;
  readonly #startNanoseconds: number;
  readonly #startSeconds: number;
  readonly #startEvents: number;
  #toldNanoseconds: number;

  constructor(
    clock: Clock,
    endSeconds: number,
    tell: (progress: SimulationProgress) => void,
    startSeconds: number,
    startEvents: number,
  ) {
    this.#clock = clock;
    this.#endSeconds = endSeconds;
    this.#tell = tell;
    this.#startSeconds = startSeconds;
    this.#startEvents = startEvents;
    this.#startNanoseconds = clock.monotonicNanoseconds();
    this.#toldNanoseconds = this.#startNanoseconds;
  }

  tell(nowSeconds: number, events: number, isLast: boolean): void {
    const nanoseconds = this.#clock.monotonicNanoseconds();
    if (!isLast && nanoseconds - this.#toldNanoseconds < NANOSECONDS_BETWEEN) return;
    this.#toldNanoseconds = nanoseconds;
    const passed = (nanoseconds - this.#startNanoseconds) / 1e9;
    const simulated = nowSeconds - this.#startSeconds;
    const left = Math.max(0, this.#endSeconds - nowSeconds);
    this.#tell({
      nowSeconds,
      share: this.#endSeconds > 0 ? Math.min(1, nowSeconds / this.#endSeconds) : 1,
      events,
      eventsPerSecond: passed > 0 ? (events - this.#startEvents) / passed : 0,
      secondsLeft: simulated > 0 ? (passed / simulated) * left : undefined,
    });
  }
}
