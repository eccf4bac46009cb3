import type { BenchmarkResults, CellResult, Estimate } from '../results.ts';
import { OFFLINE } from '../suite.ts';
import { estimateText, signed } from '../tables.ts';
import { type Chart, type ChartOption, legend, policyStyles, type Styles, shownAtFirst } from './chart.ts';

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

interface ForestRow {
  readonly policy: string;
  readonly percent: Estimate;
  /** Null: none for this cluster. */
  readonly byCluster: readonly (number | null)[];
}

const forestHeight = (rows: number) => 70 + 24 * rows;

export function savingsChart(cell: CellResult, baseline: string, styles: Styles): Chart {
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
function forestRange(rows: readonly ForestRow[]): { min: number; max: number; interval: number } {
  const ends = rows.flatMap(({ percent: { mean, interval } }) => [
    mean,
    interval?.low ?? mean,
    interval?.high ?? mean,
  ]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const margin = Math.max(0.01, (most - least) / 4);
  const raw = (most - least + 2 * margin) / 6;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw)!;
  return {
    min: Math.floor((least - margin) / step) * step,
    max: Math.ceil((most + margin) / step) * step,
    interval: step,
  };
}

export function clustersChart(cell: CellResult, baseline: string, styles: Styles): Chart {
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
