import type { LatencySummary } from '../histogram.ts';
import type { LoadCounts } from '../http/recorder.ts';

/** What was measured of a run or of one target, as it is told. */
export interface LoadFigures {
  readonly sent: number;
  /** Complete answers, whatever their status. */
  readonly answered: number;
  /** No answer, or one of status 400 and above. */
  readonly errors: number;
  /** Of all requests that ended; null where none did. */
  readonly errorShare: number | null;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly ratePerSecond: number;
  /** Answers below status 400. */
  readonly goodRatePerSecond: number;
  readonly bytes: number;
  readonly latencyMilliseconds: LatencySummary | null;
}

/** @param seconds how long the load lasted */
export function figuresOf(counts: LoadCounts, seconds: number): LoadFigures {
  const { sent, answered, errors, errorsByKind, byStatus, bytes, latency } = counts;
  const bad = Object.entries(byStatus).reduce(
    (sum, [status, count]) => sum + (Number(status) >= 400 ? count : 0),
    0,
  );
  const ended = answered + errors - bad;
  const perSecond = (count: number) => (seconds > 0 ? Math.round((1000 * count) / seconds) / 1000 : 0);
  return {
    sent,
    answered,
    errors,
    errorShare: ended === 0 ? null : errors / ended,
    errorsByKind,
    byStatus,
    ratePerSecond: perSecond(answered),
    goodRatePerSecond: perSecond(answered - bad),
    bytes,
    latencyMilliseconds: latency,
  };
}
