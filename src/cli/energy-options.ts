import type { EnergyQuery } from '../history/energy-series.ts';
import { REPORT_KINDS, type ReportBy } from '../history/report-kinds.ts';
import { parseDuration, parsePointInTime } from '../util/duration.ts';
import type { CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';

export interface EnergyOptions {
  readonly query: EnergyQuery;
  readonly format: 'table' | 'csv' | 'json';
  readonly plot: boolean;
  readonly svg: string | undefined;
  readonly database: string | undefined;
}

const TABLE_TOP = 20;
/** More lines than this cannot be told apart. */
const PLOT_TOP = 8;

/** @throws KISIM_E_USAGE, KISIM_E_DURATION, KISIM_E_POINT_IN_TIME */
export function readEnergyOptions(
  options: CommandContext['options'],
  nowUnixMilliseconds: number,
): EnergyOptions {
  const plot = options['plot'] === true;
  const svg = text(options, 'svg');
  const format = readFormat(options);
  if (plot && format !== 'table') throw cliErrors.KISIM_E_USAGE(`--plot together with ${format}`);
  const every = text(options, 'every') ?? '1h';
  return {
    query: {
      by: readKind(options),
      sinceUnixMilliseconds: parsePointInTime(text(options, 'since') ?? '24h', nowUnixMilliseconds),
      untilUnixMilliseconds: parsePointInTime(text(options, 'until') ?? 'now', nowUnixMilliseconds),
      everyMilliseconds: every === 'total' ? undefined : parseDuration(every),
      top:
        readTop(options) ??
        (plot || svg !== undefined ? PLOT_TOP : format === 'table' ? TABLE_TOP : undefined),
      groupByName: options['groupByName'] === true,
    },
    format,
    plot,
    svg,
    database: text(options, 'db'),
  };
}

function text(options: CommandContext['options'], name: string): string | undefined {
  const given = options[name];
  return typeof given === 'string' && given !== '' ? given : undefined;
}

function readKind(options: CommandContext['options']): ReportBy {
  const given = text(options, 'by') ?? 'node';
  const kind = REPORT_KINDS.find((name) => name === given);
  if (kind === undefined) throw cliErrors.KISIM_E_USAGE(`--by ${given}`);
  return kind;
}

function readFormat(options: CommandContext['options']): 'table' | 'csv' | 'json' {
  if (options['json'] === true) return 'json';
  const given = text(options, 'format') ?? 'table';
  if (given !== 'table' && given !== 'csv' && given !== 'json')
    throw cliErrors.KISIM_E_USAGE(`--format ${given}`);
  return given;
}

function readTop(options: CommandContext['options']): number | undefined {
  const given = options['top'];
  if (given === undefined) return undefined;
  const count = Number(given);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw cliErrors.KISIM_E_USAGE(`--top ${String(given)}`, { action: 'give a whole number from 1 on' });
  }
  return count;
}
