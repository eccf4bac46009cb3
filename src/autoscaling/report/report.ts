import { escapeHtml, htmlTable } from '../../evaluation/report/html.ts';
import { factsCard, ReportPage } from '../../evaluation/report/page.ts';
import { differenceText, spreadText } from '../../evaluation/spread.ts';
import type { AutoscalingResults, PatternResult } from '../evaluation.ts';
import { autoscalingStyles, patternBars, radarChart, seriesCharts } from './charts.ts';
import { tableColumns } from './tables.ts';

/** An evaluation as one page that needs nothing else. @param facts how the figures came to be, by name */
export function autoscalingReport(
  results: AutoscalingResults,
  facts: readonly (readonly [string, string])[],
): string {
  const page = new ReportPage();
  const styles = autoscalingStyles(results);
  const { patterns, runs, objectiveMilliseconds, episodeSeconds, intervalSeconds } = results;
  const all = [...patternBars(results, styles), radarChart(results, styles)].map((chart) =>
    page.figure(chart, 'all'),
  );
  const sections = patterns.map((pattern, i) => {
    const figures = seriesCharts(pattern, styles).map((chart) => page.figure(chart, `cell-${i}`));
    return `<div class="cell" id="cell-${i}" role="tabpanel" hidden>
<div class="plots">${figures.join('')}</div>
<section class="card"><h3>All figures</h3>${figuresTable(pattern)}</section>
<section class="card"><h3>Against the baselines</h3>${differencesTable(pattern)}</section>
</div>`;
  });
  const buttons = patterns.map(
    ({ pattern }, i) =>
      `<button role="tab" data-cell="${i}" aria-controls="cell-${i}">${escapeHtml(pattern)}</button>`,
  );
  return page.html(
    'kisimd autoscale',
    `<header>
<h1>Autoscaling <span class="muted">two backends, simulated</span></h1>
<p class="lead">${runs} runs of each pattern, every policy on the same requests. Objective: p95 of ${objectiveMilliseconds.toFixed(0)} ms.</p>
</header>
<div class="plots">${all.join('')}</div>
<section>
<h2>Pattern by pattern</h2>
<nav id="cells" role="tablist">${buttons.join('')}</nav>
${sections.join('\n')}
</section>
${factsCard('How this was made', [
  ...facts,
  ['episode', `${episodeSeconds} s, a decision every ${intervalSeconds} s`],
  [
    'figures',
    "Mean ± standard deviation over the runs; differences are paired run by run, with 95 % intervals (Student's t). Latencies are over every request that came; one that failed counts with the time-out. What still waits at the end is served without further arrivals.",
  ],
  [
    'simulated',
    'Service times are of the size that KISim published; power, batching and start-up times are assumptions, which the manual lists.',
  ],
])}`,
  );
}

function figuresTable({ policies }: PatternResult): string {
  return htmlTable(
    ['policy', ...tableColumns.map(({ head }) => head)],
    policies.map(({ policy, metrics }) => [
      policy,
      ...tableColumns.map(({ metric, factor, digits }) => spreadText(metrics[metric], factor, digits)),
    ]),
  );
}

function differencesTable({ policies, seeds }: PatternResult): string {
  const rows = policies.flatMap(({ policy, against }) =>
    Object.entries(against).map(([baseline, found]) => [
      `${policy} against ${baseline}`,
      ...[found.p95Milliseconds, found.energyJoules, found.replicaHours].map((spread) => ({
        text: differenceText(spread),
        tint: spread.mean / 40,
      })),
    ]),
  );
  return `${htmlTable(['', 'p95', 'energy', 'replica-hours'], rows)}<p class="says">Seeds of the workloads: ${seeds.join(', ')}</p>`;
}
