import { type Chart, type Style, styleOf } from '../../evaluation/report/chart.ts';
import type { AutoscalingResults, Metric, PatternResult } from '../evaluation.ts';

export type PolicyStyles = ReadonlyMap<string, Style>;

export function autoscalingStyles({ patterns }: AutoscalingResults): PolicyStyles {
  const names = patterns[0]?.policies.map(({ policy }) => policy) ?? [];
  return new Map(names.map((name, i) => [name, styleOf(i)]));
}

interface Bars {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly metric: Metric;
  readonly factor: number;
  readonly says: string;
  readonly log?: boolean;
}

const bars: readonly Bars[] = [
  {
    id: 'p95',
    title: '95th percentile of latency',
    unit: 'ms',
    metric: 'p95Milliseconds',
    factor: 1,
    says: 'Over every request of a run, those that failed with the time-out; mean of the runs. The scale is logarithmic.',
    log: true,
  },
  {
    id: 'energy',
    title: 'Energy of a request',
    unit: 'J',
    metric: 'joulesPerRequest',
    factor: 1,
    says: 'All replicas that were there, over the requests that were answered; mean of the runs.',
  },
  {
    id: 'replicas',
    title: 'Replica-hours',
    unit: 'replica-hours',
    metric: 'replicaHours',
    factor: 1,
    says: 'Replicas that were starting, ready or leaving; mean of the runs.',
  },
];

/** Bars of each pattern, one for each policy. */
export function patternBars(results: AutoscalingResults, styles: PolicyStyles): readonly Chart[] {
  return bars.map(({ id, title, unit, metric, factor, says, log = false }) => ({
    id,
    title,
    says,
    height: 340,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 32, bottom: 64, containLabel: true },
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, unit, digits: 2 },
      legend: { type: 'scroll', bottom: 0 },
      xAxis: { type: 'category', data: results.patterns.map(({ pattern }) => pattern) },
      yAxis: log
        ? { type: 'log', name: unit, min: decadeBelow(results, metric, factor) }
        : { type: 'value', name: unit, min: 0 },
      series: [...styles].map(([policy, { color }]) => ({
        type: 'bar',
        name: policy,
        itemStyle: { color },
        data: results.patterns.map(({ policies }) => {
          const found = policies.find((each) => each.policy === policy);
          return found === undefined ? null : factor * found.metrics[metric].mean;
        }),
      })),
    },
  }));
}

/** A power of ten below all values: a logarithmic axis has to begin somewhere, and bars are read from there. */
function decadeBelow({ patterns }: AutoscalingResults, metric: Metric, factor: number): number {
  const values = patterns.flatMap(({ policies }) =>
    policies.map(({ metrics }) => factor * metrics[metric].mean),
  );
  return 10 ** Math.floor(Math.log10(Math.min(...values)) - 0.3);
}

const corners = [
  { name: 'p95', metric: 'p95Milliseconds' },
  { name: 'late', metric: 'lateShare' },
  { name: 'energy', metric: 'energyJoules' },
  { name: 'replica-hours', metric: 'replicaHours' },
  { name: 'changes', metric: 'changes' },
] as const satisfies readonly { readonly name: string; readonly metric: Metric }[];

/** Each policy as a shape: how near the least of each cost it comes, over all patterns. */
export function radarChart(results: AutoscalingResults, styles: PolicyStyles): Chart {
  const costs = (policy: string) =>
    corners.map(({ metric }) => {
      const found = results.patterns.flatMap(({ policies }) =>
        policies.filter((each) => each.policy === policy).map(({ metrics }) => metrics[metric].mean),
      );
      return found.reduce((sum, value) => sum + value, 0) / found.length;
    });
  const all = [...styles.keys()].map((policy) => ({ policy, costs: costs(policy) }));
  const least = corners.map((_, i) => Math.min(...all.map((each) => each.costs[i]!)));
  return {
    id: 'radar',
    title: 'Costs together',
    says: 'Least cost of any policy over the own cost, mean of all patterns: further out is better, the rim is the best of all. A cost of 0 is the rim.',
    height: 420,
    option: {
      aria: { enabled: true },
      tooltip: { trigger: 'item' },
      legend: { type: 'scroll', bottom: 0 },
      radar: {
        indicator: corners.map(({ name }) => ({ name, max: 1, min: 0 })),
        radius: '62%',
        center: ['50%', '46%'],
      },
      series: [...styles].map(([policy, { color, type }]) => {
        const own = all.find((each) => each.policy === policy)!.costs;
        const value = own.map((cost, i) => (cost === 0 ? 1 : least[i]! / cost));
        return {
          type: 'radar',
          name: policy,
          symbolSize: 4,
          lineStyle: { color, type, width: 1.8 },
          itemStyle: { color },
          data: [{ name: policy, value, tip: `${policy}: ${tipOf(value)}` }],
        };
      }),
    },
  };
}

function tipOf(shares: readonly number[]): string {
  return corners.map(({ name }, i) => `${name} ${shares[i]!.toFixed(2)}`).join(', ');
}

/** Load, latency, replicas and power of the first run of a pattern. */
export function seriesCharts(pattern: PatternResult, styles: PolicyStyles): readonly Chart[] {
  const [first] = pattern.policies;
  if (first === undefined) return [];
  const { seconds } = first.series;
  const line = (
    policy: string,
    data: readonly (number | null)[],
    more: Readonly<Record<string, unknown>> = {},
  ) => ({
    type: 'line',
    name: policy,
    showSymbol: false,
    connectNulls: false,
    lineStyle: { width: 1.8, type: styles.get(policy)!.type },
    itemStyle: { color: styles.get(policy)!.color },
    emphasis: { focus: 'series' },
    data: data.map((value, i) => [seconds[i], value]),
    ...more,
  });
  const chart = (
    id: string,
    title: string,
    says: string,
    unit: string,
    yAxis: Readonly<Record<string, unknown>>,
    series: readonly Readonly<Record<string, unknown>>[],
  ): Chart => ({
    id,
    title,
    says,
    height: 300,
    option: {
      aria: { enabled: true },
      grid: { left: 12, right: 24, top: 32, bottom: 64, containLabel: true },
      tooltip: { trigger: 'axis', unit, digits: 1 },
      legend: { type: 'scroll', bottom: 0 },
      xAxis: { type: 'value', name: 's', nameLocation: 'middle', nameGap: 26, min: 0, max: seconds.at(-1) },
      yAxis,
      series,
    },
  });
  return [
    chart(
      'load',
      'Load',
      'Requests a second that the pattern asks for.',
      'req/s',
      { type: 'value', name: 'req/s', min: 0 },
      [
        {
          ...line(first.policy, first.series.load, { step: 'middle' }),
          name: 'load',
          lineStyle: { width: 1.8, color: '#78716c' },
          itemStyle: { color: '#78716c' },
          areaStyle: { color: '#78716c', opacity: 0.15 },
        },
      ],
    ),
    chart(
      'latency',
      'Latency',
      '95th percentile of each interval, logarithmic; no point where no request ended.',
      'ms',
      { type: 'log', name: 'ms' },
      pattern.policies.map(({ policy, series }) => line(policy, series.p95Milliseconds)),
    ),
    chart(
      'replicas',
      'Replicas',
      'GPU and CPU replicas together that were asked for.',
      '',
      { type: 'value', name: 'replicas', min: 0, minInterval: 1 },
      pattern.policies.map(({ policy, series }) =>
        line(
          policy,
          series.gpuReplicas.map((gpu, i) => gpu + series.cpuReplicas[i]!),
          { step: 'start' },
        ),
      ),
    ),
    chart(
      'power',
      'Power',
      'Of all replicas; the area below a line is its energy.',
      'W',
      { type: 'value', name: 'W', min: 0 },
      pattern.policies.map(({ policy, series }) => line(policy, series.watts)),
    ),
  ];
}
