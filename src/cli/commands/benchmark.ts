import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { differencesBetween, figuresOf } from '../../evaluation/card-figures.ts';
import { errors } from '../../evaluation/errors.ts';
import type { OpenLaboratory } from '../../evaluation/laboratory.ts';
import type { BenchmarkResults } from '../../evaluation/results.ts';
import { resultsCsv } from '../../evaluation/results-csv.ts';
import { fingerprintOf, RunLog } from '../../evaluation/run-log.ts';
import { type RunnerResult, runSuite } from '../../evaluation/runner.ts';
import { isPolicy, policiesOf, type Suite } from '../../evaluation/suite.ts';
import { summarise } from '../../evaluation/summarise.ts';
import { resultTables } from '../../evaluation/tables.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { machine, versionWithCommit } from '../benchmark/machine.ts';
import { type BenchmarkCard, readBenchmarkOptions } from '../benchmark/options.ts';
import { ProgressReport } from '../benchmark/progress.ts';
import { resultFiles, writeResultFiles } from '../benchmark/result-files.ts';
import type { CommandContext } from '../command.ts';
import { exitStatus } from '../program.ts';
import { version } from '../version.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;

const ownLaboratory = new URL('../../evaluation/own-laboratory.ts', import.meta.url);

/**
 * `kisimd benchmark`. Resolves to 1 where a control does not read zero: then no figure is to be trusted.
 *
 * Throws KISIM_E_USAGE, KISIM_E_EVALUATION_*, and what scenarios and policies throw of names that they do not know.
 */
export async function runBenchmark(
  context: CommandContext,
  laboratory: URL = ownLaboratory,
): Promise<number> {
  const { stdout, stderr, signal } = context;
  const options = readBenchmarkOptions(context.options);
  const { card } = options;
  const { suite, hardware } = options;
  await checkNames(suite, laboratory, hardware);
  const started = new Date();
  const code = versionWithCommit(version());
  const mark = hardware === undefined ? undefined : hardwareMark(hardware);
  const folder = resolve(options.out ?? join('kisimd-benchmark', newName(suite.name, started)));
  const fingerprint = fingerprintOf(suite, { version: code, hardware: mark });
  const log = RunLog.open(folder, { kind: 'benchmark', format: 1, fingerprint, suite }, options.resume);
  const progress = new ProgressReport(stderr, () => performance.now());
  const before = performance.now();
  let result: RunnerResult;
  try {
    result = await runSuite({
      suite,
      laboratory,
      hardware,
      workers: options.workers,
      earlier: log.earlier,
      signal,
      onRecord: (record) => log.append(record),
      onProgress: (now) => progress.tell(now),
    });
  } finally {
    progress.end();
    log.close();
  }
  if (!result.complete) {
    stderr.write(
      `stopped; what was run is in ${folder}: go on with the same command, --resume --out ${folder}\n`,
    );
    return STOPPED_STATUS;
  }

  const records = [...result.pairings, ...result.runs];
  const results = summarise({ suite, version: version(), hardware: mark, records });
  const conditions = {
    command: ['kisimd', 'benchmark', ...commandWords(context)].join(' '),
    code,
    started: started.toISOString(),
    seconds: Number(((performance.now() - before) / 1000).toFixed(1)),
    workers: options.workers,
    runsMade: result.made,
    runsInAll: result.runs.length,
    ...machine(),
  };
  const files = resultFiles(results, records, conditions);
  writeResultFiles(folder, files);
  if (options.print === 'json') stdout.write(files['results.json']);
  else if (options.print === 'csv') stdout.write(resultsCsv(results));
  else stdout.write(resultTables(results, stdout.columns === undefined ? {} : { width: stdout.columns }));
  stderr.write(`wrote ${Object.keys(files).join(', ')} to ${folder}\n`);
  const isSame = card === undefined || settleCard(card, results, stderr);
  return results.controls.holds === false || !isSame ? exitStatus.error : exitStatus.ok;
}

/** Writes figures into a card, or holds them against those that are there. @returns false where they differ */
function settleCard(
  { file, writes }: BenchmarkCard,
  results: BenchmarkResults,
  stderr: CommandContext['stderr'],
): boolean {
  const now = figuresOf(results, file.policy);
  if (writes) {
    file.write(now);
    stderr.write(`wrote the figures of ${file.policy} into ${file.path}\n`);
    return true;
  }
  const differences = differencesBetween(file.figures(), now);
  stderr.write(
    differences.length === 0
      ? `every figure is the one of ${file.path}\n`
      : `not the figures of ${file.path}:\n${differences.map((each) => `  ${each}\n`).join('')}`,
  );
  return differences.length === 0;
}

/** Before any folder is made or any run begun. */
async function checkNames(suite: Suite, address: URL, hardware: string | undefined): Promise<void> {
  const { openLaboratory } = (await import(address.href)) as { readonly openLaboratory: OpenLaboratory };
  const laboratory = openLaboratory({ hardware });
  for (const [i, { scenario }] of suite.cells.entries()) {
    laboratory.checkScenario(scenario);
    for (const policy of policiesOf(suite, i).filter(isPolicy)) laboratory.checkPolicy(policy);
  }
}

/** Name and content of a hardware table: runs on another table are other runs. */
function hardwareMark(file: string): string {
  try {
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    return `${basename(file)} sha256:${hash}`;
  } catch (cause) {
    const code = systemErrorCode(cause) ?? String(cause);
    throw errors.KISIM_E_EVALUATION_HARDWARE_FILE(`${file}: ${code}`, { cause });
  }
}

function newName(suite: string, now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${basename(suite).replace(/\W+/g, '-')}-${time}`;
}

const files: readonly string[] = ['hardware', 'card', 'intoCard'];

/** The options as they could have been typed, for the report; global ones have no say in the results. */
function commandWords({ options }: CommandContext): string[] {
  const own = [
    'suite',
    'policies',
    'scenarios',
    'loads',
    'clusters',
    'seeds',
    'seed',
    'baseline',
    'hardware',
    'offline',
    'card',
    'intoCard',
  ];
  return own.flatMap((name) => {
    const value = options[name];
    if (value === undefined || value === false) return [];
    const flag = name === 'intoCard' ? '--into-card' : `--${name}`;
    if (value === true) return [flag];
    // Where a file lies on this machine is nobody's business.
    return [flag, files.includes(name) ? basename(String(value)) : String(value)];
  });
}
