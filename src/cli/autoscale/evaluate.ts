import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type AutoscalingResults, evaluateAutoscaling } from '../../autoscaling/evaluation.ts';
import { autoscalingReport } from '../../autoscaling/report/report.ts';
import { evaluationText } from '../../autoscaling/report/tables.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { machine, versionWithCommit } from '../benchmark/machine.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { ProgressLine } from '../progress-line.ts';
import { textOption } from '../replay/options.ts';
import { version } from '../version.ts';
import { readProblem, readRuns, readSeed } from './options.ts';
import { baselineNames, choosePolicies, policyNames } from './policies.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;

class Stopped extends Error {}

/** `kisimd autoscale --evaluate` */
export async function runEvaluate(context: CommandContext): Promise<number> {
  const { options, stdout, stderr, signal } = context;
  const { problem } = readProblem(options);
  const runs = readRuns(options);
  const seed = readSeed(options);
  const progress = new ProgressLine(stderr, () => performance.now());
  const { policies, notes } = choosePolicies(options, problem, policyNames, (says) => progress.say(says));
  let results: AutoscalingResults;
  try {
    results = await evaluateAutoscaling({
      problem,
      policies,
      baselines: baselineNames,
      runs,
      seed,
      tell: (done, all) => progress.count(done, all, 'runs'),
      pause: async () => {
        await setImmediate();
        if (signal.aborted) throw new Stopped();
      },
    });
  } catch (error) {
    if (error instanceof Stopped) return STOPPED_STATUS;
    throw error;
  } finally {
    progress.end();
  }
  const report = textOption(options, 'report');
  if (report !== undefined) write(report, autoscalingReport(results, factsOf(context, notes)));
  if (options['json'] === true) stdout.write(`${JSON.stringify({ ...results, notes }, undefined, 2)}\n`);
  else stdout.write(`${evaluationText(results)}${notes.map((note) => `${note}\n`).join('')}`);
  return exitStatus.ok;
}

function factsOf(
  { options }: CommandContext,
  notes: readonly string[],
): readonly (readonly [string, string])[] {
  const { cpu, kernel, node } = machine();
  const words = ['problem', 'policies', 'model', 'patterns', 'runs', 'seed']
    .filter((name) => options[name] !== undefined)
    .flatMap((name) => [options[name]].flat().map((value) => `--${name} ${String(value)}`));
  return [
    ['version', versionWithCommit(version())],
    ['command', ['kisimd autoscale --evaluate', ...words].join(' ')],
    ['machine', `${cpu}, kernel ${kernel}, Node ${node}; the figures are the same on every machine`],
    ['policies', notes.join('; ')],
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
