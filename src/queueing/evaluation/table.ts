import { alignedColumns, differenceText, spreadText } from '../../evaluation/spread.ts';
import type { PolicyResult, QueueMetric, QueueResults } from './evaluate.ts';

/** Columns: heading, metric, factor and digits. The first five are SKRueue's. */
export const tableColumns = [
  { head: 'jobs/h', metric: 'throughputPerHour', factor: 1, digits: 2 },
  { head: 'mean wait s', metric: 'meanWaitSeconds', factor: 1, digits: 0 },
  { head: 'success %', metric: 'successRate', factor: 100, digits: 2 },
  { head: 'used %', metric: 'utilisation', factor: 100, digits: 1 },
  { head: 'OOM %', metric: 'oomRate', factor: 100, digits: 2 },
  { head: 'slowdown', metric: 'meanBoundedSlowdown', factor: 1, digits: 3 },
  { head: 'p95 wait s', metric: 'p95WaitSeconds', factor: 1, digits: 0 },
  { head: 'longest h', metric: 'longestWaitSeconds', factor: 1 / 3600, digits: 1 },
  { head: 'kWh', metric: 'energyKwh', factor: 1, digits: 2 },
] as const satisfies readonly {
  readonly head: string;
  readonly metric: QueueMetric;
  readonly factor: number;
  readonly digits: number;
}[];

/** The table row by row, the heading first. */
export function tableRows({ policies }: QueueResults): readonly (readonly string[])[] {
  return [
    ['policy', ...tableColumns.map(({ head }) => head)],
    ...policies.map(({ policy, metrics }) => [
      policy,
      ...tableColumns.map(({ metric, factor, digits }) => spreadText(metrics[metric], factor, digits)),
    ]),
  ];
}

export function againstRows({ policies, baselines }: QueueResults): readonly (readonly string[])[] {
  return policies
    .filter(({ policy }) => !baselines.includes(policy))
    .flatMap((each) => comparedRows(each, baselines));
}

function comparedRows({ policy, against }: PolicyResult, baselines: readonly string[]) {
  return baselines.flatMap((baseline) => {
    const found = against[baseline];
    if (found === undefined) return [];
    const { meanBoundedSlowdown, energyKwh, meanWaitSeconds } = found;
    return [
      [
        `${policy} against ${baseline}`,
        ...[meanBoundedSlowdown, energyKwh, meanWaitSeconds].map(differenceOrDash),
      ],
    ];
  });
}

function differenceOrDash(spread: Parameters<typeof differenceText>[0]): string {
  return Number.isNaN(spread.mean) ? 'nobody waited' : differenceText(spread);
}

/** What `kisimd queue --evaluate` prints. */
export function evaluationText(results: QueueResults): string {
  const { seeds, windowSeconds, load, workload, cluster, placement, notes } = results;
  const against = againstRows(results);
  const asked = load === null ? '' : ` at a load of ${load}`;
  return [
    alignedColumns(tableRows(results)),
    ...(against.length === 0
      ? []
      : [alignedColumns([['in pairs', 'slowdown', 'energy', 'mean wait'], ...against])]),
    [
      `${workload}${asked} on ${cluster}, placed by ${placement}; ${seeds.length} runs of ${windowSeconds / 86400} days, the same jobs for every policy`,
      "mean ± standard deviation; differences in pairs with 95 % intervals (Student's t); slowdown: mean bounded slowdown, 10 s",
      `seeds ${seeds.join(' ')}`,
      ...notes,
    ].join('\n'),
    '',
  ].join('\n\n');
}
