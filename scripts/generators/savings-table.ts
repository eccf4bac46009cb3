import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchmarkResults, CellResult, Estimate } from '../../src/evaluation/results.ts';
import { table } from './markdown.ts';

const COLUMNS: readonly (readonly [cell: string, head: string])[] = [
  ['Brnd 60 %', 'no sleep, 60 % load'],
  ['Brnd 90 %', 'no sleep, 90 %'],
  ['Drnd 30 %', 'sleep, 30 %'],
  ['Drnd 60 %', 'sleep, 60 %'],
  ['Ernd 60 %', 'sleep and waiting, 60 %'],
];

function shown(percent: Estimate | null | undefined): string {
  const interval = percent?.interval;
  if (percent === null || percent === undefined || interval === null || interval === undefined)
    return 'not known';
  const half = (interval.high - interval.low) / 2;
  return `${percent.mean > 0 ? '+' : ''}${percent.mean.toFixed(1)} ±${half.toFixed(1)}`;
}

const ofPolicy = (policy: string) => (cell: CellResult) =>
  shown(cell.policies.find((each) => each.policy === policy)?.percent);

const ROWS: readonly (readonly [label: string, of: (cell: CellResult) => string])[] = [
  ['round robin', ofPolicy('round-robin')],
  ['best fit', ofPolicy('best-fit')],
  ['PWR', ofPolicy('pwr')],
  ['PEAKS', ofPolicy('peaks')],
  ['most efficient machines first', ofPolicy('efficiency-first')],
  ['the rule that simulation picks', ofPolicy('portfolio')],
  ['found in hindsight', (cell) => shown(cell.offline?.percent)],
];

/** The savings of some policies over some rows of the whole suite, from docs/results/benchmark. */
export function savingsTable(root: string): string {
  const path = join(root, 'docs/results/benchmark/results.json');
  const results = JSON.parse(readFileSync(path, 'utf8')) as BenchmarkResults;
  const cells = COLUMNS.map(([name]) => {
    const found = results.cells.find((each) => each.cell === name);
    if (found === undefined) throw new Error(`${path} has no cell ${name}`);
    return found;
  });
  const rows = ROWS.map(([label, of]) => [label, ...cells.map(of)]);
  return `${table(['policy', ...COLUMNS.map(([, head]) => head)], rows)}\n`;
}
