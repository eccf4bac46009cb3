import type { LatencySummary } from '../../load/histogram.ts';
import type { LoadCounts, LoadSecond } from '../../load/http/recorder.ts';
import type { LoadFigures } from '../../load/report/figures.ts';
import type { LoadReport } from '../../load/report/load-report.ts';
import { millisecondsText, objectiveText } from '../../load/report/texts.ts';
import { timeText } from '../time-left.ts';

/** What is told while it runs. @param leftSeconds Infinity where nothing but the user ends it */
export function progressLine(second: LoadSecond, soFar: LoadCounts, leftSeconds: number): string {
  const { answered, seconds, users, inFlight, p50Milliseconds, p99Milliseconds } = second;
  const parts = [
    `${Math.round(answered / seconds)} answers/s`,
    ...(users === null ? [] : [`${users} users`]),
    `p50 ${millisecondsText(p50Milliseconds)}, p99 ${millisecondsText(p99Milliseconds)}`,
    `${inFlight} in flight`,
    `${soFar.errors} errors`,
  ];
  if (Number.isFinite(leftSeconds)) parts.push(`${timeText(Math.max(0, leftSeconds))} left`);
  return parts.join(', ');
}

/** The summary for a terminal. */
export function loadText(report: LoadReport): string {
  const { total, targets, lateMilliseconds, following, objectives, unanswered, firstOther } = report;
  const lines = [
    heading(report),
    ...latencyLines(total.latencyMilliseconds),
    `rate      ${round(total.ratePerSecond)} answers/s, ${round(total.goodRatePerSecond)} of them good`,
    `requests  ${total.sent} sent, ${total.answered} answered${unanswered > 0 ? `, ${unanswered} under way when it was stopped` : ''}`,
    `errors    ${errorsText(total)}`,
  ];
  if (firstOther !== null) lines.push(`          first of the others: ${firstOther}`);
  if (following !== null) {
    const worst =
      following.worstPercent === null
        ? ''
        : `, at worst ${following.worstPercent} % off in ${following.windowSeconds} s`;
    lines.push(`pattern   ${following.sent} of ${round(following.wanted)} requests that it wanted${worst}`);
  }
  if (lateMilliseconds !== null)
    lines.push(
      `lateness  p50 ${millisecondsText(lateMilliseconds.p50)}, p99 ${millisecondsText(lateMilliseconds.p99)} from due to sent; the latencies hold it`,
    );
  if (targets.length > 1) lines.push('', ...targetLines(report));
  if (objectives.length > 0) {
    lines.push('');
    for (const { objective, value, holds } of objectives)
      lines.push(
        `${holds ? 'held  ' : 'MISSED'}  ${objective}${value === null ? ', nothing measured' : `, is ${objectiveText(objective, value)}`}`,
      );
  }
  return `${lines.join('\n')}\n`;
}

function heading({ pattern, loop, ended, elapsedSeconds, levelUnit }: LoadReport): string {
  const how = ended === 'complete' ? '' : `, ${ended}`;
  return `${pattern}, ${loop} loop (${levelUnit}), ${elapsedText(elapsedSeconds)}${how}`;
}

/** Tenths for a short run; whole seconds for one that lasted. */
function elapsedText(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : timeText(Math.round(seconds));
}

function latencyLines(latency: LatencySummary | null): string[] {
  if (latency === null) return ['latency   no answers'];
  const { mean, p50, p90, p95, p99, p999, max } = latency;
  const text = ([name, value]: readonly [string, number]) => `${name} ${millisecondsText(value)}`;
  return [
    `latency   ${[['p50', p50] as const, ['p90', p90] as const, ['p95', p95] as const].map(text).join(', ')}`,
    `          ${[['p99', p99] as const, ['p99.9', p999] as const, ['max', max] as const, ['mean', mean] as const].map(text).join(', ')}`,
  ];
}

export function errorsText({
  errors,
  errorShare,
  errorsByKind,
}: Pick<LoadFigures, 'errors' | 'errorShare' | 'errorsByKind'>): string {
  if (errors === 0) return 'none';
  const kinds = Object.entries(errorsByKind).sort((a, b) => b[1] - a[1]);
  const share = errorShare === null ? '' : ` (${(100 * errorShare).toPrecision(3)} %)`;
  return `${errors}${share}: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`;
}

function targetLines({ targets }: LoadReport): string[] {
  const rows = targets.map(({ target, sent, errors, latencyMilliseconds: latency }) => [
    target,
    String(sent),
    String(errors),
    millisecondsText(latency?.p50 ?? null),
    millisecondsText(latency?.p95 ?? null),
    millisecondsText(latency?.p99 ?? null),
  ]);
  const all = [['target', 'sent', 'errors', 'p50', 'p95', 'p99'], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
