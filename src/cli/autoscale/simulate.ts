import { evaluateAutoscaling, type PatternResult } from '../../autoscaling/evaluation.ts';
import { evaluationText } from '../../autoscaling/report/tables.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { ProgressLine } from '../progress-line.ts';
import { readProblem, readSeed } from './options.ts';
import { choosePolicies } from './policies.ts';

/** `kisimd autoscale --simulate`: one run of one policy, interval by interval. */
export async function runSimulate(context: CommandContext): Promise<number> {
  const { options, stdout, stderr } = context;
  const { problem } = readProblem(options);
  const progress = new ProgressLine(stderr, () => performance.now());
  const { policies, notes } = choosePolicies(options, problem, ['hpa'], (says) => progress.say(says));
  progress.end();
  if (policies.length !== 1)
    throw cliErrors.KISIM_E_USAGE(`${policies.length} policies`, {
      expected: 'one policy: --policies NAME or --model FILE',
    });
  const results = await evaluateAutoscaling({
    problem,
    policies,
    baselines: [],
    runs: 1,
    seed: readSeed(options),
  });
  if (options['json'] === true) stdout.write(`${JSON.stringify({ ...results, notes }, undefined, 2)}\n`);
  else
    stdout.write(
      `${results.patterns.map(seriesText).join('\n\n')}\n\n${evaluationText(results)}${notes.map((note) => `${note}\n`).join('')}`,
    );
  return exitStatus.ok;
}

const head = ['second', 'load req/s', 'p95 ms', 'gpu', 'cpu', 'W'];

function seriesText({ pattern, policies }: PatternResult): string {
  const { policy, series } = policies[0]!;
  const rows = series.seconds.map((second, i) => [
    second.toFixed(0),
    series.load[i]!.toFixed(1),
    series.p95Milliseconds[i]?.toFixed(0) ?? '-',
    String(series.gpuReplicas[i]),
    String(series.cpuReplicas[i]),
    series.watts[i]!.toFixed(0),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padStart(widths[i]!)).join('  ');
  return [`${policy}, ${pattern}`, line(head), ...rows.map(line)].join('\n');
}
