import type { BenchmarkResults, CellResult } from '../results.ts';
import { type Chart, policyStyles } from './chart.ts';
import { powerChart, utilisationChart, waitsChart } from './line-charts.ts';
import { clustersChart, savingsChart } from './savings-charts.ts';

/** All plots of one row of the headline table. */
export function cellCharts(results: BenchmarkResults, cell: CellResult): Chart[] {
  const styles = policyStyles(results);
  const { baseline } = results.suite;
  return [
    savingsChart(cell, baseline, styles),
    clustersChart(cell, baseline, styles),
    powerChart(cell, baseline, styles),
    waitsChart(results, cell, styles),
    utilisationChart(cell, baseline, styles),
  ];
}
