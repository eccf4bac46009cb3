/**
 * Holm's step-down correction (1979): p values adjusted so that, calling significant what is below 0.05, the chance of
 * even one false call in the whole family stays below 0.05. In the order given.
 */
export function holmAdjusted(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a]! - ps[b]! || a - b);
  const adjusted = new Array<number>(ps.length);
  let least = 0;
  order.forEach((index, rank) => {
    least = Math.max(least, Math.min(1, ps[index]! * (ps.length - rank)));
    adjusted[index] = least;
  });
  return adjusted;
}
