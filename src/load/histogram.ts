import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Milliseconds } from '../util/units.ts';

/** Of a recorded value: any two that differ by more than 0.1 % are told apart. */
const DIGITS = 3;
/** A day in microseconds; a request takes less. */
const MOST_MICROSECONDS = 86_400_000_000;

/** Times in milliseconds; percentiles are exact to 0.1 % and a microsecond. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: Milliseconds;
  readonly p50: Milliseconds;
  readonly p90: Milliseconds;
  readonly p95: Milliseconds;
  readonly p99: Milliseconds;
  readonly p999: Milliseconds;
  readonly max: Milliseconds;
}

/**
 * A high dynamic range histogram of latencies (Gil Tene's HdrHistogram; the C implementation that Node carries): constant
 * memory, constant time, microseconds to a day with three digits.
 */
export class LatencyHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: MOST_MICROSECONDS,
    figures: DIGITS,
  });
  #sum = 0;
  /** In microseconds, as recorded. */
  #max = 0;

  get count(): number {
    return this.#histogram.count;
  }

  /** @param milliseconds below a microsecond they count as one microsecond, above a day as a day */
  record(milliseconds: Milliseconds): void {
    const microseconds = Math.round(milliseconds * 1000);
    const kept = Math.min(Math.max(microseconds, 1), MOST_MICROSECONDS);
    this.#histogram.record(kept);
    this.#sum += milliseconds;
    if (kept > this.#max) this.#max = kept;
  }

  /** The least time that so many percent of all took at most; undefined where nothing was recorded. */
  percentile(percent: number): Milliseconds | undefined {
    const { count } = this;
    if (count === 0) return undefined;
    // The library rounds the rank to the nearest one: that of 90 % of six values would be the fifth, which only 83 % are below.
    const rank = Math.max(1, Math.ceil((percent / 100) * count - 1e-9));
    // The histogram answers with the upper end of a bucket, which can lie above the greatest value.
    return Math.min(this.#histogram.percentile((100 * rank) / count), this.#max) / 1000;
  }

  add(other: LatencyHistogram): void {
    if (other.count === 0) return;
    this.#histogram.add(other.#histogram);
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  reset(): void {
    this.#histogram.reset();
    this.#sum = 0;
    this.#max = 0;
  }

  /** null where nothing was recorded. */
  summary(): LatencySummary | null {
    const { count } = this;
    if (count === 0) return null;
    const at = (percent: number) => this.percentile(percent)!;
    return {
      count,
      mean: Math.round((1000 * this.#sum) / count) / 1000,
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: this.#max / 1000,
    };
  }
}
