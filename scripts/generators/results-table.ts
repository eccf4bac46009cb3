import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchFigure } from '../../test/bench/bench.ts';
import { benches } from '../../test/bench/benches.ts';
import { table } from './markdown.ts';
import { savingsTable } from './savings-table.ts';

interface StoredFigure extends BenchFigure {
  readonly holds: boolean;
}

/** README.md with its tables made anew from docs/results. */
export function readmeWithResults(root: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return filled(filled(readme, 'results', resultsTable(root)), 'savings', savingsTable(root));
}

/** The text with a table between the marks of its name, in place of what stood there. */
function filled(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} ... ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}${text.slice(to)}`;
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
