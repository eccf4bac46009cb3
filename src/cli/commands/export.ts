import { once } from 'node:events';
import { loadConfig } from '../../config/load.ts';
import { openHistoryReader } from '../../history/reader.ts';
import type { CommandContext } from '../command.ts';
import { DaemonClient } from '../daemon-client.ts';
import { cliErrors } from '../errors.ts';
import { exportDataset } from '../export/dataset.ts';
import { energyPieces } from '../export/energy-pieces.ts';
import { ignoreAbort, readExportOptions } from '../export/options.ts';
import { historyCsv, historyCsvHeader, historyJsonLine, snapshotCsv } from '../export-rows.ts';

type ExportFormat = 'json' | 'csv' | 'prometheus' | 'parquet';

/** `kisimd export`. Resolves to the exit status. */
export async function runExport(context: CommandContext): Promise<number> {
  const { options } = context;
  const format = (options['json'] === true ? 'json' : options['format']) as ExportFormat;
  if (options['what'] !== undefined) return await exportDataset(context, String(options['what']), format);
  for (const [name, is] of [
    ['--out', options['out'] !== undefined],
    ['--format parquet', format === 'parquet'],
  ] as const)
    if (is)
      throw cliErrors.KISIM_E_USAGE(`${name} without --what`, { action: 'say which table: --what jobs' });
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
  const { stdout, stderr, signal } = context;
  if (format === 'prometheus') {
    throw cliErrors.KISIM_E_USAGE('--format prometheus with --since', {
      action: 'choose json or csv for the history',
    });
  }
  const { path, energy } = readExportOptions(context);
  const range = energy();
  const reader = openHistoryReader(path);
  const notes = new Set<string>();
  try {
    if (format === 'csv') stdout.write(historyCsvHeader);
    for (const rows of energyPieces(reader, range, (note) => notes.add(note))) {
      if (signal.aborted) return;
      const text = rows.map(format === 'csv' ? historyCsv : historyJsonLine).join('');
      if (text !== '' && !stdout.write(text)) await once(stdout, 'drain', { signal }).catch(ignoreAbort);
    }
  } finally {
    reader.close();
    for (const note of notes) stderr.write(`note: ${note}\n`);
  }
}
