import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Bench, type BenchPart, type BenchResult, figureHolds } from './bench.ts';
import { benches } from './benches.ts';

const resultsFolder = fileURLToPath(new URL('../../docs/results/', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    part: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const [name] = positionals;
  if (name === undefined) {
    for (const bench of benches) process.stdout.write(`${bench.name.padEnd(14)} ${bench.what}\n`);
    return 0;
  }
  const bench = benches.find((candidate) => candidate.name === name);
  if (bench === undefined) {
    process.stderr.write(
      `KISIM_E_BENCH_UNKNOWN: no benchmark ${name}\n  expected: one of ${benches.map((b) => b.name).join(', ')}\n  to do:    npm run bench\n`,
    );
    return 2;
  }
  const reason = bench.skip?.();
  if (reason !== undefined) {
    process.stderr.write(`KISIM_E_BENCH_SKIPPED: ${name} cannot run here: ${reason}\n`);
    return 3;
  }
  const part = partOf(values.part, bench);
  if (part === 'wrong') {
    process.stderr.write(
      `KISIM_E_BENCH_PART: --part ${values.part} for ${name}\n  expected: 1/2 or the like, for a benchmark with a journal: ${benches
        .filter((each) => each.hasParts === true)
        .map((each) => each.name)
        .join(', ')}\n  to do:    leave it out, or give one part to each process\n`,
    );
    return 2;
  }
  const result = await bench.run({
    quick: values.quick,
    seed: Number(values.seed),
    minutes: values.minutes === undefined ? undefined : Number(values.minutes),
    part,
    progress: (text) => process.stderr.write(`${name}: ${text}\n`),
  });
  if (result === undefined) {
    process.stderr.write(
      `${name}: part ${values.part} is done; the figures come from a run without --part\n`,
    );
    return 0;
  }
  const report = reportOf(bench, result);
  if (!values['no-save'] && !values.quick) {
    mkdirSync(resultsFolder, { recursive: true });
    writeFileSync(`${resultsFolder}${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  }
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : tableOf(result));
  return report.holds ? 0 : 1;
}

function partOf(given: string | undefined, bench: Bench): BenchPart | 'wrong' | undefined {
  if (given === undefined) return undefined;
  const [, number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(given) ?? []).map(Number);
  return bench.hasParts === true && number >= 1 && number <= of ? { number, of } : 'wrong';
}

function reportOf(bench: Bench, result: BenchResult) {
  const [headline] = result.figures;
  const figures = result.figures.map((figure) => ({
    ...figure,
    holds: figureHolds(figure),
    ratio: figure.value / figure.control.value,
  }));
  return {
    name: bench.name,
    value: headline.value,
    unit: headline.unit,
    goal: headline.goal,
    holds: figures.every((figure) => figure.holds),
    control: headline.control,
    ratio: headline.value / headline.control.value,
    seeds: result.seeds,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cpus: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version,
    },
    quick: values.quick,
    figures,
    details: result.details,
  };
}

function tableOf(result: BenchResult): string {
  const lines = result.figures.map((figure) => {
    const sign = figure.direction === 'at-most' ? '<=' : '>=';
    const verdict = figureHolds(figure) ? 'holds ' : 'MISSED';
    const ratio = (figure.value / figure.control.value).toPrecision(3);
    return `${verdict} ${figure.what}: ${format(figure.value)} ${figure.unit} (goal ${sign} ${figure.goal}; ${figure.control.what}: ${format(figure.control.value)}, ratio ${ratio})`;
  });
  const details = Object.entries(result.details).map(([key, value]) => `       ${key}: ${value}`);
  return `${[...lines, ...details].join('\n')}\n`;
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
