import { type Chart, styleOf } from '../../evaluation/report/chart.ts';
import { escapeHtml, htmlTable } from '../../evaluation/report/html.ts';
import { type Badge, badgeList, factsCard, ReportPage } from '../../evaluation/report/page.ts';
import type { LoadPattern } from '../pattern/load-pattern.ts';
import type { LoadFigures } from './figures.ts';
import type { LoadReport } from './load-report.ts';
import { objectiveText } from './texts.ts';

type Points = readonly (readonly [number, number | null])[];

interface Line {
  readonly name: string;
  readonly points: Points;
  /** Stays at a value until the next one. */
  readonly step?: boolean;
  readonly dashed?: boolean;
}

/** A run of load as one HTML page that needs nothing else. */
export function loadPage(report: LoadReport, version: string): string {
  const page = new ReportPage();
  const plots = [loadChart(report), latencyChart(report), errorsChart(report)]
    .map((chart) => page.figure(chart, 'run'))
    .join('');
  return page.html(
    `kisimd load: ${report.pattern}`,
    `<header>
<h1>Load <span class="muted">${escapeHtml(report.pattern)}</span></h1>
<p class="lead">${escapeHtml(report.targets.map(({ target }) => target).join(', '))}</p>
${badgeList(badges(report))}
</header>
<section class="card"><h2>Summary</h2>${summaryTable(report)}
<p class="says">${escapeHtml(latencyMeaning(report))}</p></section>
<div class="plots">${plots}</div>
${factsCard('How this was made', facts(report, version))}`,
  );
}

/** Patterns beside each other on one page. */
export function patternsPage(patterns: readonly LoadPattern[]): string {
  const page = new ReportPage();
  const figures = patterns.map((pattern) => page.figure(patternChart(pattern), 'pattern'));
  return page.html(
    'kisimd load: patterns',
    `<header><h1>Load patterns</h1><p class="lead">A level is users in a closed loop, requests a second in an open one.</p></header>
<div class="plots">${figures.join('')}</div>`,
  );
}

function badges({ ended, total, objectives, following }: LoadReport): readonly Badge[] {
  const missed = objectives.filter(({ holds }) => !holds).length;
  return [
    ended === 'complete' ? { kind: 'good', text: 'complete' } : { kind: 'bad', text: ended },
    total.errors === 0
      ? { kind: 'good', text: 'no errors' }
      : { kind: 'bad', text: `${total.errors} errors` },
    ...(objectives.length === 0
      ? []
      : [
          missed === 0
            ? ({ kind: 'good', text: 'objectives held' } as const)
            : ({ kind: 'bad', text: `${missed} of ${objectives.length} objectives missed` } as const),
        ]),
    ...(following?.worstPercent == null
      ? []
      : [{ text: `pattern followed within ${following.worstPercent} %` }]),
  ];
}

function latencyMeaning({ loop }: LoadReport): string {
  return loop === 'open'
    ? 'Latencies count from when a request was due by the pattern, whether or not it could be sent then; a time-out counts as the time that was waited.'
    : 'Latencies count from when a user was due to send. Users wait for their answers, so slow answers make fewer requests: these are the latencies of so many users, not of a stream that would not wait.';
}

function summaryTable({ total, targets }: LoadReport): string {
  const row = (name: string, figures: LoadFigures) => {
    const { latencyMilliseconds: latency } = figures;
    const time = (value: number | undefined) => (value === undefined ? '' : value.toPrecision(4));
    const kinds = Object.entries(figures.errorsByKind).map(([kind, count]) => `${kind}: ${count}`);
    return [
      name,
      String(figures.sent),
      figures.ratePerSecond.toPrecision(4),
      { text: String(figures.errors), title: kinds.join('\n'), ...(figures.errors > 0 ? { tint: 1 } : {}) },
      ...[
        latency?.mean,
        latency?.p50,
        latency?.p90,
        latency?.p95,
        latency?.p99,
        latency?.p999,
        latency?.max,
      ].map(time),
    ];
  };
  return htmlTable(
    ['', 'sent', 'answers/s', 'errors', 'mean ms', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'],
    [row('all', total), ...(targets.length > 1 ? targets.map((each) => row(each.target, each)) : [])],
  );
}

function lineChart(
  parts: Omit<Chart, 'option' | 'height'>,
  unit: string,
  lines: readonly Line[],
  axis: object = {},
): Chart {
  return {
    ...parts,
    height: 340,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 32, bottom: 64, containLabel: true },
      tooltip: { trigger: 'axis', unit, digits: 2 },
      legend: { type: 'scroll', bottom: 0, data: lines.map(({ name }) => name) },
      xAxis: { type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 26, min: 0, max: 'dataMax' },
      yAxis: { type: 'value', name: unit, min: 0, ...axis },
      series: lines.map(({ name, points, step = false, dashed = false }, i) => ({
        type: 'line',
        name,
        showSymbol: false,
        connectNulls: false,
        sampling: 'lttb',
        ...(step ? { step: 'end' } : {}),
        // What is dashed lies on top, where it can be seen against what follows it.
        ...(dashed ? { z: 3 } : {}),
        lineStyle: { width: dashed ? 2.4 : 1.8, type: dashed ? 'dashed' : 'solid' },
        itemStyle: { color: styleOf(i).color },
        data: points,
      })),
    },
  };
}

type Second = LoadReport['seconds'][number];

function overTime({ seconds }: LoadReport, pick: (second: Second) => number | null): Points {
  return seconds.map((second) => [second.second, pick(second)]);
}

const perSecond = (pick: (second: Second) => number) => (second: Second) =>
  second.seconds > 0 ? pick(second) / second.seconds : null;

function loadChart(report: LoadReport): Chart {
  const open = report.loop === 'open';
  return lineChart(
    {
      id: 'load',
      title: 'Load against its pattern',
      says: open
        ? 'What the pattern wanted, what was sent and what was answered, in each second.'
        : 'Users that the pattern wanted and that there were, and requests that they sent, in each second.',
      wide: true,
    },
    open ? 'requests/s' : 'users, requests/s',
    [
      { name: 'pattern', points: overTime(report, ({ wanted }) => wanted), dashed: true },
      ...(open ? [] : [{ name: 'users', points: overTime(report, ({ users }) => users) }]),
      {
        name: 'sent',
        points: overTime(
          report,
          perSecond(({ sent }) => sent),
        ),
      },
      {
        name: 'answered',
        points: overTime(
          report,
          perSecond(({ answered }) => answered),
        ),
      },
    ],
  );
}

function latencyChart(report: LoadReport): Chart {
  const positive = (value: number | null) => (value === null || value <= 0 ? null : value);
  return lineChart(
    {
      id: 'latency',
      title: 'Latency',
      says: 'Of the answers that came in each second, on a logarithmic axis; a gap where none came.',
    },
    'ms',
    [
      { name: 'p50', points: overTime(report, ({ p50Milliseconds }) => positive(p50Milliseconds)) },
      { name: 'p95', points: overTime(report, ({ p95Milliseconds }) => positive(p95Milliseconds)) },
      { name: 'p99', points: overTime(report, ({ p99Milliseconds }) => positive(p99Milliseconds)) },
      {
        name: 'max',
        points: overTime(report, ({ maxMilliseconds }) => positive(maxMilliseconds)),
        dashed: true,
      },
    ],
    { type: 'log', min: undefined },
  );
}

function errorsChart(report: LoadReport): Chart {
  return lineChart(
    {
      id: 'errors',
      title: 'Errors, and requests in flight',
      says: 'Requests without an answer or with status 400 and above, in each second; requests that wait for their answer at its end.',
    },
    'requests',
    [
      { name: 'errors', points: overTime(report, ({ errors }) => errors) },
      { name: 'in flight', points: overTime(report, ({ inFlight }) => inFlight) },
    ],
  );
}

function patternChart(pattern: LoadPattern): Chart {
  const points: [number, number][] = [];
  for (let at = 0; at < pattern.durationSeconds; at = pattern.nextChangeAfter(at))
    points.push([at, pattern.levelAt(at)]);
  points.push([pattern.durationSeconds, points.at(-1)?.[1] ?? 0]);
  const chart = lineChart(
    {
      id: pattern.name,
      title: pattern.name,
      says: `${pattern.durationSeconds} s, up to ${Number(pattern.highestLevel.toPrecision(4))}`,
    },
    'level',
    [{ name: pattern.name, points, step: true }],
  );
  return chart;
}

function facts(report: LoadReport, version: string): readonly (readonly [string, string])[] {
  const { loop, spacing, seed, timeoutMilliseconds, elapsedSeconds, patternSeconds, lateMilliseconds } =
    report;
  return [
    ['version', version],
    ['began', new Date(report.startedUnixMilliseconds).toISOString()],
    ['lasted', `${elapsedSeconds} s, the pattern ${patternSeconds} s`],
    ['loop', loop === 'open' ? `open, ${spacing} spacing` : 'closed'],
    ['seed', String(seed)],
    ['time-out', `${timeoutMilliseconds} ms`],
    ...(lateMilliseconds === null
      ? []
      : [
          [
            'lateness',
            `from due to sent: p50 ${lateMilliseconds.p50} ms, p99 ${lateMilliseconds.p99} ms, part of the latencies`,
          ] as const,
        ]),
    ...(report.failure === null ? [] : [['failure', report.failure] as const]),
    ...report.objectives.map(
      ({ objective, value, holds }) =>
        [
          objective,
          `${holds ? 'held' : 'missed'}: ${value === null ? 'nothing measured' : objectiveText(objective, value)}`,
        ] as const,
    ),
  ];
}
