import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Plot } from '../../export/plot/plot.ts';
import type { LoadCounts, LoadSecond } from '../../load/http/recorder.ts';
import { type LoadResult, runLoad } from '../../load/http/run-load.ts';
import { coarseTime, preciseTime } from '../../load/http/system-time.ts';
import { undiciTransport } from '../../load/http/undici-transport.ts';
import { makePattern } from '../../load/pattern/pattern-spec.ts';
import { type LoadReport, loadReport } from '../../load/report/load-report.ts';
import { loadPage, patternsPage } from '../../load/report/page.ts';
import { secondsCsv } from '../../load/report/seconds-csv.ts';
import { JsonLinesFile } from '../../util/json-lines-file.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { loadText, progressLine } from '../load/format.ts';
import { type LoadOptions, type LoadOutputs, readLoadOptions, readOutputs } from '../load/options.ts';
import { patternsPlot, runPlot } from '../load/plot.ts';
import { version } from '../version.ts';

/** An objective was missed. */
const MISSED_STATUS = 3;
/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;
const LINES_EVERY_SECONDS = 15;

/** `kisimd load`. @throws KISIM_E_USAGE, KISIM_E_LOAD_*, KISIM_E_INPUT_*, KISIM_E_OUTPUT_FILE */
export async function runLoadCommand(context: CommandContext): Promise<number> {
  if (context.options['showPatterns'] === true) return showPatterns(context);
  const options = readLoadOptions(context.options, context.args);
  const { outputs } = options;
  for (const note of options.notes) context.stderr.write(`note: ${note}\n`);
  // Better now than after an hour of load.
  for (const file of [outputs.csv, outputs.html, outputs.svg])
    if (file !== undefined) attempt(file, () => closeSync(openSync(file, 'a')));
  const startedUnixMilliseconds = Date.now();
  const result = await send(context, options);
  if (result.failure?.code === 'KISIM_E_LOAD_REFUSED' && result.total.answered === 0) throw result.failure;
  const report = loadReport(options.plan, result, {
    startedUnixMilliseconds,
    pattern: options.pattern,
    patternSeconds: Number.isFinite(options.patternSeconds) ? options.patternSeconds : result.elapsedSeconds,
    objectives: options.objectives,
  });
  await writeOutputs(context, report, outputs);
  if (result.failure !== undefined) throw result.failure;
  if (result.ended === 'stopped') return STOPPED_STATUS;
  return report.objectives.every(({ holds }) => holds) ? 0 : MISSED_STATUS;
}

async function send(context: CommandContext, options: LoadOptions): Promise<LoadResult> {
  const { plan, precise, insecure, outputs } = options;
  const stream =
    outputs.stream === undefined
      ? undefined
      : new JsonLinesFile<LoadSecond>(
          outputs.stream,
          (found, more) => cliErrors.KISIM_E_OUTPUT_FILE(found, more ?? {}),
          () => undefined,
        );
  const progress = new Progress(context.stderr, options.patternSeconds);
  const connectTimeoutMilliseconds = Math.min(10_000, plan.timeoutMilliseconds);
  try {
    return await runLoad(plan, {
      transport: undiciTransport({ connectTimeoutMilliseconds, insecure }),
      time: precise ? preciseTime : coarseTime,
      signal: context.signal,
      onSecond: (second, soFar) => {
        stream?.append(second);
        progress.tell(second, soFar);
      },
    });
  } finally {
    progress.end();
    stream?.close();
  }
}

/** One line on a terminal, a line now and then elsewhere. */
class Progress {
  readonly #stderr: CommandContext['stderr'];
  readonly #seconds: number;

  constructor(stderr: CommandContext['stderr'], seconds: number) {
    this.#stderr = stderr;
    this.#seconds = seconds;
  }

  tell(second: LoadSecond, soFar: LoadCounts): void {
    const done = second.second + second.seconds;
    const live = this.#stderr.isTTY === true;
    if (!live && (second.second + 1) % LINES_EVERY_SECONDS !== 0) return;
    const line = progressLine(second, soFar, this.#seconds - done);
    this.#stderr.write(live ? `\r\x1b[K${line}` : `${line}\n`);
  }

  end(): void {
    if (this.#stderr.isTTY === true) this.#stderr.write('\r\x1b[K');
  }
}

async function writeOutputs(
  context: CommandContext,
  report: LoadReport,
  outputs: LoadOutputs,
): Promise<void> {
  const { stdout, stderr } = context;
  if (outputs.plot) await drawInTerminal(runPlot(report), context);
  stdout.write(outputs.json ? `${JSON.stringify(report)}\n` : loadText(report));
  if (outputs.csv !== undefined) writeText(outputs.csv, secondsCsv(report.seconds), stderr);
  if (outputs.html !== undefined) writeText(outputs.html, loadPage(report, version()), stderr);
  if (outputs.svg !== undefined) await writeSvg(outputs.svg, runPlot(report), stderr);
}

/** The four patterns of KISim's experiments, or the one that is asked for, in one picture. */
async function showPatterns(context: CommandContext): Promise<number> {
  const { svg, html, json } = readOutputs(context.options);
  const patterns = (['ramp', 'spike', 'periodic', 'random'] as const).map((pattern) =>
    makePattern({ pattern }),
  );
  if (svg !== undefined) await writeSvg(svg, patternsPlot(patterns), context.stderr);
  if (html !== undefined) writeText(html, patternsPage(patterns), context.stderr);
  if (json) {
    const steps = patterns.map((pattern) => {
      const levels: { readonly seconds: number; readonly level: number }[] = [];
      for (let at = 0; at < pattern.durationSeconds; at = pattern.nextChangeAfter(at))
        levels.push({ seconds: at, level: pattern.levelAt(at) });
      return { pattern: pattern.name, durationSeconds: pattern.durationSeconds, levels };
    });
    context.stdout.write(`${JSON.stringify(steps)}\n`);
  } else await drawInTerminal(patternsPlot(patterns), context);
  return 0;
}

async function drawInTerminal(plot: Plot, { stdout, env }: CommandContext): Promise<void> {
  const { renderTerminalPlot } = await import('../../export/plot/terminal-plot.ts');
  const colour = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '';
  const width = stdout.columns;
  const lines = renderTerminalPlot({ ...plot, ...(width === undefined ? {} : { width }) }, { colour });
  stdout.write(`${lines.join('\n')}\n\n`);
}

async function writeSvg(file: string, plot: Plot, stderr: CommandContext['stderr']): Promise<void> {
  const { renderSvgPlot } = await import('../../export/plot/svg-plot.ts');
  writeText(file, await renderSvgPlot(plot), stderr);
}

function writeText(file: string, text: string, stderr: CommandContext['stderr']): void {
  attempt(file, () => writeFileSync(file, text));
  stderr.write(`wrote ${file}\n`);
}

function attempt(file: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    const found = `${file}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw cliErrors.KISIM_E_OUTPUT_FILE(found, { cause });
  }
}
