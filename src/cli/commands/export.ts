import { once } from 'node:events';
import { loadConfig } from '../../config/load.ts';
import type { EnergyQuery, EnergyReport } from '../../history/energy-report.ts';
import { type HistoryReader, openHistoryReader } from '../../history/reader.ts';
import { REPORT_KINDS, type ReportBy } from '../../history/report-kinds.ts';
import { parseDuration, parsePointInTime } from '../../util/duration.ts';
import { KisimError } from '../../util/errors.ts';
import type { CommandContext } from '../command.ts';
import { DaemonClient } from '../daemon-client.ts';
import { cliErrors } from '../errors.ts';
import { historyCsv, historyCsvHeader, historyJsonLine, snapshotCsv } from '../export-rows.ts';

type ExportFormat = 'json' | 'csv' | 'prometheus';

/** Steps read at a time at least; a long dump stays small in memory. */
const STEPS_AT_A_TIME = 240;
const HOUR_MILLISECONDS = 3_600_000;

/** `kisimd export`. Resolves to the exit status. */
export async function runExport(context: CommandContext): Promise<number> {
  const { options } = context;
  const format = (options['json'] === true ? 'json' : options['format']) as ExportFormat;
  if (options['since'] !== undefined) await dumpHistory(context, format);
  else if (options['db'] !== undefined || options['by'] !== undefined) {
    throw cliErrors.KISIM_E_USAGE('--db and --by without --since', {
      action: 'give the begin of the range of the history: --since 24h',
    });
  } else await printSnapshot(context, format);
  return 0;
}

async function printSnapshot({ env, options, stdout }: CommandContext, format: ExportFormat): Promise<void> {
  const client = new DaemonClient(loadConfig({ env, flags: options }).config.export);
  if (format === 'prometheus') {
    const { status, body } = await client.get('/metrics', { accept: 'text/plain; version=0.0.4' });
    if (status !== 200) {
      throw cliErrors.KISIM_E_CLI_DAEMON_ANSWER(`http://${client.address}/metrics: status ${status}`);
    }
    stdout.write(body);
    return;
  }
  const snapshot = await client.now();
  if (snapshot === undefined) {
    throw cliErrors.KISIM_E_CLI_DAEMON_ANSWER(`http://${client.address}/v1/now: no interval measured yet`, {
      action: 'try again in a few seconds',
    });
  }
  stdout.write(format === 'csv' ? snapshotCsv(snapshot) : `${JSON.stringify(snapshot)}\n`);
}

async function dumpHistory(context: CommandContext, format: ExportFormat): Promise<void> {
  const { env, options, stdout, stderr, signal } = context;
  if (format === 'prometheus') {
    throw cliErrors.KISIM_E_USAGE('--format prometheus with --since', {
      action: 'choose json or csv for the history',
    });
  }
  const now = Date.now();
  const since = parsePointInTime(String(options['since']), now);
  const until = parsePointInTime(String(options['until'] ?? 'now'), now);
  const every = parseDuration(String(options['every'] ?? '1m'));
  if (!Number.isSafeInteger(every) || every < 1000) {
    throw cliErrors.KISIM_E_USAGE(`--every ${String(options['every'])}`, {
      action: 'give at least one second',
    });
  }
  const path =
    options['db'] === undefined
      ? loadConfig({ env, flags: options }).config.history.path
      : String(options['db']);
  const reader = openHistoryReader(path);
  const notes = new Set<string>();
  try {
    if (format === 'csv') stdout.write(historyCsvHeader);
    for (const window of windows(since, until, windowLength(every))) {
      for (const by of kinds(options['by'])) {
        if (signal.aborted) return;
        const report = readWindow(
          reader,
          { by, ...window, everyMilliseconds: every },
          options['by'] === undefined,
        );
        for (const note of report.notes) notes.add(note);
        const text = report.rows.map(format === 'csv' ? historyCsv : historyJsonLine).join('');
        if (text !== '' && !stdout.write(text)) await once(stdout, 'drain', { signal }).catch(ignoreAbort);
      }
    }
  } finally {
    reader.close();
    for (const note of notes) stderr.write(`note: ${note}\n`);
  }
}

/** Where every kind is wanted, one that the history cannot tell so finely is left out and said so. */
function readWindow(
  reader: HistoryReader,
  query: EnergyQuery,
  everyKind: boolean,
): Pick<EnergyReport, 'rows' | 'notes'> {
  try {
    return reader.energyReport(query);
  } catch (error) {
    if (!everyKind || !(error instanceof KisimError) || error.code !== 'KISIM_E_HISTORY_QUERY') throw error;
    return { rows: [], notes: [`left out: ${error.found}`] };
  }
}

function kinds(given: unknown): readonly ReportBy[] {
  if (given === undefined) return REPORT_KINDS;
  const wanted = new Set((Array.isArray(given) ? given : [given]).map(String));
  const known = REPORT_KINDS.filter((kind) => wanted.has(kind));
  if (known.length !== wanted.size) throw cliErrors.KISIM_E_USAGE(`--by ${[...wanted].join(' ')}`);
  return known;
}

/** Whole steps and whole hours: what is stored by the hour is then never read for two windows. */
function windowLength(every: number): number {
  let common = HOUR_MILLISECONDS;
  while (common % every !== 0) common += HOUR_MILLISECONDS;
  return common * Math.max(1, Math.ceil((STEPS_AT_A_TIME * every) / common));
}

interface Window {
  readonly sinceUnixMilliseconds: number;
  readonly untilUnixMilliseconds: number;
}

/** The range in pieces that begin at multiples of `length`, so that no step lies in two. */
export function* windows(since: number, until: number, length: number): Iterable<Window> {
  for (let from = since; from < until; ) {
    const to = Math.min(until, (Math.floor(from / length) + 1) * length);
    yield { sinceUnixMilliseconds: from, untilUnixMilliseconds: to };
    from = to;
  }
}

/** A reader that has gone has no more wishes; every other failure is told. */
function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}
