import type { Plot } from '../export/plot/plot.ts';
import type { EnergySeriesResult, EntitySeries } from '../history/energy-series.ts';
import { leastCertain } from '../history/source-bits.ts';
import { printable, utc } from './energy-format.ts';

/**
 * Mean watts over time. A step in which the meter did not run is missing; a step in which it ran and the entity
 * did nothing is zero.
 */
export function energyPlot(result: EnergySeriesResult): Plot {
  const { buckets, query } = result;
  const range = `${utc(buckets.from * 1000)} to ${utc(buckets.to * 1000)}`;
  return {
    title: `Power by ${query.by}, ${range}`,
    unit: 'W',
    series: result.series.map((series) => {
      const usual = leastCertain(series.sourceBits.reduce((all, bits) => all | bits, 0));
      return {
        name: label(series),
        points: Array.from({ length: buckets.count }, (_, i) => {
          const milliseconds = buckets.meteredMilliseconds(i);
          const bits = series.sourceBits[i]!;
          return {
            unixMilliseconds: buckets.startOf(i) * 1000,
            value: milliseconds > 0 ? series.microjoules[i]! / 1000 / milliseconds : undefined,
            provenance: bits === 0 ? usual : leastCertain(bits),
          };
        }),
      };
    }),
  };
}

function label({ entity }: EntitySeries): string {
  const place = entity.namespace === '' ? '' : `${entity.namespace}/`;
  const which = entity.pid === undefined || entity.pid === 0 ? '' : ` (${entity.pid})`;
  return printable(`${place}${entity.name}${which}`);
}
