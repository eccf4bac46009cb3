import type { BenchmarkResults, CellResult, Estimate, OverallResult, PolicyResult } from './results.ts';
import { PORTFOLIO } from './suite.ts';

const DEFAULT_WIDTH = 120;
const GAP = '  ';

export interface TableOptions {
  /** Characters in a line; wide tables are cut into several. */
  readonly width?: number;
}

/** What `kisimd benchmark` prints for people: the headline, the yardsticks, what was waited, and what is wrong. */
export function resultTables(results: BenchmarkResults, options: TableOptions = {}): string {
  const width = options.width ?? DEFAULT_WIDTH;
  const { suite } = results;
  const sections = [
    [
      `Energy for identical work, % against ${suite.baseline}; negative saves. Mean over ${suite.clusters} clusters with its`,
      `${results.confidence * 100} % interval (t).  * significant after Holm's correction   ! more SLO misses than the baseline`,
      '',
      ...policyTable(results, width, 'policy', headlineEntry, overallEntry),
    ],
    ['Yardsticks, chosen in hindsight', '', ...grid(yardsticks(results), width)],
    [
      'Mean wait / mean 95th percentile of the runs, seconds',
      '',
      ...policyTable(results, width, 'policy', waitEntry),
    ],
    ['Worst cluster, %', '', ...policyTable(results, width, 'policy', worstEntry, overallWorst)],
    remarks(results),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** `-12.3 ±1.4`; without an interval the mean alone. */
export function estimateText({ mean, interval }: Estimate, digits = 1): string {
  if (interval === null) return signed(mean, digits);
  return `${signed(mean, digits)} ±${((interval.high - interval.low) / 2).toFixed(digits)}`;
}

export function signed(value: number, digits = 1): string {
  const text = value.toFixed(digits);
  // What rounds to zero has no sign.
  return Number(text) === 0 ? (0).toFixed(digits) : value > 0 ? `+${text}` : text;
}

export function secondsText(seconds: number): string {
  if (seconds < 10) return seconds.toFixed(1);
  return seconds < 10_000 ? seconds.toFixed(0) : `${(seconds / 3600).toFixed(1)} h`;
}

function headlineEntry(cell: CellResult, result: PolicyResult): string {
  const flags = `${result.sloFlag ? '!' : ''}${(result.holm ?? 1) < 0.05 ? '*' : ''}`;
  return `${estimateText(result.percent, cell.control ? 2 : 1)}${flags}`;
}

function overallEntry(result: OverallResult): string {
  return estimateText(result.percent);
}

function waitEntry(_cell: CellResult, result: PolicyResult): string {
  return `${secondsText(result.meanWaitSeconds)} / ${secondsText(result.p95WaitSeconds)}`;
}

function worstEntry(_cell: CellResult, { worst }: PolicyResult): string {
  return signed(worst.percent);
}

function overallWorst({ worst }: OverallResult): string {
  return signed(worst.percent);
}

function policyTable(
  results: BenchmarkResults,
  width: number,
  corner: string,
  entry: (cell: CellResult, result: PolicyResult) => string,
  ofAll?: (result: OverallResult) => string,
): string[] {
  const { cells, overall, suite } = results;
  const names = [...new Set(cells.flatMap(({ policies }) => policies.map(({ policy }) => policy)))];
  const rows = names.map((name) => [
    name,
    ...cells.map((cell) => {
      const result = cell.policies.find(({ policy }) => policy === name);
      return result === undefined
        ? ''
        : name === suite.baseline && entry !== waitEntry
          ? '0'
          : entry(cell, result);
    }),
    ...(ofAll === undefined ? [] : overall.filter(({ policy }) => policy === name).map(ofAll)),
  ]);
  const head = [corner, ...cells.map(({ cell }) => cell), ...(ofAll === undefined ? [] : ['all rows'])];
  return grid([head, ...rows], width);
}

function yardsticks(results: BenchmarkResults): string[][] {
  const { cells, suite } = results;
  const counted = cells.filter(({ control }) => !control);
  const portfolio = (cell: CellResult) => cell.policies.find(({ policy }) => policy === PORTFOLIO);
  const row = (name: string, entry: (cell: CellResult) => string) => [name, ...counted.map(entry)];
  const text = (value: Estimate | null | undefined) => (value == null ? '' : estimateText(value));
  const rows = [
    row(`${suite.baseline}, kWh`, ({ policies }) =>
      policies.find(({ policy }) => policy === suite.baseline)!.kwh.toPrecision(4),
    ),
    row('best single rule', ({ bestSingle }) => bestSingle!.policy),
    row('  % against baseline', ({ bestSingle }) => text(bestSingle!.percent)),
    row('best rule of each cluster, %', ({ hindsight }) => text(hindsight!.percent)),
  ];
  if (counted.some((cell) => portfolio(cell) !== undefined))
    rows.push(row('portfolio against best single, %', (cell) => text(portfolio(cell)?.againstBestSingle)));
  if (counted.some(({ offline }) => offline !== null))
    rows.push(
      row('offline solution, no waiting, %', ({ offline }) =>
        offline === null ? '' : `${text(offline.percent)} (${offline.clusters} clusters)`,
      ),
    );
  return [['', ...counted.map(({ cell }) => cell)], ...rows];
}

function remarks(results: BenchmarkResults): string[] {
  const { multiplicity, controls, cells, suite, confidence } = results;
  const runs = suite.seeds === 1 ? 'one workload each' : `${suite.seeds} workloads each`;
  const lines = [
    `Clusters are the units of every interval (${suite.clusters}, ${runs}, seed ${suite.seed}); workloads are paired.`,
    `${multiplicity.comparisons} comparisons: ${multiplicity.unadjusted} intervals leave zero out, ` +
      `${multiplicity.significant} of them hold at ${(100 - confidence * 100).toFixed(0)} % for the whole family (Holm).`,
  ];
  const { distinct, shared } = results.machineModels;
  if (shared > 0) lines.push(sharedMachines(distinct, shared));
  if (controls.holds !== null)
    lines.push(
      controls.holds
        ? `Control: with linear power every policy reads zero, as it must.`
        : `CONTROL FAILED: with linear power nothing can be saved, yet ${brokenControls(cells)}.`,
    );
  const flagged = cells.flatMap(({ cell, policies }) =>
    policies.filter(({ sloFlag }) => sloFlag).map(({ policy }) => `${policy} in ${cell}`),
  );
  if (flagged.length > 0)
    lines.push(
      `More than one point more SLO misses than ${suite.baseline}, so never the best: ${flagged.join(', ')}.`,
    );
  return lines;
}

/** How far the intervals reach, where clusters are made of the same machines. */
export function sharedMachines(distinct: number, shared: number): string {
  return (
    `The clusters are made of ${distinct} kinds of machines, ${shared} of them in more than one cluster: ` +
    'intervals speak for clusters of such machines.'
  );
}

function brokenControls(cells: readonly CellResult[]): string {
  return cells
    .filter(({ controlHolds }) => controlHolds === false)
    .map(({ cell }) => cell)
    .join(', ')
    .concat(' reads otherwise');
}

/** Rows of texts as lines of aligned columns; where they are wider than the width, the columns go on below. */
function grid(rows: readonly (readonly string[])[], width: number): string[] {
  const columns = rows[0]!.length;
  const widths = Array.from({ length: columns }, (_, i) =>
    rows.reduce((most, row) => Math.max(most, (row[i] ?? '').length), 0),
  );
  const lines: string[] = [];
  for (let from = 1; from < columns || from === 1; ) {
    let to = from;
    let used = widths[0]!;
    while (to < columns && (to === from || used + GAP.length + widths[to]! <= width))
      used += GAP.length + widths[to++]!;
    if (lines.length > 0) lines.push('');
    for (const row of rows) {
      const cells = row.slice(from, to).map((text, i) => text.padStart(widths[from + i]!));
      // A short last row of a table leaves the rest of its line empty.
      lines.push([(row[0] ?? '').padEnd(widths[0]!), ...cells].join(GAP).trimEnd());
    }
    if (to >= columns) break;
    from = to;
  }
  return lines;
}
