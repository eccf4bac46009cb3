import type { HistoryReader } from '../history/reader.ts';
import type { PowerRow } from './fit.ts';

export interface HistoryRange {
  readonly sinceUnixMilliseconds: number;
  readonly untilUnixMilliseconds: number;
  /** Hardware threads of the node: what its CPU time is a share of. */
  readonly threads: number;
}

/** A minute: the finest step of which the history keeps CPU time for long. */
const BUCKET_MILLISECONDS = 60_000;
const WHOLE = 0.999;

/**
 * A node's minutes as rows for `fitCurve`, in order of time. Left out, never filled: minutes that were not metered whole,
 * and estimated ones, whose watts were made from the utilisation and would only give their own model back.
 */
export function powerRowsOf(
  reader: Pick<HistoryReader, 'energyReport'>,
  { sinceUnixMilliseconds, untilUnixMilliseconds, threads }: HistoryRange,
): readonly PowerRow[] {
  const report = reader.energyReport({
    by: 'node',
    sinceUnixMilliseconds,
    untilUnixMilliseconds,
    everyMilliseconds: BUCKET_MILLISECONDS,
  });
  const rows: PowerRow[] = [];
  for (const row of report.rows) {
    const { entity, meanWatts: watts, cpuSeconds, estimated, coverage } = row;
    if (entity.kind !== 'node' || estimated || coverage < WHOLE) continue;
    if (watts === undefined || cpuSeconds === undefined) continue;
    const seconds = (row.endUnixMilliseconds - row.startUnixMilliseconds) / 1000;
    // Ticks of the kernel can add up to a little more than the time that there was.
    rows.push({ utilisation: Math.min(1, cpuSeconds / (threads * seconds)), watts, seconds });
  }
  return rows;
}
