/**
 * The quantile at `share` (0 to 1) of ascending values, with linear interpolation between neighbours (Hyndman and Fan's
 * type 7, the default of R and numpy). NaN of nothing.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const at = Math.min(last, Math.max(0, share * last));
  const below = Math.floor(at);
  const above = Math.min(last, below + 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
