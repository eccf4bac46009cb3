import type { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** How the stream of jobs is at one time: its rate against the mean of the week, and how likely each template is. */
export interface Mood {
  readonly relativeRate: number;
  /** By the name of a template; one that is left out does not come. */
  readonly weights: Readonly<Record<string, number>>;
}

/** When jobs come and of which kinds. A week begins on Monday at 0 h. */
export interface Strategy {
  readonly name: string;
  /** Pieces of a week within which nothing changes: start of each, ascending from 0. */
  readonly pieces: readonly { readonly fromSeconds: number; readonly mood: Mood }[];
  /** Jobs that come at once, now and then; left out: none. */
  readonly bursts?: { readonly everySeconds: number; readonly jobs: number; readonly gapSeconds: number };
}

const EVEN = { spark: 0.12, ml: 0.1, etl: 0.18, realtime: 0.25, batch: 0.2, generic: 0.15 };

const uniform: Strategy = {
  name: 'uniform',
  pieces: [{ fromSeconds: 0, mood: { relativeRate: 1, weights: EVEN } }],
};

/** Pipelines at night, people by day, less of everything at weekends. */
const NIGHT = { spark: 0.2, ml: 0.05, etl: 0.4, realtime: 0.1, batch: 0.2, generic: 0.05 };
const MORNING = { spark: 0.1, ml: 0.08, etl: 0.17, realtime: 0.3, batch: 0.15, generic: 0.2 };
const OFFICE = { spark: 0.1, ml: 0.14, etl: 0.08, realtime: 0.33, batch: 0.15, generic: 0.2 };
const EVENING = { spark: 0.16, ml: 0.12, etl: 0.22, realtime: 0.15, batch: 0.25, generic: 0.1 };

/** Rates of the parts of a day keep the proportions 2 : 3 : 5 : 4 that SKRueue's realistic strategy has. */
const DAY_PARTS = [
  { hour: 0, rate: 2, weights: NIGHT },
  { hour: 6, rate: 3, weights: MORNING },
  { hour: 9, rate: 5, weights: OFFICE },
  { hour: 18, rate: 4, weights: EVENING },
] as const;
const WEEKEND_RATE = 0.5;

function realisticPieces(): Strategy['pieces'] {
  const pieces: { fromSeconds: number; mood: Mood }[] = [];
  for (let day = 0; day < 7; day++)
    for (const { hour, rate, weights } of DAY_PARTS)
      pieces.push({
        fromSeconds: day * DAY + hour * HOUR,
        mood: { relativeRate: rate * (day < 5 ? 1 : WEEKEND_RATE), weights },
      });
  return pieces;
}

const realistic: Strategy = { name: 'realistic', pieces: realisticPieces() };

const burst: Strategy = {
  name: 'burst',
  pieces: [{ fromSeconds: 0, mood: { relativeRate: 1, weights: EVEN } }],
  bursts: { everySeconds: 4 * HOUR, jobs: 20, gapSeconds: 5 },
};

export const strategies: readonly Strategy[] = [uniform, realistic, burst];
export const strategyNames: readonly string[] = strategies.map(({ name }) => name);

interface PatternPart {
  readonly days: readonly number[];
  readonly hours: readonly number[];
  readonly rate: number;
  readonly weights: Readonly<Record<string, number>>;
}

/** Hour by hour of a week: the first part that has the hour; none of them: nobody comes. */
export function weekOf(parts: readonly PatternPart[]): Strategy['pieces'] {
  return Array.from({ length: 7 * 24 }, (_, at) => {
    const [day, hour] = [Math.floor(at / 24) + 1, at % 24];
    const part = parts.find(({ days, hours }) => days.includes(day) && hours.includes(hour));
    return {
      fromSeconds: (day - 1) * DAY + hour * HOUR,
      mood: { relativeRate: part?.rate ?? 0, weights: part?.weights ?? {} },
    };
  });
}

/** @throws KISIM_E_QUEUE_OPTIONS */
export function strategyByName(name: string): Strategy {
  const found = strategies.find((each) => each.name === name);
  if (found === undefined)
    throw errors.KISIM_E_QUEUE_OPTIONS(`strategy ${name}`, {
      expected: `one of ${strategyNames.join(', ')}`,
    });
  return found;
}

export interface Arrival {
  readonly seconds: number;
  readonly mood: Mood;
}

/** The mood at a time: that of its piece of the week. */
export function moodAt({ pieces }: Strategy, seconds: number): Mood {
  const inWeek = seconds - Math.floor(seconds / WEEK) * WEEK;
  let at = 0;
  while (at + 1 < pieces.length && pieces[at + 1]!.fromSeconds <= inWeek) at++;
  return pieces[at]!.mood;
}

/** Mean over the week of what a function tells of the mood, weighted by the rate; and the mean rate. */
export function overWeek(
  { pieces }: Strategy,
  amount: (mood: Mood) => number,
): { readonly rate: number; readonly mean: number } {
  let rate = 0;
  let sum = 0;
  pieces.forEach(({ fromSeconds, mood }, i) => {
    // Nobody comes: there is nothing to tell of them.
    if (mood.relativeRate === 0) return;
    const seconds = (pieces[i + 1]?.fromSeconds ?? WEEK) - fromSeconds;
    rate += mood.relativeRate * seconds;
    sum += mood.relativeRate * seconds * amount(mood);
  });
  return { rate: rate / WEEK, mean: sum / rate };
}

/**
 * Arrivals of a Poisson process whose rate follows the strategy, by thinning (Lewis and Shedler, 1979), and its bursts.
 *
 * @param perSecond rate where `relativeRate` is 1; of bursts nothing is counted in
 * @returns by time, in [0, until)
 */
export function arrivals(
  strategy: Strategy,
  perSecond: number,
  untilSeconds: number,
  random: RandomStream,
): readonly Arrival[] {
  const peak = strategy.pieces.reduce((most, { mood }) => Math.max(most, mood.relativeRate), 0);
  const found: Arrival[] = [];
  const meanGap = 1 / (perSecond * peak);
  for (let t = random.exponential(meanGap); t < untilSeconds; t += random.exponential(meanGap)) {
    const mood = moodAt(strategy, t);
    if (random.next() * peak < mood.relativeRate) found.push({ seconds: t, mood });
  }
  const { bursts } = strategy;
  if (bursts === undefined) return found;
  for (let from = 0; from < untilSeconds; from += bursts.everySeconds)
    for (let i = 0; i < bursts.jobs; i++) {
      const seconds = from + i * bursts.gapSeconds;
      if (seconds < untilSeconds) found.push({ seconds, mood: moodAt(strategy, seconds) });
    }
  return found.sort((a, b) => a.seconds - b.seconds);
}
