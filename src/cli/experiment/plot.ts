import type { SwitchbackResult } from '../../evaluation/switchback/analysis.ts';
import { type PeriodMeasurement, workOf } from '../../evaluation/switchback/period.ts';
import { sides } from '../../evaluation/switchback/plan.ts';
import type { Plot, PlotPoint, PlotSeries } from '../../export/plot/plot.ts';
import { mean } from '../../util/statistics/mean.ts';
import { estimateMean } from '../../util/statistics/mean-interval.ts';

/**
 * Joules per unit of work of every period, each a line over its window in the colour of its policy, and for each policy the
 * mean over its periods with the ends of the 95 % interval of that mean (which knows nothing of pairs). In percent of the mean over
 * all periods: differences are small beside the whole, and an axis from 0 J would hide them.
 *
 * @param ends whether the ends of the intervals are drawn
 */
export function experimentPlot(result: SwitchbackResult, ends = true): Plot {
  const { plan, periods } = result;
  const known = periods.flatMap((period) => joulesPerWork(period, result) ?? []);
  const level = mean(known);
  const zero = known.length === 0 ? '' : `, 0 % = ${Number(level.toPrecision(4))} J per CPU s`;
  return {
    title: `Energy per unit of work${zero}`,
    unit: '%',
    series: sides.flatMap((side, colour) => {
      const own = periods
        .filter((period) => period.side === side)
        .sort((one, other) => one.index - other.index);
      const percent = own.map((period) => {
        const value = joulesPerWork(period, result);
        return value === undefined ? undefined : 100 * (value / level - 1);
      });
      const name = `${plan[side]} (${side})`;
      return [
        { name, colour, points: bars(own, percent) },
        ...means(name, colour, own, percent, periods, ends),
      ];
    }),
  };
}

function joulesPerWork({ whole }: PeriodMeasurement, { workKind }: SwitchbackResult): number | undefined {
  const work = workOf(whole, workKind)?.total;
  if (whole.joules === undefined || work === undefined || work === 0) return undefined;
  return whole.joules / work;
}

function provenanceOf({ sources }: PeriodMeasurement): PlotPoint['provenance'] {
  return sources.every((source) => source === 'metered' || source === 'prometheus')
    ? 'measured'
    : 'estimated';
}

function bars(periods: readonly PeriodMeasurement[], values: readonly (number | undefined)[]): PlotPoint[] {
  return periods.flatMap((period, i) => {
    const { fromUnixMilliseconds: from, toUnixMilliseconds: to } = period;
    const point = { value: values[i], provenance: provenanceOf(period) };
    return [
      { ...point, unixMilliseconds: from },
      { ...point, unixMilliseconds: to },
      { ...point, unixMilliseconds: to, value: undefined, isBreak: true },
    ];
  });
}

function means(
  name: string,
  colour: number,
  periods: readonly PeriodMeasurement[],
  values: readonly (number | undefined)[],
  all: readonly PeriodMeasurement[],
  ends: boolean,
): PlotSeries[] {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return [];
  const { mean: centre, interval } = estimateMean(known);
  const from = Math.min(...all.map((period) => period.fromUnixMilliseconds));
  const to = Math.max(...all.map((period) => period.toUnixMilliseconds));
  const provenance = periods.some((period) => provenanceOf(period) === 'estimated')
    ? 'estimated'
    : 'measured';
  const line = (what: string, value: number): PlotSeries => ({
    name: `${name}, ${what}`,
    colour,
    points: [from, to].map((unixMilliseconds) => ({ unixMilliseconds, value, provenance })),
  });
  return [
    line('mean', centre),
    ...(interval === undefined || !ends
      ? []
      : [line('95 % low', interval.low), line('95 % high', interval.high)]),
  ];
}
