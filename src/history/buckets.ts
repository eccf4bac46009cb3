import type Database from 'better-sqlite3';
import type { EnergyQuery } from './energy-series.ts';
import { historyErrors } from './errors.ts';

const HOUR = 3600;
const MINUTE = 60;
const MOST_BUCKETS = 2_000_000;

export interface SecondsRange {
  readonly from: number;
  readonly to: number;
}

/** The time axis of an answer, in unix seconds, and which stored rows fill it. */
export interface Buckets {
  readonly resolution: 'hour' | 'minute' | 'second';
  /** The range that is really answered: the asked one, widened to the stored resolution. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
  readonly count: number;
  /** Closed hours, and the minutes around and between them. */
  readonly hourRanges: readonly SecondsRange[];
  readonly minuteRanges: readonly SecondsRange[];
  /** Before this, seconds are in blocks. */
  readonly plainSecondsFrom: number;
  indexOf(unixSeconds: number): number;
  /** Start and end of a bucket, cut to the range. */
  startOf(index: number): number;
  endOf(index: number): number;
  /** Time with any counted zone known, and with all of them. */
  meteredMilliseconds(index: number): number;
  fullMilliseconds(index: number): number;
  addMetered(unixSeconds: number, milliseconds: number, fullMilliseconds: number): void;
}

/** @throws KISIM_E_HISTORY_QUERY for an empty range or more buckets than anybody can use */
export function createBuckets(db: Database.Database, query: EnergyQuery, notes: string[]): Buckets {
  const everySeconds = query.everyMilliseconds === undefined ? undefined : query.everyMilliseconds / 1000;
  check(query, everySeconds);
  const resolution = resolutionOf(everySeconds);
  const widened = widen(db, query, resolution, notes);
  const { from, to } = widened;
  const stepSeconds = everySeconds ?? to - from;
  // Not the widened end: time that is still to come is not time that was missed.
  const end = Math.ceil(query.untilUnixMilliseconds / 1000);
  const origin = everySeconds === undefined ? from : from - (from % everySeconds);
  const count = Math.ceil((to - origin) / stepSeconds);
  if (count > MOST_BUCKETS) throw historyErrors.KISIM_E_HISTORY_QUERY(`${count} steps in the range`);
  const metered = new Float64Array(count);
  const full = new Float64Array(count);
  const indexOf = (ts: number) => Math.floor((ts - origin) / stepSeconds);
  const addMetered = (ts: number, milliseconds: number, fullMilliseconds: number) => {
    metered[indexOf(ts)]! += milliseconds;
    full[indexOf(ts)]! += fullMilliseconds;
  };
  const ranges =
    resolution === 'hour' ? hoursAndMinutes(db, from, to) : { hours: [], minutes: [{ from, to }] };
  const coverage = db
    .prepare<[number, number, number], [number, number, number]>(
      'SELECT ts, ms, full_ms FROM coverage WHERE period = ? AND ts >= ? AND ts < ?',
    )
    .raw();
  const load = (period: number, list: readonly SecondsRange[]) => {
    for (const range of list) {
      for (const [ts, ms, fullMs] of coverage.all(period, range.from, range.to)) addMetered(ts, ms, fullMs);
    }
  };
  let plainFrom = 0;
  if (resolution === 'second') {
    plainFrom = plainSecondsFrom(db, to);
    load(1, [{ from: Math.max(from, plainFrom), to }]);
  } else {
    load(HOUR, ranges.hours);
    load(MINUTE, ranges.minutes);
  }
  return {
    resolution,
    from,
    to,
    stepSeconds,
    count,
    hourRanges: ranges.hours,
    minuteRanges: ranges.minutes,
    plainSecondsFrom: plainFrom,
    indexOf,
    startOf: (index) => Math.max(from, origin + index * stepSeconds),
    endOf: (index) => Math.min(end, origin + (index + 1) * stepSeconds),
    meteredMilliseconds: (index) => metered[index]!,
    fullMilliseconds: (index) => full[index]!,
    addMetered,
  };
}

/** Steps that need a finer table than hours. */
function resolutionOf(everySeconds: number | undefined): 'hour' | 'minute' | 'second' {
  if (everySeconds === undefined || everySeconds % HOUR === 0) return 'hour';
  return everySeconds % MINUTE === 0 ? 'minute' : 'second';
}

function check(query: EnergyQuery, everySeconds: number | undefined): void {
  const { sinceUnixMilliseconds: since, untilUnixMilliseconds: until } = query;
  if (!Number.isFinite(since) || !Number.isFinite(until) || since < 0 || until <= since) {
    throw historyErrors.KISIM_E_HISTORY_QUERY(`since ${iso(since)}, until ${iso(until)}`);
  }
  if (everySeconds !== undefined && (!Number.isInteger(everySeconds) || everySeconds < 1)) {
    throw historyErrors.KISIM_E_HISTORY_QUERY(`steps of ${everySeconds} s`);
  }
  if (query.top !== undefined && (!Number.isInteger(query.top) || query.top < 1)) {
    throw historyErrors.KISIM_E_HISTORY_QUERY(`the top ${query.top} entities`);
  }
}

/** An hour of which some seconds are gone as rows has all of them in its blocks. `otherwise` where there are no rows. */
function plainSecondsFrom(db: Database.Database, otherwise: number): number {
  const oldest =
    db.prepare<[], { ts: number | null }>('SELECT min(ts) AS ts FROM coverage WHERE period = 1').get()?.ts ??
    otherwise;
  const gone = db
    .prepare<[number], { ts: number }>('SELECT ts FROM coverage WHERE period = 3600 AND state = 2 AND ts = ?')
    .get(oldest - (oldest % HOUR));
  return gone === undefined ? oldest : gone.ts + HOUR;
}

function widen(
  db: Database.Database,
  query: EnergyQuery,
  resolution: 'hour' | 'minute' | 'second',
  notes: string[],
): SecondsRange {
  const grain = resolution === 'second' ? 1 : MINUTE;
  let from = Math.floor(query.sinceUnixMilliseconds / 1000 / grain) * grain;
  const to = Math.ceil(query.untilUnixMilliseconds / 1000 / grain) * grain;
  if (resolution === 'second') return { from, to };
  const gone = lastHourWithoutMinutes(db, from - (from % HOUR), to);
  if (gone === undefined || gone + HOUR <= from) return { from, to };
  if (resolution === 'minute') {
    notes.push(
      `minutes are kept from ${iso((gone + HOUR) * 1000)} on; use steps of an hour for what is older`,
    );
  } else {
    // The first hour can only be taken as a whole.
    from -= from % HOUR;
  }
  return { from, to };
}

/** The newest hour of the range whose time is not all in minutes any more. */
function lastHourWithoutMinutes(db: Database.Database, from: number, to: number): number | undefined {
  const oldestMinute = db
    .prepare<[], { ts: number | null }>('SELECT min(ts) AS ts FROM coverage WHERE period = 60')
    .get()?.ts;
  const hour = db.prepare<[number, number], { ts: number | null }>(
    `SELECT max(h.ts) AS ts FROM coverage h WHERE h.period = 3600 AND h.ts >= ? AND h.ts <= ?
       AND h.ms > (SELECT coalesce(sum(m.ms), 0) FROM coverage m
                   WHERE m.period = 60 AND m.ts >= h.ts AND m.ts < h.ts + 3600)`,
  );
  // Only the hour in which the minutes begin, and those before it, can lack any.
  return hour.get(from, Math.min(to, oldestMinute ?? to))?.ts ?? undefined;
}

function hoursAndMinutes(
  db: Database.Database,
  from: number,
  to: number,
): { hours: readonly SecondsRange[]; minutes: readonly SecondsRange[] } {
  const firstHour = Math.ceil(from / HOUR) * HOUR;
  const endHour = Math.floor(to / HOUR) * HOUR;
  if (firstHour >= endHour) return { hours: [], minutes: [{ from, to }] };
  const hours: SecondsRange[] = [];
  const minutes: SecondsRange[] = [];
  if (from < firstHour) minutes.push({ from, to: firstHour });
  const open = db
    .prepare<[number, number], { ts: number }>(
      'SELECT ts FROM coverage WHERE period = 3600 AND state = 0 AND ts >= ? AND ts < ? ORDER BY ts',
    )
    .all(firstHour, endHour);
  let start = firstHour;
  for (const { ts } of open) {
    if (ts > start) hours.push({ from: start, to: ts });
    minutes.push({ from: ts, to: ts + HOUR });
    start = ts + HOUR;
  }
  if (start < endHour) hours.push({ from: start, to: endHour });
  if (endHour < to) minutes.push({ from: endHour, to });
  return { hours, minutes };
}

function iso(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : String(milliseconds);
}
