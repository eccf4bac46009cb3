import { htmlTable } from '../../evaluation/report/html.ts';
import { factsCard, ReportPage } from '../../evaluation/report/page.ts';
import { metricBars, queueStyles, runCharts, slowdownChart } from './charts.ts';
import type { QueueResults } from './evaluate.ts';
import { againstRows, tableRows } from './table.ts';

/** An evaluation as one page that needs nothing else. @param facts how the figures came to be, by name */
export function queueReport(results: QueueResults, facts: readonly (readonly [string, string])[]): string {
  const page = new ReportPage();
  const styles = queueStyles(results);
  const charts = [
    ...metricBars(results, styles),
    slowdownChart(results, styles),
    ...runCharts(results, styles),
  ];
  const figures = charts.map((chart) => page.figure(chart, 'all'));
  const [head, ...rows] = tableRows(results);
  const against = againstRows(results);
  const { seeds, windowSeconds, load, workload, cluster, placement, notes } = results;
  return page.html(
    'kisimd queue',
    `<header>
<h1>Admission <span class="muted">which waiting job next</span></h1>
<p class="lead">${seeds.length} runs of ${windowSeconds / 86400} days, every policy on the same jobs.</p>
</header>
<section class="card"><h2>All figures</h2>${htmlTable(head!, rows)}</section>
${against.length === 0 ? '' : `<section class="card"><h2>In pairs</h2>${htmlTable(['', 'slowdown', 'energy', 'mean wait'], against)}</section>`}
<div class="plots">${figures.join('')}</div>
${factsCard('How this was made', [
  ...facts,
  [
    'jobs',
    `${workload}${load === null ? '' : ` at a load of ${load}`}${notes.map((note) => `; ${note}`).join('')}`,
  ],
  ['cluster', `${cluster}, pods placed by ${placement}`],
  ['seeds of the jobs', seeds.join(', ')],
  [
    'figures',
    "Mean ± standard deviation over the runs; differences are paired run by run, with 95 % intervals (Student's t). Energy is that of all nodes, idle counted to the end of the arrivals.",
  ],
])}`,
  );
}
