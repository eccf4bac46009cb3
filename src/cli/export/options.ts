import { loadConfig } from '../../config/load.ts';
import { parseDuration, parsePointInTime } from '../../util/duration.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { EnergyRange } from './energy-pieces.ts';

export interface ExportOptions {
  /** Of the history. */
  readonly path: string;
  /** Unix milliseconds; undefined: from the beginning. */
  readonly since: number | undefined;
  /** Undefined: not given, to the end. */
  readonly until: number | undefined;
  /** The range of a table that needs a beginning and steps. @throws KISIM_E_USAGE */
  readonly energy: () => EnergyRange;
}

/** @throws KISIM_E_USAGE, KISIM_E_CONFIG_... */
export function readExportOptions({ env, options }: Pick<CommandContext, 'env' | 'options'>): ExportOptions {
  const now = Date.now();
  const since = options['since'] === undefined ? undefined : parsePointInTime(String(options['since']), now);
  const untilText = String(options['until'] ?? 'now');
  const until = parsePointInTime(untilText, now);
  return {
    path:
      options['db'] === undefined
        ? loadConfig({ env, flags: options }).config.history.path
        : String(options['db']),
    since,
    until: untilText === 'now' ? undefined : until,
    energy: () => {
      if (since === undefined)
        throw cliErrors.KISIM_E_USAGE('--what energy without --since', {
          action: 'give the begin of the range of the history: --since 24h',
        });
      const everyMilliseconds = parseDuration(String(options['every'] ?? '1m'));
      if (!Number.isSafeInteger(everyMilliseconds) || everyMilliseconds < 1000)
        throw cliErrors.KISIM_E_USAGE(`--every ${String(options['every'])}`, {
          action: 'give at least one second',
        });
      return { since, until, everyMilliseconds, by: options['by'] };
    },
  };
}

/** A reader that has gone has no more wishes; every other failure is told. */
export function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}
