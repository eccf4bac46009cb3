/**
 * How much load there is to be at each moment: users in a closed loop, requests a second in an open one. What a level
 * means is said by who drives it; a pattern of a trace is in requests a second.
 */
export interface LoadPattern {
  readonly name: string;
  readonly durationSeconds: number;
  /** The greatest level it ever has. */
  readonly highestLevel: number;
  /** @param seconds from its beginning; the level is 0 before it and from `durationSeconds` on */
  levelAt(seconds: number): number;
  /** Level-seconds between two moments: what an open loop is to send, up to chance. */
  amountBetween(fromSeconds: number, toSeconds: number): number;
  /** The next moment at which the level may change, `Infinity` after the last. */
  nextChangeAfter(seconds: number): number;
}

export interface PatternStep {
  /** Its end, from the beginning of the pattern; it starts where the one before it ends. */
  readonly untilSeconds: number;
  readonly level: number;
}

/**
 * A pattern of steps of constant level, one after the other. Every pattern is one, also those that look smooth: what a
 * generator and a simulator do between two changes is then exact.
 *
 * @example
 * const pattern = new StepPattern('two', [{ untilSeconds: 10, level: 1 }, { untilSeconds: 15, level: 4 }]);
 * pattern.levelAt(12); // 4
 * pattern.amountBetween(0, 15); // 30
 */
export class StepPattern implements LoadPattern {
  readonly name: string;
  readonly durationSeconds: number;
  readonly highestLevel: number;
  /** Start of each step, and behind them the end of the last. */
  readonly #starts: Float64Array;
  readonly #levels: Float64Array;
  /** Level-seconds before each step. */
  readonly #before: Float64Array;
  /** The step that was asked for last: who asks, asks mostly in order. */
  #last = 0;

  /** @throws RangeError for no steps, for ends that do not ascend and for a level below 0 */
  constructor(name: string, steps: readonly PatternStep[]) {
    if (steps.length === 0) throw new RangeError('a pattern needs at least one step');
    this.name = name;
    this.#starts = new Float64Array(steps.length + 1);
    this.#levels = new Float64Array(steps.length);
    this.#before = new Float64Array(steps.length + 1);
    let highest = 0;
    for (const [i, { untilSeconds, level }] of steps.entries()) {
      const from = this.#starts[i]!;
      if (!(untilSeconds > from && Number.isFinite(untilSeconds)))
        throw new RangeError(`step ${i + 1} ends at ${untilSeconds} s, expected after ${from} s`);
      if (!(level >= 0 && Number.isFinite(level)))
        throw new RangeError(`step ${i + 1} has level ${level}, expected at least 0`);
      this.#levels[i] = level;
      this.#starts[i + 1] = untilSeconds;
      this.#before[i + 1] = this.#before[i]! + (untilSeconds - from) * level;
      highest = Math.max(highest, level);
    }
    this.highestLevel = highest;
    this.durationSeconds = this.#starts[steps.length]!;
  }

  levelAt(seconds: number): number {
    if (!(seconds >= 0 && seconds < this.durationSeconds)) return 0;
    return this.#levels[this.#stepAt(seconds)]!;
  }

  amountBetween(fromSeconds: number, toSeconds: number): number {
    return toSeconds <= fromSeconds ? 0 : this.#amountUntil(toSeconds) - this.#amountUntil(fromSeconds);
  }

  nextChangeAfter(seconds: number): number {
    if (seconds < 0) return 0;
    if (!(seconds < this.durationSeconds)) return Number.POSITIVE_INFINITY;
    return this.#starts[this.#stepAt(seconds) + 1]!;
  }

  #amountUntil(seconds: number): number {
    if (!(seconds > 0)) return 0;
    if (seconds >= this.durationSeconds) return this.#before[this.#levels.length]!;
    const step = this.#stepAt(seconds);
    return this.#before[step]! + (seconds - this.#starts[step]!) * this.#levels[step]!;
  }

  /** The step of a moment within the pattern. */
  #stepAt(seconds: number): number {
    const starts = this.#starts;
    const last = this.#last;
    if (starts[last]! <= seconds) {
      if (seconds < starts[last + 1]!) return last;
      if (last + 2 < starts.length && seconds < starts[last + 2]!) {
        this.#last = last + 1;
        return last + 1;
      }
    }
    let low = 0;
    let high = this.#levels.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= seconds) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low;
  }
}
