import { once } from 'node:events';
import { resolve } from 'node:path';
import { ParquetFile } from '../../export/table/parquet-file.ts';
import { csvTable, jsonTable, type TableText } from '../../export/table/table-text.ts';
import type { TableColumn, TableValue, TableWriter } from '../../export/table/table-writer.ts';
import { TextFile } from '../../export/table/text-file.ts';
import { datasets, energyColumns } from '../../history/datasets.ts';
import type { EnergyRow } from '../../history/energy-report.ts';
import { type HistoryReader, openHistoryReader } from '../../history/reader.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { exitStatus } from '../program.ts';
import { version } from '../version.ts';
import { energyPieces } from './energy-pieces.ts';
import { type ExportOptions, ignoreAbort, readExportOptions } from './options.ts';

const PIECE_ROWS = 2000;
/** As a shell tells of a program that ended by SIGINT. */
const STOPPED_STATUS = 130;

type Pieces = Iterable<readonly (readonly TableValue[])[]>;

interface Source {
  readonly columns: readonly TableColumn[];
  pieces(reader: HistoryReader, note: (text: string) => void): Pieces;
}

/**
 * `kisimd export --what TABLE`: to a file, which is whole or not there, or to the standard output.
 *
 * @throws KISIM_E_USAGE, KISIM_E_HISTORY_..., KISIM_E_EXPORT_WRITE
 */
export async function exportDataset(context: CommandContext, what: string, format: string): Promise<number> {
  const { options, stdout, stderr, signal } = context;
  const out = options['out'] === undefined ? undefined : resolve(String(options['out']));
  if (format === 'prometheus')
    throw cliErrors.KISIM_E_USAGE('--format prometheus with --what', {
      action: 'choose json, csv or parquet',
    });
  if (format === 'parquet' && out === undefined)
    throw cliErrors.KISIM_E_USAGE('--format parquet without --out', { action: 'give a file: --out FILE' });
  const asked = readExportOptions(context);
  const { columns, pieces } = sourceOf(what, asked);
  const reader = openHistoryReader(asked.path);
  const notes = new Set<string>();
  let writer: TableWriter | undefined;
  let rows = 0;
  try {
    writer = writerOf(out, format, columns, stdout, signal);
    for (const piece of pieces(reader, (note) => notes.add(note))) {
      if (signal.aborted) break;
      await writer.write(piece);
      rows += piece.length;
    }
    if (signal.aborted) {
      writer.abandon();
      return STOPPED_STATUS;
    }
    await writer.finish();
  } catch (error) {
    writer?.abandon();
    throw error;
  } finally {
    reader.close();
    for (const note of notes) stderr.write(`note: ${note}\n`);
  }
  if (out !== undefined) stderr.write(`${rows} ${rows === 1 ? 'row' : 'rows'} of ${what} in ${out}\n`);
  return exitStatus.ok;
}

function sourceOf(what: string, asked: ExportOptions): Source {
  if (what === 'energy') {
    const range = asked.energy();
    return {
      columns: energyColumns,
      *pieces(reader, note) {
        for (const rows of energyPieces(reader, range, note)) yield rows.map(energyValues);
      },
    };
  }
  const dataset = datasets.find(({ name }) => name === what);
  if (dataset === undefined)
    throw cliErrors.KISIM_E_USAGE(`--what ${what}`, {
      action: `one of ${[...datasets.map(({ name }) => name), 'energy'].join(', ')}`,
    });
  const period = {
    ...(asked.since === undefined ? {} : { from: asked.since }),
    ...(asked.until === undefined ? {} : { to: asked.until }),
  };
  return { columns: dataset.columns, pieces: (reader) => reader.rows(dataset, period, PIECE_ROWS) };
}

/** In the order of `energyColumns`. */
function energyValues({ entity, ...row }: EnergyRow): readonly TableValue[] {
  return [
    new Date(row.startUnixMilliseconds),
    new Date(row.endUnixMilliseconds),
    entity.kind,
    entity.namespace,
    entity.name,
    entity.uid,
    entity.pid ?? null,
    row.joules,
    row.meanWatts ?? null,
    row.maxWatts ?? null,
    row.cpuSeconds ?? null,
    row.coverage,
    row.source,
    row.estimated,
  ];
}

function writerOf(
  out: string | undefined,
  format: string,
  columns: readonly TableColumn[],
  stdout: CommandContext['stdout'],
  signal: AbortSignal,
): TableWriter {
  if (format === 'parquet') return new ParquetFile(out!, columns, `kisimd ${version()}`);
  const text = format === 'csv' ? csvTable(columns) : jsonTable(columns);
  return out === undefined ? streamWriter(stdout, text, signal) : new TextFile(out, text);
}

function streamWriter(stdout: CommandContext['stdout'], text: TableText, signal: AbortSignal): TableWriter {
  if (text.head !== '') stdout.write(text.head);
  return {
    async write(rows) {
      const written = stdout.write(rows.map((row) => text.row(row)).join(''));
      if (!written) await once(stdout, 'drain', { signal }).catch(ignoreAbort);
    },
    finish: () => undefined,
    abandon: () => undefined,
  };
}
