import type { Provenance } from '../../meter/power-source.ts';
import type { Milliseconds } from '../../util/units.ts';

export interface PlotPoint {
  readonly unixMilliseconds: Milliseconds;
  /** undefined = unknown: the line has a break there. */
  readonly value: number | undefined;
  readonly provenance: Provenance;
  /** No value is missing here: the line ends, and begins anew with the next point. */
  readonly isBreak?: boolean;
}

export interface PlotSeries {
  readonly name: string;
  /** Series of one number have one colour, by their place in the palette; by their own place unless told. */
  readonly colour?: number;
  /** In order of time. */
  readonly points: readonly PlotPoint[];
}

/** A line chart over time. Width and height are characters in a terminal, pixels in an SVG. */
export interface Plot {
  readonly title: string;
  /** Of the values, such as `W` or `J`. */
  readonly unit: string;
  readonly series: readonly PlotSeries[];
  readonly width?: number;
  readonly height?: number;
}

/** What a series says of itself in title and legend: `estimated` if any of its known values is. */
export function seriesProvenance({ points }: PlotSeries): Provenance | undefined {
  const present = new Set(
    points.filter(({ value }) => value !== undefined).map(({ provenance }) => provenance),
  );
  return (['estimated', 'recorded', 'integrated', 'measured'] as const).find((one) => present.has(one));
}

/** `nginx`, or `nginx (estimated)` where it was not measured. */
export function seriesLabel(series: PlotSeries): string {
  const provenance = seriesProvenance(series);
  const name = series.name.replace(/[\p{Cc}\p{Cf}]/gu, '?');
  return provenance === undefined || provenance === 'measured' ? name : `${name} (${provenance})`;
}

/** The title with its unit, and a mark where any series is estimated. */
export function plotTitle({ title, unit, series }: Plot): string {
  const estimated = series.some((one) => seriesProvenance(one) === 'estimated');
  const name = title.replace(/[\p{Cc}\p{Cf}]/gu, '?');
  return `${name} [${unit}]${estimated ? '   ESTIMATED' : ''}`;
}

export interface PlotRange {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  readonly least: number;
  readonly greatest: number;
}

/**
 * The rectangle that holds every known value, from zero up: energy and power have a true zero, and an axis that begins
 * elsewhere makes differences look greater than they are. undefined where no value is known.
 */
export function plotRange(series: readonly PlotSeries[]): PlotRange | undefined {
  let range: PlotRange | undefined;
  for (const { unixMilliseconds, value } of series.flatMap(({ points }) => points)) {
    if (value === undefined || !Number.isFinite(value)) continue;
    range = {
      from: Math.min(range?.from ?? unixMilliseconds, unixMilliseconds),
      to: Math.max(range?.to ?? unixMilliseconds, unixMilliseconds),
      least: Math.min(range?.least ?? 0, value, 0),
      greatest: Math.max(range?.greatest ?? 0, value, 0),
    };
  }
  return range;
}

/**
 * Round values for an axis from `least` to at least `greatest`, both ends included: steps of 1, 2 or 5 times a power
 * of ten.
 */
export function axisTicks(least: number, greatest: number, about: number): number[] {
  // Below a billionth of a unit steps would run out of digits: nothing is measured that finely.
  const span = greatest > least ? Math.max(greatest - least, 1e-9) : 1;
  const raw = span / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999) ?? raw;
  const first = Math.floor(least / step);
  const last = Math.ceil((least + span) / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const ticks: number[] = [];
  for (let i = first; i <= last; i++) ticks.push(Number((i * step).toFixed(Math.min(20, decimals))));
  return ticks;
}

/**
 * A time as an axis shows it: clock time within a day, day and hour within a few weeks, the date beyond. UTC unless told.
 */
export function timeText(unixMilliseconds: Milliseconds, spanMilliseconds: Milliseconds): string {
  const iso = new Date(unixMilliseconds).toISOString();
  if (spanMilliseconds <= 10 * 60_000) return iso.slice(11, 19);
  if (spanMilliseconds <= 26 * 3_600_000) return iso.slice(11, 16);
  if (spanMilliseconds <= 21 * 86_400_000) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
  return iso.slice(0, 10);
}
