/** The last tick at or before an instant, whatever the division rounds to. */
export function stepAt(now: number, tickSeconds: number): number {
  const step = Math.floor(now / tickSeconds);
  if ((step + 1) * tickSeconds <= now) return step + 1;
  return step * tickSeconds > now ? step - 1 : step;
}
