import { basename } from 'node:path';
import { type RequestSeries, readRequestCounts } from '../../simulation/inputs/request-series.ts';
import { patternErrors } from './errors.ts';
import { type LoadPattern, type PatternStep, StepPattern } from './load-pattern.ts';

export interface TracePart {
  /** Start of the part that is used, seconds after the first record; the first record if not given. */
  readonly fromSeconds?: number;
  /** Length of the part; to the end of the trace if not given. */
  readonly durationSeconds?: number;
  /** All levels times this. */
  readonly scale?: number;
}

/**
 * Requests a second of a trace, a step a minute: a table with the columns `t_s` (start of a minute in seconds, ascending)
 * and `requests` (how many in that minute). A minute without a record is unknown, never zero.
 *
 * @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_COLUMN, KISIM_E_INPUT_VALUE (with file and line),
 * KISIM_E_LOAD_TRACE_GAP for a gap in the part that is used, KISIM_E_LOAD_PATTERN for a part that lies outside the trace
 */
export function readTracePattern(path: string, part: TracePart = {}): LoadPattern {
  return tracePattern(readRequestCounts(path), path, part);
}

/** @param file its name in errors; without folders and ending it is the pattern's name */
export function tracePattern(
  { stepSeconds, startSeconds, amounts }: RequestSeries,
  file: string,
  { fromSeconds = 0, durationSeconds, scale = 1 }: TracePart,
): LoadPattern {
  const first = startSeconds[0];
  if (first === undefined) throw patternErrors.KISIM_E_LOAD_PATTERN(`${file}: no rows`);
  if (!(scale > 0 && Number.isFinite(scale)))
    throw patternErrors.KISIM_E_LOAD_PATTERN(`scale is ${scale}, expected above 0`);
  const from = first + fromSeconds;
  const last = startSeconds.at(-1)! + stepSeconds;
  const until = durationSeconds === undefined ? last : from + durationSeconds;
  if (!(from >= first && until > from && until <= last))
    throw patternErrors.KISIM_E_LOAD_PATTERN(
      `${file}: from ${fromSeconds} s for ${until - from} s, the trace has ${last - first} s`,
    );
  const steps: PatternStep[] = [];
  let known = from;
  for (const [i, start] of startSeconds.entries()) {
    const end = start + stepSeconds;
    if (end <= from || start >= until) continue;
    if (start > known) throw gap(file, known, start);
    if (start < known && steps.length > 0)
      throw patternErrors.KISIM_E_LOAD_PATTERN(
        `${file}: the minutes of t_s ${known - stepSeconds} and ${start} overlap`,
      );
    known = Math.min(end, until);
    steps.push({ untilSeconds: known - from, level: (scale * amounts[i]!) / stepSeconds });
  }
  if (known < until) throw gap(file, known, until);
  return new StepPattern(basename(file).replace(/\.[^.]*$/, ''), steps);
}

function gap(file: string, from: number, until: number): Error {
  return patternErrors.KISIM_E_LOAD_TRACE_GAP(`${file}: nothing recorded from t_s ${from} to ${until}`);
}
