import type { BenchmarkResults, CellResult, Estimate, PolicyResult } from '../results.ts';
import { OFFLINE, PORTFOLIO } from '../suite.ts';
import { estimateText, signed } from '../tables.ts';

/**
 * What echarts is told, as JSON. `renderItem: 'interval'` stands for the function of the page that draws an interval, and
 * `tip` of a datum is the text shown when it is pointed at.
 */
export type ChartOption = Readonly<Record<string, unknown>>;

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly height: number;
  /** Takes the whole width of the page. */
  readonly wide?: boolean;
  readonly option: ChartOption;
}

/** Told apart on light and on dark ground; after the last one they come again with another stroke. */
const colours = [
  '#0284c7',
  '#ea580c',
  '#16a34a',
  '#c026d3',
  '#ca8a04',
  '#dc2626',
  '#6366f1',
  '#0d9488',
  '#be185d',
  '#65a30d',
  '#78716c',
];
const strokes = ['solid', 'dashed', 'dotted'] as const;
const SEPARATE_LINES = 5;

interface Style {
  readonly color: string;
  readonly type: (typeof strokes)[number];
}

export function policyStyles(results: BenchmarkResults): ReadonlyMap<string, Style> {
  const names = [...new Set(results.cells.flatMap(({ policies }) => policies.map(({ policy }) => policy)))];
  return new Map(
    names.map((name, i) => [
      name,
      {
        color: colours[i % colours.length]!,
        type: strokes[Math.floor(i / colours.length) % strokes.length]!,
      },
    ]),
  );
}

/** All plots of one row of the headline table. */
export function cellCharts(results: BenchmarkResults, cell: CellResult): Chart[] {
  const styles = policyStyles(results);
  const { baseline } = results.suite;
  return [
    savingsChart(cell, baseline, styles),
    scatterChart(cell, baseline, styles),
    powerChart(cell, baseline, styles),
    waitsChart(results, cell, styles),
    utilisationChart(cell, baseline, styles),
  ];
}

/** Means over all rows, for policies that ran in all of them. */
export function overallChart(results: BenchmarkResults): Chart | undefined {
  if (results.overall.length === 0) return undefined;
  const styles = policyStyles(results);
  const rows = results.overall.map(({ policy, percent }) => ({ policy, percent, byCluster: [] as number[] }));
  return {
    id: 'overall',
    title: 'All rows together',
    says: `Mean over the rows (controls left out) for each cluster, then over clusters, against ${results.suite.baseline}.`,
    height: forestHeight(rows.length),
    option: forest(rows, styles),
  };
}

type Styles = ReadonlyMap<string, Style>;

interface ForestRow {
  readonly policy: string;
  readonly percent: Estimate;
  /** Null: none for this cluster. */
  readonly byCluster: readonly (number | null)[];
}

const forestHeight = (rows: number) => 70 + 24 * rows;

function savingsChart(cell: CellResult, baseline: string, styles: Styles): Chart {
  const rows: ForestRow[] = cell.policies
    .filter(({ policy }) => policy !== baseline)
    .map(({ policy, percent, percentByCluster }) => ({ policy, percent, byCluster: percentByCluster }));
  if (cell.offline !== null && cell.offline.percent !== null)
    rows.push({ policy: OFFLINE, percent: cell.offline.percent, byCluster: cell.offline.percentByCluster });
  return {
    id: 'savings',
    title: 'Savings',
    says: `Energy for identical work against ${baseline}, %; left of zero is less. Bar: 95 % interval of the mean over clusters; small dots: clusters, as far as they lie on the scale; the next plot has all.`,
    height: Math.max(360, forestHeight(cell.policies.length)),
    option: forest(rows, styles),
  };
}

function forest(unsorted: readonly ForestRow[], styles: Styles): ChartOption {
  // The first category is drawn at the bottom.
  const rows = [...unsorted].sort((a, b) => b.percent.mean - a.percent.mean);
  const itemStyle = (policy: string) => ({ color: styles.get(policy)?.color ?? '#64748b' });
  return {
    aria: { enabled: true },
    grid: { left: 12, right: 24, top: 12, bottom: 40, containLabel: true },
    tooltip: { trigger: 'item' },
    xAxis: { type: 'value', name: '%', nameLocation: 'middle', nameGap: 26, ...forestRange(rows) },
    yAxis: { type: 'category', data: rows.map(({ policy }) => policy), axisTick: { show: false } },
    series: [
      {
        type: 'scatter',
        name: 'clusters',
        symbolSize: 5,
        data: rows.flatMap(({ policy, byCluster }, y) =>
          byCluster.flatMap((percent, cluster) =>
            percent === null
              ? []
              : [
                  {
                    value: [percent, y],
                    tip: `${policy}, cluster ${cluster}: ${signed(percent, 2)} %`,
                    itemStyle: { ...itemStyle(policy), opacity: 0.5 },
                  },
                ],
          ),
        ),
      },
      {
        type: 'custom',
        name: 'interval',
        renderItem: 'interval',
        encode: { x: [1, 2], y: 0 },
        data: rows.flatMap(({ policy, percent: { interval } }, y) =>
          interval === null
            ? []
            : [{ value: [y, interval.low, interval.high], itemStyle: itemStyle(policy), silent: true }],
        ),
      },
      {
        type: 'scatter',
        name: 'mean',
        symbolSize: 10,
        data: rows.map(({ policy, percent }, y) => ({
          value: [percent.mean, y],
          tip: `${policy}: ${estimateText(percent, 2)} %`,
          itemStyle: itemStyle(policy),
        })),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { type: 'dashed', width: 1, color: '#64748b' },
          data: [{ xAxis: 0 }],
        },
      },
    ],
  };
}

/** So wide that the intervals can be read: one odd cluster must not press all of them together. */
function forestRange(rows: readonly ForestRow[]): { min: number; max: number } {
  const ends = rows.flatMap(({ percent: { mean, interval } }) => [
    mean,
    interval?.low ?? mean,
    interval?.high ?? mean,
  ]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const margin = Math.max(0.01, (most - least) / 4);
  const step = 10 ** Math.floor(Math.log10((most - least + 2 * margin) / 4));
  return {
    min: Math.floor((least - margin) / step) * step,
    max: Math.ceil((most + margin) / step) * step,
  };
}

/** Shown at first; the legend shows the others. */
function shownAtFirst(cell: CellResult, baseline: string): ReadonlySet<string> {
  const best = [...cell.policies].sort((a, b) => a.percent.mean - b.percent.mean);
  const wanted = [
    baseline,
    'round-robin',
    PORTFOLIO,
    cell.bestSingle?.policy,
    ...best.map(({ policy }) => policy),
  ];
  const there = wanted.filter((name): name is string => cell.policies.some(({ policy }) => policy === name));
  return new Set([...new Set(there)].slice(0, SEPARATE_LINES));
}

function legend(cell: CellResult, shown: ReadonlySet<string>) {
  return {
    type: 'scroll',
    bottom: 0,
    data: cell.policies.map(({ policy }) => policy),
    selected: Object.fromEntries(cell.policies.map(({ policy }) => [policy, shown.has(policy)])),
  };
}

function scatterChart(cell: CellResult, baseline: string, styles: Styles): Chart {
  const spreads = cell.clusters.map(({ efficiencySpread }) => efficiencySpread);
  const differ = spreads.every((spread) => spread !== null) && new Set(spreads).size > 1;
  const base = cell.policies.find(({ policy }) => policy === baseline)!;
  const x = (cluster: number) => (differ ? spreads[cluster]! : base.kwhByCluster[cluster]!);
  const shown = shownAtFirst(cell, baseline);
  return {
    id: 'clusters',
    title: 'Cluster by cluster',
    says: differ
      ? 'Each dot is a cluster. To the right its machines differ more: watts of a core at full load, thirstiest kind over thriftiest.'
      : `Each dot is a cluster and its workloads, by the energy that ${baseline} uses.`,
    height: Math.max(360, forestHeight(cell.policies.length)),
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 16, bottom: 64, containLabel: true },
      tooltip: { trigger: 'item' },
      legend: legend(cell, shown),
      xAxis: {
        type: 'value',
        scale: true,
        name: differ ? 'thirstiest over thriftiest machine' : `kWh of ${baseline}`,
        nameLocation: 'middle',
        nameGap: 26,
      },
      yAxis: { type: 'value', name: `% against ${baseline}`, nameLocation: 'middle', nameGap: 44 },
      series: cell.policies.map(({ policy, percentByCluster }) => ({
        type: 'scatter',
        name: policy,
        symbolSize: 9,
        itemStyle: { color: styles.get(policy)!.color, opacity: 0.8 },
        data: percentByCluster.map((percent, cluster) => ({
          value: [x(cluster), percent],
          tip: `${policy}, cluster ${cluster} (${cell.clusters[cluster]!.nodes} nodes): ${signed(percent, 2)} %`,
        })),
      })),
    },
  };
}

interface LineSeries {
  readonly policy: string;
  readonly points: readonly (readonly [number, number])[];
}

function lines(
  of: readonly LineSeries[],
  styles: Styles,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown>[] {
  return of.map(({ policy, points }) => ({
    type: 'line',
    name: policy,
    showSymbol: false,
    lineStyle: { width: 1.8, type: styles.get(policy)!.type },
    itemStyle: { color: styles.get(policy)!.color },
    emphasis: { focus: 'series' },
    data: points,
    ...more,
  }));
}

function overTime(cell: CellResult, pick: (result: PolicyResult) => readonly number[]): LineSeries[] {
  return cell.policies.flatMap((result) =>
    result.series === null
      ? []
      : [
          {
            policy: result.policy,
            points: pick(result).map((value, i) => [result.series!.seconds[i]! / 3600, value] as const),
          },
        ],
  );
}

const hours = (more: Readonly<Record<string, unknown>> = {}) => ({
  type: 'value',
  name: 'hours',
  nameLocation: 'middle',
  nameGap: 26,
  min: 0,
  ...more,
});

function powerChart(cell: CellResult, baseline: string, styles: Styles): Chart {
  const until = cell.windowSeconds / 3600;
  return {
    id: 'power',
    title: 'Power over time',
    says: 'All nodes of the first cluster together, first workload, while pods arrive. The area below a line is its energy.',
    height: 360,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 32, bottom: 64, containLabel: true },
      tooltip: { trigger: 'axis', unit: 'W', digits: 0 },
      legend: legend(cell, shownAtFirst(cell, baseline)),
      xAxis: hours({ max: until }),
      yAxis: { type: 'value', name: 'W', min: 0 },
      series: lines(
        overTime(cell, ({ series }) => series!.watts),
        styles,
      ),
    },
  };
}

function utilisationChart(cell: CellResult, baseline: string, styles: Styles): Chart {
  const until = cell.windowSeconds / 3600;
  const used = overTime(cell, ({ series }) => series!.used.map((share) => 100 * share));
  const awake = overTime(cell, ({ series }) => series!.awakeNodes);
  return {
    id: 'utilisation',
    title: 'Nodes awake, and CPU in use',
    says: 'First cluster, first workload. Above: nodes that are not asleep. Below: share of all CPU that is in use.',
    height: 440,
    wide: true,
    option: {
      aria: { enabled: true },
      grid: [
        { left: 56, right: 24, top: 28, height: 150 },
        { left: 56, right: 24, top: 228, height: 140 },
      ],
      tooltip: { trigger: 'axis', unit: '', digits: 1 },
      legend: legend(cell, shownAtFirst(cell, baseline)),
      xAxis: [hours({ gridIndex: 0, max: until, name: '' }), hours({ gridIndex: 1, max: until })],
      yAxis: [
        { gridIndex: 0, type: 'value', name: 'nodes', min: 0, minInterval: 1 },
        { gridIndex: 1, type: 'value', name: '% of CPU', min: 0 },
      ],
      series: [
        ...lines(awake, styles, { xAxisIndex: 0, yAxisIndex: 0, step: 'end' }),
        ...lines(used, styles, { xAxisIndex: 1, yAxisIndex: 1 }),
      ],
    },
  };
}

/** In the middle of a plot that has nothing to show. */
const note = (text: string) => ({
  type: 'text',
  left: 'center',
  top: '40%',
  style: { text, fill: '#7c8b9c', fontSize: 14 },
});

function waitsChart(results: BenchmarkResults, cell: CellResult, styles: Styles): Chart {
  const edges = results.waitEdgesSeconds;
  const longer = ({ policy, waits }: PolicyResult): LineSeries => {
    const pods = waits.reduce((sum, count) => sum + count, 0);
    let left = pods;
    const points: (readonly [number, number])[] = [];
    waits.forEach((count, i) => {
      left -= count;
      const edge = edges[i];
      // Neither a wait of 0 nor a share of 0 has a place on a logarithmic axis.
      if (edge !== undefined && edge > 0 && left > 0) points.push([edge, (100 * left) / pods]);
    });
    return { policy, points };
  };
  const curves = cell.policies.map(longer);
  const nothing = curves.every(({ points }) => points.length === 0);
  const longest = cell.policies.reduce((most, each) => Math.max(most, each.longestWaitSeconds), 0);
  return {
    id: 'waits',
    title: 'Waiting times',
    says: `Share of pods that wait longer than so many seconds from arrival to running, all clusters. The longest wait is ${longest.toFixed(0)} s.`,
    height: 360,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 28, bottom: 64, containLabel: true },
      tooltip: { trigger: 'axis', unit: '%', digits: 3 },
      legend: legend(cell, shownAtFirst(cell, results.suite.baseline)),
      xAxis: { type: 'log', name: 'seconds', nameLocation: 'middle', nameGap: 26, min: 1 },
      yAxis: { type: 'log', name: '% of pods', max: 100 },
      ...(nothing ? { graphic: [note('no pod waited longer than a second')] } : {}),
      series: lines(curves, styles, { showSymbol: true, symbolSize: 4 }),
    },
  };
}
