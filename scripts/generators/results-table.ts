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

interface StoredResult {
  readonly name: string;
  readonly figures: readonly StoredFigure[];
}

/** Of the benchmarks that were run, in their order. */
function storedResults(root: string): readonly StoredResult[] {
  return benches.flatMap(({ name }) => {
    const path = join(root, 'docs/results', `${name}.json`);
    return existsSync(path) ? [JSON.parse(readFileSync(path, 'utf8')) as StoredResult] : [];
  });
}

/** Of each benchmark its first figure, and every other one that missed its goal. */
function resultsTable(root: string): string {
  const results = storedResults(root);
  const rows = results.flatMap(({ name, figures: [first, ...others] }) => {
    const missed = others.filter(({ holds }) => !holds);
    const rest = others.length === 0 ? '' : `${others.length - missed.length} of ${others.length} hold`;
    return [
      [`\`${name}\``, ...figureCells(first!), rest],
      ...missed.map((figure) => ['', ...figureCells(figure), '']),
    ];
  });
  const without = benches.filter(({ name }) => !results.some((each) => each.name === name));
  const names = without.map(({ name }) => `\`${name}\``).join(', ');
  const note = without.length === 0 ? '' : `\nWithout a result so far: ${names}.\n`;
  return `${table(['benchmark', 'figure', 'measured', 'goal', 'other figures'], rows)}\n${note}`;
}

/** docs/results/README.md: every figure of every benchmark that was run, with its control. */
export function resultsPage(root: string): string {
  const parts = storedResults(root).map(({ name, figures }) => {
    const rows = figures.map((figure) => [
      ...figureCells(figure),
      `${figure.control.what}: ${rounded(figure.control.value)}`,
    ]);
    const what = benches.find((each) => each.name === name)!.what;
    const heading = `## [${name}](${name}.json)\n\n${what[0]!.toUpperCase()}${what.slice(1)}.`;
    return `${heading}\n\n${table(['figure', 'measured', 'goal', 'control, same run'], rows)}`;
  });
  return `# Results\n\nEvery figure that a benchmark measured last. The files have seeds, machine and details.\n\n${parts.join('\n\n')}\n`;
}

function figureCells({ what, value, unit, goal, direction, holds }: StoredFigure): string[] {
  const measured = `${rounded(value)} ${unit}`;
  const bound = `${direction === 'at-most' ? 'at most' : 'at least'} ${rounded(goal)}`;
  return [what, holds ? measured : `**${measured}** (missed)`, bound];
}

function rounded(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}
