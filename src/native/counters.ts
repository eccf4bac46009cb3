/**
 * A set of files that each hold one decimal counter (powercap `energy_uj`, hwmon `energy1_input`), kept open
 * and read together by one call. No allocation in `read`.
 */
export interface NativeCounterSet {
  /** Opens a file; returns its index. Throws an Error with `code` (EACCES, ENOENT, ...) where it cannot. */
  add(path: string): number;
  /**
   * Reads every counter into `values` and the CLOCK_MONOTONIC nanoseconds of each read into `times`; both must
   * hold at least as many entries as were added. A failed read leaves NaN. Returns the number of failures.
   */
  read(values: Float64Array, times: Float64Array): number;
  /** The system error name of the last failed read of a counter ('ENODATA'), or '' if the last read was good. */
  lastError(index: number): string;
  close(): void;
}

/** A native thread that reads counters at a fixed rate and keeps exact sums and the power seen in between. */
export interface NativeCounterSampler {
  /**
   * What was gathered since the last call, one entry a counter; the arrays are the caller's and are filled:
   * energy since the last call (same unit as the file, wraps undone), time of the last good read (CLOCK_MONOTONIC
   * ns; NaN before the first), and the greatest power over 10 ms windows (file unit per second; NaN when there was no
   * full window). The first reading is a base and no energy. The energy is NaN where it is unknown: no good read
   * since the last call (the next call then holds that time's energy too), or a decrease that is no wrap.
   */
  drain(energy: Float64Array, lastNanoseconds: Float64Array, maxPerSecond: Float64Array): SamplerStatistics;
  stop(): void;
}

export interface SamplerStatistics {
  readonly samples: number;
  /** Samples skipped because the thread came more than one period late: it yields to every other task. */
  readonly missed: number;
  /** Reads that failed, and decreases that were no wrap. */
  readonly failures: number;
  /** CPU time the sampling thread has used since it started. */
  readonly cpuNanoseconds: number;
}
