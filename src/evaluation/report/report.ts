import type { RunConditions } from '../conditions.ts';
import type { BenchmarkResults, CellResult, PolicyResult } from '../results.ts';
import { estimateText, secondsText, sharedMachines, signed } from '../tables.ts';
import type { Chart } from './chart.ts';
import { cellCharts } from './charts.ts';
import { escapeHtml, htmlTable, type TableCell } from './html.ts';
import { type Badge, badgeList, factsCard, ReportPage } from './page.ts';
import { overallChart } from './savings-charts.ts';

/** Savings of so many percent are coloured in full. */
const FULL_TINT_PERCENT = 30;

/**
 * The report of a benchmark as one page that needs nothing else: styles, plots and the library that draws them are in it.
 * Every figure on it is in results.json; the conditions are in conditions.json.
 */
export function reportHtml(results: BenchmarkResults, conditions: RunConditions): string {
  const page = new ReportPage();
  const figure = (chart: Chart, of: string) => page.figure(chart, of);
  const overall = overallChart(results);
  const sections = results.cells.map((cell, i) => cellSection(results, cell, i, figure));
  const { name, baseline } = results.suite;
  return page.html(
    `kisimd benchmark: ${name}`,
    `<header>
<h1>Placement benchmark <span class="muted">${escapeHtml(name)}</span></h1>
<p class="lead">Energy for identical work, simulated in pairs, in percent against <b>${escapeHtml(baseline)}</b>. Negative is less energy.</p>
${badgeList(badges(results))}
</header>
<section class="card">
<h2>Headline</h2>
${headlineTable(results)}
<p class="says">Mean over ${results.suite.clusters} clusters ± half of its 95 % interval (Student's t).
<b>*</b> differs from zero after Holm's correction over all ${results.multiplicity.comparisons} comparisons.
<b>!</b> more than one point more missed objectives than the baseline: not comparable, never called the best.
Where nodes sleep every policy runs awake-first. The best rules are chosen in hindsight, so 0 against them is good.</p>
</section>
${overall === undefined ? '' : figure(overall, 'all')}
<section>
<h2>Row by row</h2>
<nav id="cells" role="tablist">${results.cells
      .map(
        ({ cell, control }, i) =>
          `<button role="tab" data-cell="${i}" aria-controls="cell-${i}">${escapeHtml(cell)}${control ? ' <small>control</small>' : ''}</button>`,
      )
      .join('')}</nav>
${sections.join('\n')}
</section>
${provenance(results, conditions)}`,
  );
}

function badges({ controls, multiplicity, suite, cells }: BenchmarkResults): readonly Badge[] {
  const flagged = cells.flatMap(({ policies }) => policies.filter(({ sloFlag }) => sloFlag));
  return [
    controls.holds === null
      ? { text: 'no control in this suite' }
      : controls.holds
        ? { kind: 'good', text: 'control reads zero' }
        : { kind: 'bad', text: 'control does not read zero' },
    { text: `${suite.clusters} clusters, ${suite.seeds} workload${suite.seeds === 1 ? '' : 's'} each` },
    { text: `${multiplicity.significant} of ${multiplicity.comparisons} comparisons significant (Holm)` },
    flagged.length === 0
      ? { kind: 'good', text: 'no SLO flags' }
      : { kind: 'bad', text: `${flagged.length} SLO flag${flagged.length === 1 ? '' : 's'}` },
  ];
}

function headlineTable(results: BenchmarkResults): string {
  const { cells, overall, suite } = results;
  const names = [...new Set(cells.flatMap(({ policies }) => policies.map(({ policy }) => policy)))];
  const ofAll = (cell: TableCell) => (overall.length === 0 ? [] : [{ ...cell, className: 'all' }]);
  const rows = names.map((name): (string | TableCell)[] => [
    name,
    ...ofAll(overallCell(results, name)),
    ...cells.map((cell) =>
      headlineCell(
        cell,
        cell.policies.find(({ policy }) => policy === name),
        suite.baseline,
      ),
    ),
  ]);
  const yard = (title: string, pick: (cell: CellResult) => TableCell) => [
    { text: title, className: 'yard' },
    ...ofAll({ text: '' }),
    ...cells.map(pick),
  ];
  rows.push(
    yard('best single rule', ({ bestSingle }) =>
      bestSingle === null
        ? { text: '' }
        : { text: estimateText(bestSingle.percent), title: bestSingle.policy },
    ),
    yard('best rule of each cluster', ({ hindsight }) => ({
      text: hindsight === null ? '' : estimateText(hindsight.percent),
    })),
  );
  if (cells.some(({ offline }) => offline !== null))
    rows.push(
      yard('offline solution, no waiting', ({ offline }) =>
        offline === null || offline.percent === null
          ? { text: '' }
          : { text: estimateText(offline.percent), title: `${offline.clusters} clusters without a queue` },
      ),
    );
  return htmlTable(
    ['policy', ...(overall.length === 0 ? [] : ['all rows']), ...cells.map(({ cell }) => cell)],
    rows,
  );
}

function headlineCell(cell: CellResult, result: PolicyResult | undefined, baseline: string): TableCell {
  if (result === undefined) return { text: '' };
  if (result.policy === baseline) return { text: '0', title: `${result.kwh.toPrecision(5)} kWh a run` };
  const flags = `${result.sloFlag ? '!' : ''}${(result.holm ?? 1) < 0.05 ? '*' : ''}`;
  return {
    text: `${estimateText(result.percent, cell.control ? 2 : 1)}${flags}`,
    title: `${result.kwh.toPrecision(5)} kWh a run; worst cluster ${signed(result.worst.percent)} %`,
    tint: result.percent.mean / FULL_TINT_PERCENT,
    ...(result.policy === cell.bestSingle?.policy ? { className: 'best' } : {}),
  };
}

function overallCell({ overall }: BenchmarkResults, name: string): TableCell {
  const result = overall.find(({ policy }) => policy === name);
  if (result === undefined) return { text: '' };
  return { text: estimateText(result.percent), tint: result.percent.mean / FULL_TINT_PERCENT };
}

function cellSection(
  results: BenchmarkResults,
  cell: CellResult,
  i: number,
  figure: (chart: Chart, of: string) => string,
): string {
  const charts = cellCharts(results, cell).map((chart) => figure(chart, `cell-${i}`));
  const nodes = cell.clusters.map((cluster) => cluster.nodes);
  const cores = cell.clusters.map((cluster) => cluster.cpuMilli / 1000);
  const range = (values: readonly number[]) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? `${least}` : `${least} to ${most}`;
  };
  const says = [
    `${range(nodes)} nodes, ${range(cores)} hardware threads, ${cell.windowSeconds / 3600} h of arrivals`,
    cell.sleeps ? 'nodes may sleep' : 'nodes never sleep',
    ...(cell.control ? ['control: power is linear, nothing can be saved'] : []),
  ];
  return `<div class="cell" id="cell-${i}" role="tabpanel" hidden>
<p class="says">${escapeHtml(says.join(' · '))}</p>
<div class="plots">${charts.join('')}</div>
<section class="card"><h3>All figures</h3>${detailTable(cell)}</section>
<details class="card"><summary>Clusters</summary>${clusterTable(cell)}</details>
</div>`;
}

function detailTable(cell: CellResult): string {
  const offline = cell.policies.some(({ headroomCaptured }) => headroomCaptured !== null);
  const head = [
    'policy',
    'kWh',
    '%',
    'BCa interval',
    'IQM %',
    'P(less)',
    'p (Holm)',
    'worst',
    'vs best single',
    'vs hindsight',
    ...(offline ? ['headroom taken'] : []),
    'wait mean',
    'p95',
    'longest',
    'SLO misses',
    'wakes',
    'stretch',
  ];
  const estimateOrNothing = (estimate: PolicyResult['againstBestSingle']) =>
    estimate === null ? '' : estimateText(estimate);
  const rows = cell.policies.map((result): (string | TableCell)[] => [
    { text: result.policy, title: `ran as ${result.ranAs.join(', ')}` },
    result.kwh.toPrecision(5),
    { text: estimateText(result.percent, 2), tint: result.percent.mean / FULL_TINT_PERCENT },
    result.bca === null ? '' : `${signed(result.bca.low, 2)} to ${signed(result.bca.high, 2)}`,
    estimateText(result.interquartileMean, 2),
    result.improvement.mean.toFixed(2),
    result.holm === null ? '' : pText(result.holm),
    { text: signed(result.worst.percent), title: `cluster ${result.worst.cluster}` },
    estimateOrNothing(result.againstBestSingle),
    estimateOrNothing(result.againstHindsight),
    ...(offline ? [result.headroomCaptured === null ? '' : `${result.headroomCaptured.toFixed(0)} %`] : []),
    secondsText(result.meanWaitSeconds),
    secondsText(result.p95WaitSeconds),
    secondsText(result.longestWaitSeconds),
    `${(100 * result.sloMissShare).toFixed(2)} %${result.sloFlag ? ' !' : ''}`,
    result.wakes.toFixed(0),
    result.meanStretch.toFixed(3),
  ]);
  return htmlTable(head, rows);
}

function pText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function clusterTable({ clusters }: CellResult): string {
  const rows = clusters.map((cluster) => [
    `cluster ${cluster.cluster}`,
    String(cluster.clusterSeed),
    cluster.workloadSeeds.join(', '),
    String(cluster.nodes),
    String(cluster.pods),
    cluster.types
      .map(({ model, count, cpuMilli, idleWatts, fullWatts }) => {
        const watts = idleWatts === null ? '' : `, ${idleWatts.toFixed(0)} to ${fullWatts!.toFixed(0)} W`;
        return `${count} × ${model ?? 'node'} (${cpuMilli / 1000} threads${watts})`;
      })
      .join('; '),
  ]);
  return htmlTable(['', 'seed', 'workload seeds', 'nodes', 'pods', 'machines'], rows);
}

function machines({ machineModels: { distinct, shared } }: BenchmarkResults): string {
  if (distinct === 0) return 'the kinds of machines have no names';
  if (shared > 0) return sharedMachines(distinct, shared);
  return `${distinct} kinds, none of them in more than one cluster.`;
}

function provenance(results: BenchmarkResults, conditions: RunConditions): string {
  const { suite, multiplicity } = results;
  const facts: readonly (readonly [string, string])[] = [
    ['version', conditions.code],
    ['command', conditions.command],
    ['seed', `${suite.seed}; the seeds of clusters and workloads are in each row's list of clusters`],
    ['hardware', results.hardware ?? "the program's own server models"],
    [
      'machine',
      `${conditions.cpu}, ${conditions.cpus} CPUs, ${conditions.memoryGib} GiB, ${conditions.platform}, kernel ${conditions.kernel}, Node ${conditions.node}`,
    ],
    [
      'runs',
      `${conditions.runsInAll} (${conditions.runsMade} made in ${conditions.seconds} s on ${conditions.workers} worker${conditions.workers === 1 ? '' : 's'}, begun ${conditions.started})`,
    ],
    [
      'comparisons',
      `${multiplicity.comparisons} with the baseline, in one family: ${multiplicity.unadjusted} intervals leave zero out before any correction, ${multiplicity.significant} p values are below 0.05 after Holm's. Controls are not counted. Comparisons with the best rules are chosen in hindsight and have no correction.`,
    ],
    ['machines', machines(results)],
    [
      'pairs',
      'Every policy of a row places the same pods on the same nodes; a policy that completes other work is refused. Energies of a cluster are added up over its workloads, then compared; clusters are the units of all intervals.',
    ],
    [
      'simulated',
      'All energies come from a simulation with published power curves. Sleep watts, wake times and pod mixes are assumptions of the scenarios.',
    ],
  ];
  return factsCard('How this was made', facts);
}
