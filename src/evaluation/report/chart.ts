import type { BenchmarkResults, CellResult } from '../results.ts';
import { PORTFOLIO } from '../suite.ts';

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

export interface Style {
  readonly color: string;
  readonly type: (typeof strokes)[number];
}

export type Styles = ReadonlyMap<string, Style>;

/** Of the series of this number, from 0. */
export function styleOf(index: number): Style {
  return {
    color: colours[index % colours.length]!,
    type: strokes[Math.floor(index / colours.length) % strokes.length]!,
  };
}

export function policyStyles(results: BenchmarkResults): ReadonlyMap<string, Style> {
  const names = [...new Set(results.cells.flatMap(({ policies }) => policies.map(({ policy }) => policy)))];
  return new Map(names.map((name, i) => [name, styleOf(i)]));
}

const SEPARATE_LINES = 5;

/** Shown at first; the legend shows the others. */
export function shownAtFirst(cell: CellResult, baseline: string): ReadonlySet<string> {
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

export function legend(cell: CellResult, shown: ReadonlySet<string>) {
  return {
    type: 'scroll',
    bottom: 0,
    data: cell.policies.map(({ policy }) => policy),
    selected: Object.fromEntries(cell.policies.map(({ policy }) => [policy, shown.has(policy)])),
  };
}
