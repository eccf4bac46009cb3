import type { EnergySeriesResult, EntitySeries } from './energy-series.ts';
import type { QueryEntity } from './query-entities.ts';
import { describeSource, isEstimated } from './source-bits.ts';

export type { EnergyQuery } from './energy-series.ts';

/** What one entity burnt in one bucket of time. */
export interface EnergyRow {
  readonly startUnixMilliseconds: number;
  readonly endUnixMilliseconds: number;
  readonly entity: QueryEntity;
  readonly joules: number;
  readonly wattHours: number;
  /** Joules over the metered time of the bucket, whether the entity lived all of it or not. */
  readonly meanWatts: number | undefined;
  /** Greatest mean power of a second, undefined where it was not asked for. */
  readonly maxWatts: number | undefined;
  /** undefined for seconds that come from a block, which keeps energy only. */
  readonly cpuSeconds: number | undefined;
  /** `measured`, `estimated`, `measured+estimated, idle provisional`... */
  readonly source: string;
  readonly estimated: boolean;
  /** Share of the bucket (0..1) in which every counted zone was read. */
  readonly coverage: number;
}

export interface EnergyReport {
  readonly fromUnixMilliseconds: number;
  readonly untilUnixMilliseconds: number;
  readonly everyMilliseconds: number | undefined;
  /** By time, then most energy of the whole range first. */
  readonly rows: readonly EnergyRow[];
  readonly omitted: { readonly entities: number; readonly joules: number };
  readonly notes: readonly string[];
}

export function reportOf(result: EnergySeriesResult): EnergyReport {
  const { buckets } = result;
  const rows: EnergyRow[] = [];
  for (let i = 0; i < buckets.count; i++) {
    for (const series of result.series) {
      // No flags: no row was stored, the entity did nothing or did not exist.
      if (series.sourceBits[i] !== 0) rows.push(rowOf(result, series, i));
    }
  }
  return {
    fromUnixMilliseconds: buckets.from * 1000,
    untilUnixMilliseconds: buckets.to * 1000,
    everyMilliseconds: result.query.everyMilliseconds,
    rows,
    omitted: { entities: result.omitted.entities, joules: result.omitted.microjoules / 1e6 },
    notes: result.notes,
  };
}

function rowOf({ buckets }: EnergySeriesResult, series: EntitySeries, i: number): EnergyRow {
  const microjoules = series.microjoules[i]!;
  const milliseconds = buckets.meteredMilliseconds(i);
  const bits = series.sourceBits[i]!;
  const start = buckets.startOf(i);
  const end = buckets.endOf(i);
  return {
    startUnixMilliseconds: start * 1000,
    endUnixMilliseconds: end * 1000,
    entity: series.entity,
    joules: microjoules / 1e6,
    wattHours: microjoules / 3.6e9,
    meanWatts: milliseconds > 0 ? microjoules / 1000 / milliseconds : undefined,
    maxWatts: known(series.maxMilliwatts[i]! / 1000),
    cpuSeconds: known(series.cpuMicroseconds[i]! / 1e6),
    source: describeSource(bits),
    estimated: isEstimated(bits),
    coverage: Math.min(1, buckets.fullMilliseconds(i) / ((end - start) * 1000)),
  };
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
