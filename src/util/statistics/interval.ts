/** A confidence interval; undefined wherever there are too few values for one. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Share of intervals that hold the truth, in the long run, in all that the program prints. */
export const CONFIDENCE = 0.95;
