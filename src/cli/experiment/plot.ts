import type { SwitchbackResult } from '../../evaluation/switchback/analysis.ts';
import { type PeriodMeasurement, workOf } from '../../evaluation/switchback/period.ts';
import { sides } from '../../evaluation/switchback/plan.ts';
import type { Plot, PlotPoint, PlotSeries } from '../../export/plot/plot.ts';
import { estimateMean } from '../../util/statistics/mean-interval.ts';

/**
 * Joules per unit of work of every period, each a line over its window in the colour of its policy, and for each policy the
 * mean over its periods with the ends of the 95 % interval of that mean (which knows nothing of pairs).
 */
export function experimentPlot(result: SwitchbackResult): Plot {
  const { plan } = result;
  return {
    title: `Energy per unit of work: ${plan.a} (a) and ${plan.b} (b) by turns`,
    unit: 'J per CPU s',
    series: sides.flatMap((side, colour) => {
      const periods = result.periods
        .filter((period) => period.side === side)
        .sort((one, other) => one.index - other.index);
      const values = periods.map((period) => joulesPerWork(period, result));
      const name = `${plan[side]} (${side})`;
      return [
        { name, colour, points: bars(periods, values) },
        ...means(name, colour, periods, values, result.periods),
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
      { ...point, unixMilliseconds: to, value: undefined },
    ];
  });
}

function means(
  name: string,
  colour: number,
  periods: readonly PeriodMeasurement[],
  values: readonly (number | undefined)[],
  all: readonly PeriodMeasurement[],
): PlotSeries[] {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return [];
  const { mean, interval } = estimateMean(known);
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
    line('mean', mean),
    ...(interval === undefined ? [] : [line('95 % low', interval.low), line('95 % high', interval.high)]),
  ];
}
