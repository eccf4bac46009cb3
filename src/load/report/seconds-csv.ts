import { csvLine } from '../../util/csv.ts';
import type { LoadSecond } from '../http/recorder.ts';

const columns: readonly (readonly [name: string, pick: (second: LoadSecond) => number | null])[] = [
  ['second', ({ second }) => second],
  ['seconds', ({ seconds }) => round(seconds)],
  ['wanted', ({ wanted }) => round(wanted)],
  ['users', ({ users }) => users],
  ['sent', ({ sent }) => sent],
  ['answered', ({ answered }) => answered],
  ['errors', ({ errors }) => errors],
  ['in_flight', ({ inFlight }) => inFlight],
  ['p50_ms', ({ p50Milliseconds }) => p50Milliseconds],
  ['p95_ms', ({ p95Milliseconds }) => p95Milliseconds],
  ['p99_ms', ({ p99Milliseconds }) => p99Milliseconds],
  ['max_ms', ({ maxMilliseconds }) => maxMilliseconds],
];

/** The series of a run, a row a second; what was not measured is empty. */
export function secondsCsv(seconds: readonly LoadSecond[]): string {
  const rows = seconds.map((second) => csvLine(columns.map(([, pick]) => pick(second))));
  return csvLine(columns.map(([name]) => name)) + rows.join('');
}

function round(value: number): number {
  return Math.round(1000 * value) / 1000;
}
