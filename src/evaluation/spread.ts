import { mean as meanOf, standardDeviation } from '../util/statistics/mean.ts';
import { estimateMean } from '../util/statistics/mean-interval.ts';

/** A metric over the runs of one policy, or a paired difference, as results keep it in JSON. */
export interface Spread {
  readonly mean: number;
  /** Null for fewer than two runs. */
  readonly deviation: number | null;
  /** Ends of the 95 % interval (Student's t); null for fewer than two runs. */
  readonly low: number | null;
  readonly high: number | null;
}

export function spreadOf(values: ArrayLike<number>): Spread {
  const { interval } = estimateMean(values);
  return {
    mean: meanOf(values),
    deviation: values.length < 2 ? null : standardDeviation(values),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
}

/** Of each metric of the runs, of which there is one at least. */
export function spreadsOf<Name extends string>(
  runs: readonly Readonly<Record<Name, number>>[],
): Record<Name, Spread> {
  const names = Object.keys(runs[0]!) as Name[];
  return Object.fromEntries(names.map((name) => [name, spreadOf(runs.map((run) => run[name]))])) as Record<
    Name,
    Spread
  >;
}

/** `151 ± 4`: mean and deviation over the runs. */
export function spreadText({ mean, deviation }: Spread, factor: number, digits: number): string {
  const text = (factor * mean).toFixed(digits);
  return deviation === null ? text : `${text} ± ${(factor * deviation).toFixed(digits)}`;
}

/** `-12.3 % (-14.0 to -10.6)`: a paired difference with its 95 % interval. */
export function differenceText({ mean, low, high }: Spread): string {
  const signed = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(1)}`;
  const interval = low === null || high === null ? '' : ` (${signed(low)} to ${signed(high)})`;
  return `${signed(mean)} %${interval}`;
}

/** Rows of text with columns of equal width; the first column is left, the others right. */
export function alignedColumns(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
