import type { AutoscalingResults, PolicyInPattern, Spread } from '../evaluation.ts';

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
function columns(rows: readonly (readonly string[])[]): string {
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

/** What `kisimd autoscale --evaluate` prints. */
export function evaluationText(results: AutoscalingResults): string {
  const { patterns, baselines, runs, seed, objectiveMilliseconds } = results;
  const parts = patterns.map(({ pattern, policies, seeds }) => {
    const table = columns([
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
