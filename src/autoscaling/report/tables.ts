import { alignedColumns, differenceText, spreadText } from '../../evaluation/spread.ts';
import type { AutoscalingResults, PolicyInPattern } from '../evaluation.ts';

/** Columns of the table: heading, metric, factor and digits. */
export const tableColumns = [
  { head: 'p95 ms', metric: 'p95Milliseconds', factor: 1, digits: 0 },
  { head: 'p50 ms', metric: 'p50Milliseconds', factor: 1, digits: 0 },
  { head: 'late %', metric: 'lateShare', factor: 100, digits: 1 },
  { head: 'failed %', metric: 'failedShare', factor: 100, digits: 2 },
  { head: 'req/s', metric: 'throughputPerSecond', factor: 1, digits: 1 },
  { head: 'kJ', metric: 'energyJoules', factor: 0.001, digits: 1 },
  { head: 'J/req', metric: 'joulesPerRequest', factor: 1, digits: 2 },
  { head: 'replica-h', metric: 'replicaHours', factor: 1, digits: 2 },
  { head: 'changes', metric: 'changes', factor: 1, digits: 0 },
] as const;

/** What `kisimd autoscale --evaluate` prints. */
export function evaluationText(results: AutoscalingResults): string {
  const { patterns, baselines, runs, seed, objectiveMilliseconds } = results;
  const parts = patterns.map(({ pattern, policies, seeds }) => {
    const table = alignedColumns([
      [pattern, ...tableColumns.map(({ head }) => head)],
      ...policies.map(({ policy, metrics }) => [
        policy,
        ...tableColumns.map(({ metric, factor, digits }) => spreadText(metrics[metric], factor, digits)),
      ]),
    ]);
    const compared = policies
      .filter(({ policy }) => !baselines.includes(policy))
      .flatMap((each) => againstLines(each, baselines));
    return [table, ...compared, `seeds ${seeds.join(' ')}`].join('\n');
  });
  return [
    ...parts,
    `${runs} runs a pattern, the same requests for every policy; mean ± standard deviation, 95 % intervals (Student's t) of paired differences; late: over ${objectiveMilliseconds.toFixed(0)} ms; seed ${seed}`,
    '',
  ].join('\n\n');
}

function againstLines({ policy, against }: PolicyInPattern, baselines: readonly string[]): string[] {
  return baselines.flatMap((baseline) => {
    const found = against[baseline];
    if (found === undefined) return [];
    const parts = [
      `p95 ${differenceText(found.p95Milliseconds)}`,
      `energy ${differenceText(found.energyJoules)}`,
      `replica-hours ${differenceText(found.replicaHours)}`,
    ];
    return [`${policy} against ${baseline}: ${parts.join(', ')}`];
  });
}
