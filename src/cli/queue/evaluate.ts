import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { policyByName } from '../../policy/registry.ts';
import { admissionByName } from '../../queueing/admission-by-name.ts';
import { evaluateQueue, type QueueResults } from '../../queueing/evaluation/evaluate.ts';
import { queueReport } from '../../queueing/evaluation/report.ts';
import { evaluationText } from '../../queueing/evaluation/table.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { machine, versionWithCommit } from '../benchmark/machine.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { ProgressLine } from '../progress-line.ts';
import { listOption, textOption } from '../replay/options.ts';
import { version } from '../version.ts';
import { readCluster, readPlacement, readRuns, readWorkload } from './options.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
/** Points of a time series in the report. */
const SERIES_POINTS = 400;

/** All but `conservative`, whose plans take as long as all others together. */
export const evaluatedByDefault: readonly string[] = [
  'fifo',
  'fifo-best-effort',
  'priority',
  'sjf',
  'smallest-area',
  'easy',
  'easy-sjf',
  'reserving',
  'first-fit',
  'best-fit',
  'random',
  'ppo',
];
/** What the others are compared with in pairs. */
export const queueBaselines: readonly string[] = ['fifo', 'sjf', 'easy'];

class Stopped extends Error {}

/** `kisimd queue --evaluate` */
export async function runEvaluate(context: CommandContext): Promise<number> {
  const { options, stdout } = context;
  const names = listOption(options, 'policies') ?? evaluatedByDefault;
  const models = ([options['model'] ?? []].flat() as string[]).map((path) => `model:${path}`);
  const results = await evaluated(context, [...names, ...models], queueBaselines);
  if (results === undefined) return STOPPED_STATUS;
  const report = textOption(options, 'report');
  if (report !== undefined) write(report, queueReport(results, factsOf(context)));
  stdout.write(
    options['json'] === true ? `${JSON.stringify(results, undefined, 2)}\n` : evaluationText(results),
  );
  return exitStatus.ok;
}

/** @returns undefined where the signal came first */
export async function evaluated(
  { options, stderr, signal }: CommandContext,
  names: readonly string[],
  baselines: readonly string[],
): Promise<QueueResults | undefined> {
  const cluster = readCluster(options);
  const runs = readRuns(options, cluster.nodes, readWorkload(options));
  const placement = policyByName(readPlacement(options), { ties: 'lexicographic' });
  const policies = names.map(admissionByName);
  const progress = new ProgressLine(stderr, () => performance.now());
  try {
    return await evaluateQueue({
      nodes: cluster.nodes,
      cluster: cluster.name,
      placement,
      workloads: runs.workloads,
      load: runs.load,
      policies,
      baselines,
      seriesSeconds: runs.windowSeconds / SERIES_POINTS,
      tell: (done, all) => progress.count(done, all, 'runs'),
      pause: async () => {
        await setImmediate();
        if (signal.aborted) throw new Stopped();
      },
    });
  } catch (error) {
    if (error instanceof Stopped) return undefined;
    throw error;
  } finally {
    progress.end();
  }
}

function factsOf({ options }: CommandContext): readonly (readonly [string, string])[] {
  const { cpu, kernel, node } = machine();
  const words = ['workload', 'load', 'cluster', 'placement', 'policies', 'model', 'runs', 'weeks', 'seed']
    .filter((name) => options[name] !== undefined)
    .flatMap((name) => [options[name]].flat().map((value) => `--${name} ${String(value)}`));
  if (options['sleep'] === true) words.push('--sleep');
  return [
    ['version', versionWithCommit(version())],
    ['command', ['kisimd queue --evaluate', ...words].join(' ')],
    ['machine', `${cpu}, kernel ${kernel}, Node ${node}; the figures are the same on every machine`],
  ];
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw cliErrors.KISIM_E_USAGE(`--report ${path}: ${systemErrorCode(cause) ?? String(cause)}`, {
      expected: 'a file that this user may write',
      cause,
    });
  }
}
