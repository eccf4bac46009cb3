import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchFigure } from '../../test/bench/bench.ts';
import { benches } from '../../test/bench/benches.ts';
import { table } from './markdown.ts';

const START = '<!-- results -->';
const END = '<!-- /results -->';

interface StoredFigure extends BenchFigure {
  readonly holds: boolean;
}

/** README.md with the table of results made anew from docs/results. */
export function readmeWithResults(root: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const from = readme.indexOf(START);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md has no ${START} ... ${END}`);
  return `${readme.slice(0, from + START.length)}\n${resultsTable(root)}${readme.slice(to)}`;
}

function resultsTable(root: string): string {
  const rows = benches.flatMap(({ name }) => {
    const path = join(root, 'docs/results', `${name}.json`);
    if (!existsSync(path)) return [];
    const { figures } = JSON.parse(readFileSync(path, 'utf8')) as { figures: readonly StoredFigure[] };
    return figures.map((figure, index) => resultRow(index === 0 ? `\`${name}\`` : '', figure));
  });
  return `${table(['benchmark', 'figure', 'measured', 'goal', 'control, same run'], rows)}\n`;
}

function resultRow(name: string, figure: StoredFigure): string[] {
  const { what, value, unit, goal, direction, holds, control } = figure;
  const measured = `${rounded(value)} ${unit}`;
  const bound = `${direction === 'at-most' ? 'at most' : 'at least'} ${goal}`;
  return [
    name,
    what,
    holds ? measured : `**${measured}** (missed)`,
    bound,
    `${control.what}: ${rounded(control.value)}`,
  ];
}

function rounded(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}
