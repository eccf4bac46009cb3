import { join, resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { ExperimentJournal } from '../../daemon/experiment/journal.ts';
import { type LiveExperimentOptions, runLiveExperiment } from '../../daemon/experiment/live-experiment.ts';
import { analyse, type SwitchbackResult } from '../../evaluation/switchback/analysis.ts';
import { measure, sampleSecondsOf } from '../../evaluation/switchback/measure.ts';
import { type SwitchbackPlan, scheduleOf } from '../../evaluation/switchback/plan.ts';
import { ASSUMED_NOISE, findablePercent, POWER, pairsToFind } from '../../evaluation/switchback/power.ts';
import { experimentReport } from '../../evaluation/switchback/report.ts';
import { renderSvgPlot } from '../../export/plot/svg-plot.ts';
import { renderTerminalPlot } from '../../export/plot/terminal-plot.ts';
import { systemClock } from '../../util/clock.ts';
import { createLogger } from '../../util/log.ts';
import { writeResultFiles } from '../benchmark/result-files.ts';
import type { CommandContext } from '../command.ts';
import { checkSamePlan, type ExperimentOptions, readExperimentOptions } from '../experiment/options.ts';
import { experimentPlot } from '../experiment/plot.ts';
import { ExperimentProgressReport } from '../experiment/progress.ts';
import { experimentJson } from '../experiment/result-json.ts';
import { exitStatus } from '../program.ts';
import { timeText } from '../time-left.ts';
import { version } from '../version.ts';

/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;

/**
 * `kisimd experiment`. Resolves to 1 where no verdict is given, to 130 where it was stopped.
 *
 * Throws KISIM_E_USAGE, KISIM_E_EXPERIMENT_*, and what the cluster, the meter and the history throw.
 */
export async function runExperiment(
  context: CommandContext,
  replaced: Partial<Pick<LiveExperimentOptions, 'connect' | 'energy'>> = {},
): Promise<number> {
  const { options, env, stderr, signal } = context;
  const { config, warnings } = loadConfig({ env, flags: options });
  const read = readExperimentOptions(options);
  const { plan } = read;
  const findable = plan === undefined ? undefined : powerText(plan, read);
  if (read.planOnly && plan !== undefined) {
    tellPlan(context, plan, findable!);
    return exitStatus.ok;
  }
  const folder = resolve(read.out ?? join('kisimd-experiment', newName(plan!)));
  const journal = openJournal(folder, read);
  try {
    const { plan: planned } = journal.header;
    const done = measure(journal.header, journal.events()).nextPair;
    if (plan !== undefined) stderr.write(`${findable}\n`);
    stderr.write(`${endText(planned, done)}; journal in ${folder}\n`);
    const isBegun = done < planned.pairs;
    let isOver = true;
    if (isBegun) {
      // On a terminal the events of a daemon would tear the line of progress apart.
      const log = createLogger(config.log.level === 'info' ? 'warn' : config.log.level);
      for (const warning of warnings) log.warn('configuration', { warning });
      const progress = new ExperimentProgressReport(stderr, () => performance.now());
      const live: LiveExperimentOptions = {
        config,
        journal,
        folder,
        clock: systemClock,
        log,
        env,
        progress: (now) => progress.tell(now),
        ...replaced,
      };
      try {
        isOver = await runLiveExperiment(live, signal);
      } finally {
        progress.end();
      }
    }
    const result = resultOf(journal);
    await writeResults(folder, result);
    print(context, result);
    stderr.write(`results are in ${folder}\n`);
    if (isBegun) stderr.write('nobody places pods now: start the daemon again\n');
    if (!isOver) {
      stderr.write(`stopped before its end: go on with kisimd experiment --resume --out ${folder}\n`);
      return STOPPED_STATUS;
    }
    return result.verdict.kind === 'refused' ? exitStatus.error : exitStatus.ok;
  } finally {
    journal.close();
  }
}

function openJournal(folder: string, { plan, given }: ExperimentOptions): ExperimentJournal {
  if (plan !== undefined)
    return ExperimentJournal.create(folder, {
      kind: 'experiment',
      format: 1,
      version: version(),
      plan,
      sampleSeconds: sampleSecondsOf(plan),
    });
  const journal = ExperimentJournal.resume(folder);
  try {
    checkSamePlan(journal.header.plan, given);
    return journal;
  } catch (error) {
    journal.close();
    throw error;
  }
}

function resultOf(journal: ExperimentJournal): SwitchbackResult {
  return analyse(journal.header.plan, measure(journal.header, journal.events()).periods);
}

async function writeResults(folder: string, result: SwitchbackResult): Promise<void> {
  writeResultFiles(folder, {
    'report.txt': experimentReport(result),
    'result.json': `${JSON.stringify(experimentJson(result), undefined, 2)}\n`,
    'periods.svg': await renderSvgPlot(experimentPlot(result)),
  });
}

function print({ stdout, options }: CommandContext, result: SwitchbackResult): void {
  if (options['json'] === true) {
    stdout.write(`${JSON.stringify(experimentJson(result))}\n`);
    return;
  }
  const width = stdout.columns === undefined ? {} : { width: stdout.columns };
  const plot = renderTerminalPlot(
    { ...experimentPlot(result, false), ...width },
    { colour: stdout.isTTY === true },
  );
  stdout.write(`${experimentReport(result)}\n${plot.join('\n')}\n`);
}

/** What is known of the noise before the first period: that of a pilot, or what was assumed. */
function noiseOf({ pilot, noise }: ExperimentOptions): { readonly noise: number; readonly from: string } {
  if (noise !== undefined) return { noise, from: 'as was given' };
  if (pilot === undefined) return { noise: ASSUMED_NOISE, from: 'assumed; --pilot or --noise tell better' };
  const journal = ExperimentJournal.resume(pilot);
  try {
    const measured = resultOf(journal).difference.noise;
    if (measured !== undefined) return { noise: measured, from: `as in ${pilot}` };
    return { noise: ASSUMED_NOISE, from: `assumed: ${pilot} has fewer than two pairs` };
  } finally {
    journal.close();
  }
}

/** How small a difference the planned hours could find. */
function powerText({ pairs, periodSeconds }: SwitchbackPlan, options: ExperimentOptions): string {
  const { noise, from } = noiseOf(options);
  const percent = findablePercent(pairs, noise);
  const half = pairsToFind(percent / 2, noise);
  return (
    `${pairs} pairs of periods find a difference of ${percent.toFixed(1)} % with a chance of ${100 * POWER} %, ` +
    `if a pair's own noise is ${(100 * noise).toFixed(1)} % (${from}); half as small a one takes ` +
    `${((half * 2 * periodSeconds) / 3600).toFixed(1)} hours`
  );
}

function tellPlan({ stdout, options }: CommandContext, plan: SwitchbackPlan, findable: string): void {
  const schedule = scheduleOf(plan);
  if (options['json'] === true) {
    stdout.write(`${JSON.stringify({ plan, schedule, findable })}\n`);
    return;
  }
  const orders = schedule.map(({ side }) => side).join('');
  stdout.write(
    `${findable}\n${schedule.length} periods of ${plan.periodSeconds} s, wash-out ${plan.washOutSeconds} s, seed ${plan.seed}\n` +
      `a: ${plan.a}, b: ${plan.b}; order: ${orders.match(/../g)!.join(' ')}\n`,
  );
}

function endText({ a, b, pairs, periodSeconds, seed }: SwitchbackPlan, done: number): string {
  const sides = `${a} (a) and ${b} (b) by turns`;
  if (done >= pairs) return `${sides}, seed ${seed}: all ${pairs} pairs are done`;
  const left = timeText((pairs - done) * 2 * periodSeconds);
  return `${sides} for ${left}, seed ${seed}${done === 0 ? '' : `, ${done} of ${pairs} pairs done`}`;
}

function newName({ a, b }: SwitchbackPlan): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${a}-${b}-${time}`.replace(/[^\w.-]+/g, '-');
}
