/** A job of less counts as one of so much: else the shortest ones alone would make the mean (Feitelson and others, JSSPP 1997). */
export const SLOWDOWN_BOUND_SECONDS = 10;

/** Time from arrival to end against the time of the run, at least 1 (Mu'alem and Feitelson, TPDS 2001). */
export function boundedSlowdown(arrivalSeconds: number, startSeconds: number, endSeconds: number): number {
  return Math.max(
    1,
    (endSeconds - arrivalSeconds) / Math.max(endSeconds - startSeconds, SLOWDOWN_BOUND_SECONDS),
  );
}
