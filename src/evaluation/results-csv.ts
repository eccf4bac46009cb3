import { csvLine } from '../util/csv.ts';
import type { LoggedRecord, RunRecord } from './records.ts';
import type { BenchmarkResults } from './results.ts';

const columns = [
  'cell',
  'scenario',
  'load',
  'control',
  'policy',
  'clusters',
  'kwh',
  'percent',
  'percent_low',
  'percent_high',
  'bca_low',
  'bca_high',
  'iqm',
  'iqm_low',
  'iqm_high',
  'improvement',
  'improvement_low',
  'improvement_high',
  'p',
  'p_holm',
  'worst_cluster',
  'worst_percent',
  'against_best_single',
  'against_hindsight',
  'headroom_captured',
  'mean_wait_s',
  'p95_wait_s',
  'longest_wait_s',
  'slo_miss_share',
  'slo_flag',
  'wakes',
  'mean_stretch',
] as const;

/** A line for each policy of each cell. */
export function resultsCsv({ cells }: BenchmarkResults): string {
  const lines = cells.flatMap((cell) =>
    cell.policies.map((result) =>
      csvLine([
        cell.cell,
        cell.scenario,
        cell.load,
        cell.control,
        result.policy,
        cell.clusters.length,
        result.kwh,
        result.percent.mean,
        result.percent.interval?.low,
        result.percent.interval?.high,
        result.bca?.low,
        result.bca?.high,
        result.interquartileMean.mean,
        result.interquartileMean.interval?.low,
        result.interquartileMean.interval?.high,
        result.improvement.mean,
        result.improvement.interval?.low,
        result.improvement.interval?.high,
        result.p,
        result.holm,
        result.worst.cluster,
        result.worst.percent,
        result.againstBestSingle?.mean,
        result.againstHindsight?.mean,
        result.headroomCaptured,
        result.meanWaitSeconds,
        result.p95WaitSeconds,
        result.longestWaitSeconds,
        result.sloMissShare,
        result.sloFlag,
        result.wakes,
        result.meanStretch,
      ]),
    ),
  );
  return csvLine(columns) + lines.join('');
}

const runColumns = [
  'cell',
  'cluster',
  'seed',
  'policy',
  'ranAs',
  'energyJoules',
  'activeJoules',
  'idleJoules',
  'sleepJoules',
  'wakeJoules',
  'gpuJoules',
  'wakes',
  'placed',
  'completed',
  'dropped',
  'workCoreSeconds',
  'digest',
  'meanWaitSeconds',
  'p95WaitSeconds',
  'longestWaitSeconds',
  'sloMisses',
  'meanStretch',
  'decisions',
] as const satisfies readonly (keyof RunRecord)[];

/** A line for each run, in an order that does not depend on how they were run. */
export function runsCsv(results: BenchmarkResults, records: readonly LoggedRecord[]): string {
  const rank = new Map(results.cells.map(({ cell }, i) => [cell, i]));
  const runs = records.filter((record): record is RunRecord => record.kind === 'run');
  const names = [...new Set(results.cells.flatMap(({ policies }) => policies.map(({ policy }) => policy)))];
  const order = (a: RunRecord, b: RunRecord) =>
    rank.get(a.cell)! - rank.get(b.cell)! ||
    a.cluster - b.cluster ||
    a.seed - b.seed ||
    names.indexOf(a.policy) - names.indexOf(b.policy);
  return (
    csvLine(runColumns) +
    runs
      .sort(order)
      .map((run) => csvLine(runColumns.map((name) => run[name])))
      .join('')
  );
}
