import { writeFile } from 'node:fs/promises';
import { loadConfig } from '../../config/load.ts';
import { reportOf } from '../../history/energy-report.ts';
import type { EnergySeriesResult } from '../../history/energy-series.ts';
import { openHistoryReader } from '../../history/reader.ts';
import type { CommandContext } from '../command.ts';
import { energyCsv, energyJson, energyTable, remarks } from '../energy-format.ts';
import { type EnergyOptions, readEnergyOptions } from '../energy-options.ts';
import { energyPlot } from '../energy-plot.ts';
import { cliErrors } from '../errors.ts';

/** `kisimd energy`. Resolves to 0 also where the range holds no energy; then the output says so. */
export async function runEnergy(context: CommandContext): Promise<number> {
  const options = readEnergyOptions(context.options, Date.now());
  const result = query(context, options);
  if (options.svg !== undefined) await writeSvg(result, options.svg, context.stderr);
  context.stdout.write(await render(context, options, result));
  return 0;
}

function query(context: CommandContext, options: EnergyOptions): EnergySeriesResult {
  const path =
    options.database ?? loadConfig({ env: context.env, flags: context.options }).config.history.path;
  const reader = openHistoryReader(path);
  try {
    return reader.energySeries(options.query);
  } finally {
    reader.close();
  }
}

async function render(
  context: CommandContext,
  options: EnergyOptions,
  result: EnergySeriesResult,
): Promise<string> {
  const report = reportOf(result);
  const { by } = options.query;
  if (options.plot) {
    const { renderTerminalPlot } = await import('../../export/plot/terminal-plot.ts');
    const width = context.stdout.columns;
    const colour = context.stdout.isTTY === true && (context.env['NO_COLOR'] ?? '') === '';
    const plot = { ...energyPlot(result), ...(width === undefined ? {} : { width }) };
    return [...renderTerminalPlot(plot, { colour }), ...remarks(report), ''].join('\n');
  }
  if (options.format === 'csv') return energyCsv(report);
  return options.format === 'json' ? energyJson(report, by) : energyTable(report, by);
}

async function writeSvg(
  result: EnergySeriesResult,
  file: string,
  stderr: CommandContext['stderr'],
): Promise<void> {
  const { renderSvgPlot } = await import('../../export/plot/svg-plot.ts');
  const svg = await renderSvgPlot(energyPlot(result));
  try {
    await writeFile(file, svg);
  } catch (cause) {
    throw cliErrors.KISIM_E_OUTPUT_FILE(
      `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  stderr.write(`wrote ${file}\n`);
}
