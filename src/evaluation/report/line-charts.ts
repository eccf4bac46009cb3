import type { BenchmarkResults, CellResult, PolicyResult } from '../results.ts';
import { type Chart, legend, type Styles, shownAtFirst } from './chart.ts';

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

export function powerChart(cell: CellResult, baseline: string, styles: Styles): Chart {
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

export function utilisationChart(cell: CellResult, baseline: string, styles: Styles): Chart {
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

export function waitsChart(results: BenchmarkResults, cell: CellResult, styles: Styles): Chart {
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
