/** How trend and variance are made of throughputs. */
export type LoadTrendForm =
  /** By the mean of both ends, and by the deviation over the mean: within their bounds for any load. */
  | 'normalised'
  /** KISim's: by the first of three alone, and the variance over the mean, both cut off. */
  | 'kisim';

/** Throughputs that the trend is made of, and those that the variance is. */
const TREND = 3;
const VARIANCE = 5;

/**
 * Trend and variance of the load from the throughput of each interval so far, as KISim has them: the change over the last three
 * and the variance of the last five, 0 before there are three.
 *
 * @example
 * const history = new LoadHistory('normalised');
 * for (const perSecond of [10, 10, 30]) history.add(perSecond);
 * history.trend; // 0.5
 */
export class LoadHistory {
  readonly #form: LoadTrendForm;
  readonly #last = new Float64Array(VARIANCE);
  #count = 0;

  constructor(form: LoadTrendForm) {
    this.#form = form;
  }

  clear(): void {
    this.#count = 0;
  }

  /** @param perSecond requests answered a second in the interval that ended */
  add(perSecond: number): void {
    if (this.#count < VARIANCE) this.#last[this.#count++] = perSecond;
    else {
      this.#last.copyWithin(0, 1);
      this.#last[VARIANCE - 1] = perSecond;
    }
  }

  /** -1 .. 1 */
  get trend(): number {
    if (this.#count < TREND) return 0;
    const first = this.#last[this.#count - TREND]!;
    const last = this.#last[this.#count - 1]!;
    const by = this.#form === 'kisim' ? Math.max(first, 1) : first + last;
    return by === 0 ? 0 : Math.min(Math.max((last - first) / by, -1), 1);
  }

  /** 0 .. 1 */
  get variance(): number {
    const count = this.#count;
    if (count < TREND) return 0;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#last[i]!;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < count; i++) squares += (this.#last[i]! - mean) * (this.#last[i]! - mean);
    const variance = squares / count;
    if (this.#form === 'kisim') return Math.min(variance / Math.max(mean, 1), 1);
    return mean === 0 ? 0 : Math.min(Math.sqrt(variance) / mean, 1);
  }

  /** For a checkpoint, and back. */
  get state(): readonly number[] {
    return [...this.#last.subarray(0, this.#count)];
  }

  restore(throughputs: readonly number[]): void {
    this.#count = 0;
    for (const each of throughputs) this.add(each);
  }
}
