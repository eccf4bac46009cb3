import type { Spacing } from '../http/arrivals.ts';
import type { LoadSecond } from '../http/recorder.ts';

/** How the requests that were sent compare with those that the pattern wanted. */
export interface Following {
  readonly wanted: number;
  readonly sent: number;
  /** Seconds that are taken together. */
  readonly windowSeconds: number;
  /**
   * Greatest difference of a window, in percent of what it wanted; null where no window wanted enough to tell, and for
   * independent clients, who differ by chance.
   */
  readonly worstPercent: number | null;
}

const WINDOWS = 20;
/** With fewer requests one more or less is more than a percent. */
const LEAST_WANTED = 100;

/** @param loadedSeconds seconds after that only wait for answers */
export function followingOf(
  seconds: readonly LoadSecond[],
  loadedSeconds: number,
  spacing: Spacing = 'even',
): Following {
  const during = seconds.filter(({ second }) => second < loadedSeconds);
  const windowSeconds = Math.max(1, Math.ceil(during.length / WINDOWS));
  let worst: number | null = null;
  let [wanted, sent] = [0, 0];
  for (let from = 0; from < during.length; from += windowSeconds) {
    const part = during.slice(from, from + windowSeconds);
    const wantedHere = part.reduce((sum, each) => sum + each.wanted * each.seconds, 0);
    const sentHere = part.reduce((sum, each) => sum + each.sent, 0);
    wanted += wantedHere;
    sent += sentHere;
    if (wantedHere < LEAST_WANTED || spacing === 'poisson') continue;
    worst = Math.max(worst ?? 0, (100 * Math.abs(sentHere - wantedHere)) / wantedHere);
  }
  return {
    wanted: Math.round(1000 * wanted) / 1000,
    sent,
    windowSeconds,
    worstPercent: worst === null ? null : Math.round(1000 * worst) / 1000,
  };
}
