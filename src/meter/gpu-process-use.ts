import type { NvmlProcessSample } from '../native/nvml.ts';
import type { Nanoseconds } from '../util/units.ts';

/** Work of one process on one board in an interval. */
export interface ProcessShare {
  readonly pid: number;
  /** 0..1 of the board's multiprocessors, weighted by time. */
  readonly smShare: number;
}

/** A driver samples every 1/6 to 1 s by board (NVML reference), so that no sample speaks for more than a second. */
const LONGEST_SAMPLE_MICROSECONDS = 1e6;
/** Samples of one period may be stamped one after the other; well below the shortest period. */
const SAME_PERIOD_MICROSECONDS = 50_000;

/**
 * Turns the driver's per-process samples into time-weighted shares. Every sample is the mean over the time since the
 * board's previous one, so it counts with that time, once, in the interval in which it appears. (The greatest sample
 * of the driver's buffer, which others take, over-charges whoever ran in bursts.)
 */
export class GpuProcessUseMeter {
  #lastMicroseconds = 0;

  /** Newest time stamp seen, in the driver's own microseconds: what is to be asked for next is newer. */
  get lastMicroseconds(): number {
    return this.#lastMicroseconds;
  }

  /** Leaves out samples of the time before the meter: the driver's buffer reaches back some seconds. */
  skip(samples: readonly NvmlProcessSample[]): void {
    for (const { timestampMicroseconds } of samples) {
      this.#lastMicroseconds = Math.max(this.#lastMicroseconds, timestampMicroseconds);
    }
  }

  /** Takes the samples newer than `lastMicroseconds`; none is no work in the interval. */
  take(samples: readonly NvmlProcessSample[], intervalNanoseconds: Nanoseconds): readonly ProcessShare[] {
    const fresh = samples
      .filter(({ timestampMicroseconds }) => timestampMicroseconds > this.#lastMicroseconds)
      .sort((a, b) => a.timestampMicroseconds - b.timestampMicroseconds);
    const busyMicroseconds = new Map<number, number>();
    let covered = 0;
    for (let at = 0; at < fresh.length; ) {
      const period = samplesOfOnePeriod(fresh, at);
      at += period.length;
      const end = period[period.length - 1]!.timestampMicroseconds;
      const length = Math.min(end - this.#lastMicroseconds, LONGEST_SAMPLE_MICROSECONDS);
      this.#lastMicroseconds = end;
      covered += length;
      for (const [pid, share] of meanByProcess(period)) {
        busyMicroseconds.set(pid, (busyMicroseconds.get(pid) ?? 0) + share * length);
      }
    }
    // Sample periods and intervals are not in step: samples may speak for a little more time than the interval had.
    const whole = Math.max(intervalNanoseconds / 1000, covered);
    return [...busyMicroseconds].map(([pid, busy]) => ({ pid, smShare: busy / whole }));
  }
}

function samplesOfOnePeriod(
  sorted: readonly NvmlProcessSample[],
  from: number,
): readonly NvmlProcessSample[] {
  const start = sorted[from]!.timestampMicroseconds;
  let end = from + 1;
  while (end < sorted.length && sorted[end]!.timestampMicroseconds - start < SAME_PERIOD_MICROSECONDS)
    end += 1;
  return sorted.slice(from, end);
}

function meanByProcess(samples: readonly NvmlProcessSample[]): ReadonlyMap<number, number> {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const { pid, smPercent } of samples) {
    const entry = sums.get(pid);
    if (entry === undefined) sums.set(pid, { sum: smPercent, count: 1 });
    else {
      entry.sum += smPercent;
      entry.count += 1;
    }
  }
  return new Map([...sums].map(([pid, { sum, count }]) => [pid, sum / count / 100]));
}
