import { defineErrors } from './errors.ts';

export const durationErrors = defineErrors({
  KISIM_E_DURATION: {
    summary: 'the text is no duration',
    expected: 'a number with a unit: 500ms, 30s, 90m, 24h, 7d, 2w, or several of them: 1h30m',
    action: 'give a unit with every number',
  },
  KISIM_E_POINT_IN_TIME: {
    summary: 'the text is no point in time',
    expected:
      'a duration before now (24h), `now`, a date (2026-01-31), or a date and time (2026-01-31T12:00, UTC unless it ends in an offset)',
    action: 'write it in one of these forms',
  },
});

const millisecondsPerUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const part = /(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|w)/y;

/**
 * Milliseconds of a duration. Not negative.
 *
 * @throws KISIM_E_DURATION
 * @example
 * parseDuration('1h30m'); // 5400000
 */
export function parseDuration(text: string): number {
  const milliseconds = tryParseDuration(text);
  if (milliseconds === undefined) throw durationErrors.KISIM_E_DURATION(JSON.stringify(text));
  return milliseconds;
}

/** The same, but undefined where the text is no duration. */
export function tryParseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  let milliseconds = 0;
  part.lastIndex = 0;
  if (trimmed === '') return undefined;
  while (part.lastIndex < trimmed.length) {
    const match = part.exec(trimmed);
    if (match === null) return undefined;
    milliseconds += Number(match[1]) * millisecondsPerUnit[match[2]!]!;
  }
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}

const dateTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Milliseconds since 1970 of a point in time: a duration before now, `now`, or an ISO 8601 date with or without time.
 * Without an offset it is UTC, like every time the program prints.
 *
 * @throws KISIM_E_POINT_IN_TIME
 * @example
 * parsePointInTime('2026-01-31T12:00+01:00', now); // 1769857200000
 */
export function parsePointInTime(text: string, nowUnixMilliseconds: number): number {
  const trimmed = text.trim();
  if (trimmed === 'now') return nowUnixMilliseconds;
  const ago = tryParseDuration(trimmed);
  if (ago !== undefined) return nowUnixMilliseconds - ago;
  const match = dateTime.exec(trimmed);
  if (match !== null) {
    const iso = trimmed.replace(' ', 'T');
    const milliseconds = Date.parse(iso.includes('T') && match[1] === undefined ? `${iso}Z` : iso);
    if (isRealDate(iso, milliseconds)) return milliseconds;
  }
  throw durationErrors.KISIM_E_POINT_IN_TIME(JSON.stringify(text));
}

/** `Date.parse` takes 31 February for 3 March. */
function isRealDate(iso: string, milliseconds: number): boolean {
  if (!Number.isFinite(milliseconds)) return false;
  const [year, month, day] = iso.slice(0, 10).split('-').map(Number);
  return new Date(Date.UTC(year!, month! - 1, day!)).getUTCDate() === day;
}
