import { type Chart, type Style, styleOf } from '../../evaluation/report/chart.ts';
import type { QueueMetric, QueueResults } from './evaluate.ts';
import { slowdownSteps } from './slowdown-shares.ts';

export type PolicyStyles = ReadonlyMap<string, Style>;

export function queueStyles({ policies }: QueueResults): PolicyStyles {
  return new Map(policies.map(({ policy }, i) => [policy, styleOf(i)]));
}

interface Bars {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly metric: QueueMetric;
  readonly factor: number;
  readonly says: string;
  readonly log?: boolean;
  /** The axis begins at the least value, not at 0. */
  readonly zoomed?: boolean;
}

const bars: readonly Bars[] = [
  {
    id: 'slowdown',
    title: 'Mean bounded slowdown',
    unit: '',
    metric: 'meanBoundedSlowdown',
    factor: 1,
    says: 'Time from arrival to end against the time of the run, at least 10 s of it; 1 is no waiting. The scale is logarithmic.',
    log: true,
  },
  {
    id: 'wait',
    title: 'Mean wait',
    unit: 'min',
    metric: 'meanWaitSeconds',
    factor: 1 / 60,
    says: 'From arrival to the start of the last pod. The scale is logarithmic.',
    log: true,
  },
  {
    id: 'energy',
    title: 'Energy',
    unit: 'kWh',
    metric: 'energyKwh',
    factor: 1,
    says: 'Of all nodes. The axis does not begin at 0.',
    zoomed: true,
  },
  {
    id: 'throughput',
    title: 'Throughput',
    unit: 'jobs/h',
    metric: 'throughputPerHour',
    factor: 1,
    says: 'Jobs that ended well within the time of the arrivals.',
  },
];

/** A bar for each policy, with the 95 % interval of its mean. */
export function metricBars(results: QueueResults, styles: PolicyStyles): readonly Chart[] {
  const names = [...styles.keys()];
  return bars.map(({ id, title, unit, metric, factor, says, log = false, zoomed = false }) => ({
    id,
    title,
    says,
    height: 60 + 26 * names.length,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 8, bottom: 28, containLabel: true },
      tooltip: { trigger: 'item', unit, digits: 3 },
      yAxis: { type: 'category', data: names, inverse: true },
      xAxis: log
        ? { type: 'log', name: unit }
        : { type: 'value', name: unit, ...(zoomed ? { scale: true } : { min: 0 }) },
      series: [
        {
          type: 'bar',
          data: results.policies.map(({ policy, metrics }) => ({
            value: factor * metrics[metric].mean,
            itemStyle: { color: styles.get(policy)!.color },
          })),
        },
      ],
    },
  }));
}

/** How many jobs are slowed down by more than so much. */
export function slowdownChart(results: QueueResults, styles: PolicyStyles): Chart {
  return {
    id: 'distribution',
    title: 'Who is slowed down',
    says: 'Share of the jobs of all runs whose bounded slowdown is above the value; both scales are logarithmic.',
    height: 360,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 32, bottom: 64, containLabel: true },
      tooltip: { trigger: 'item', digits: 4 },
      legend: { type: 'scroll', bottom: 0 },
      xAxis: { type: 'log', min: 1, name: 'slowdown', nameLocation: 'middle', nameGap: 26 },
      yAxis: { type: 'log', name: '%' },
      series: results.policies.map(({ policy, slowdownShares }) => ({
        type: 'line',
        name: policy,
        showSymbol: false,
        lineStyle: { width: 1.8, type: styles.get(policy)!.type },
        itemStyle: { color: styles.get(policy)!.color },
        emphasis: { focus: 'series' },
        data: slowdownShares.flatMap((share, i) => (share > 0 ? [[slowdownSteps[i], 100 * share]] : [])),
      })),
    },
  };
}

/** Pods that wait, CPU that is asked for and watts over the first run. */
export function runCharts(results: QueueResults, styles: PolicyStyles): readonly Chart[] {
  const charts = [
    {
      id: 'pending',
      title: 'Pods of waiting jobs',
      says: 'Over the first run.',
      unit: 'pods',
      of: 'pending',
      factor: 1,
    },
    {
      id: 'requested',
      title: 'CPU that is asked for by running jobs',
      says: 'Over the first run, as a share of the capacity.',
      unit: '%',
      of: 'requested',
      factor: 100,
    },
    {
      id: 'power',
      title: 'Power',
      says: 'Of all nodes, over the first run.',
      unit: 'W',
      of: 'watts',
      factor: 1,
    },
  ] as const;
  return charts.map(({ id, title, says, unit, of, factor }) => ({
    id,
    title,
    says,
    height: 320,
    wide: true,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 32, bottom: 64, containLabel: true },
      tooltip: { trigger: 'axis', unit, digits: 1 },
      legend: { type: 'scroll', bottom: 0 },
      xAxis: { type: 'value', name: 'h', nameLocation: 'middle', nameGap: 26, min: 0 },
      yAxis: { type: 'value', name: unit, min: 0 },
      series: results.policies.flatMap(({ policy, series }) =>
        series === undefined
          ? []
          : [
              {
                type: 'line',
                name: policy,
                showSymbol: false,
                lineStyle: { width: 1.2, type: styles.get(policy)!.type },
                itemStyle: { color: styles.get(policy)!.color },
                emphasis: { focus: 'series' },
                data: series.seconds.map((at, i) => [at / 3600, factor * series[of][i]!]),
              },
            ],
      ),
    },
  }));
}
