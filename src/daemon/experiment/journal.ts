import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '../../evaluation/errors.ts';
import type { ExperimentRecord, JournalEvent } from '../../evaluation/switchback/journal-records.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { daemonErrors } from '../errors.ts';

export const JOURNAL_FILE = 'journal.jsonl';

/**
 * All that happened in an experiment, one JSON object a line, in the order in which it was seen. What is in it stays: a period
 * that was broken off is there too. A line is written whole or, where the machine goes down in the middle of it, cut off when
 * the journal is opened again.
 */
export class ExperimentJournal {
  readonly path: string;
  readonly header: ExperimentRecord;
  readonly #file: number;

  private constructor(path: string, file: number, header: ExperimentRecord) {
    this.path = path;
    this.#file = file;
    this.header = header;
  }

  /** Begins a new journal. @throws KISIM_E_EXPERIMENT_FOLDER_USED, KISIM_E_EXPERIMENT_JOURNAL */
  static create(folder: string, header: ExperimentRecord): ExperimentJournal {
    const path = join(folder, JOURNAL_FILE);
    const { file, lines } = openJournal(path, () => mkdirSync(folder, { recursive: true }));
    try {
      if (lines.length > 1) throw daemonErrors.KISIM_E_EXPERIMENT_FOLDER_USED(folder);
      // A plan that nothing was done of, because the cluster was not there, is no experiment.
      attempt(path, () => ftruncateSync(file));
      const journal = new ExperimentJournal(path, file, header);
      journal.#write(header);
      return journal;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** Goes on with a journal. @throws KISIM_E_EXPERIMENT_NOTHING_TO_RESUME, KISIM_E_EXPERIMENT_JOURNAL */
  static resume(folder: string): ExperimentJournal {
    const path = join(folder, JOURNAL_FILE);
    let opened: ReturnType<typeof openJournal>;
    try {
      opened = openJournal(path, () => readFileSync(path));
    } catch (error) {
      if (systemErrorCode((error as Error).cause) !== 'ENOENT') throw error;
      throw daemonErrors.KISIM_E_EXPERIMENT_NOTHING_TO_RESUME(folder);
    }
    const { file, lines } = opened;
    try {
      const [header] = lines;
      if (header === undefined) throw daemonErrors.KISIM_E_EXPERIMENT_NOTHING_TO_RESUME(folder);
      if (header.kind !== 'experiment' || header.format !== 1)
        throw errors.KISIM_E_EXPERIMENT_JOURNAL(`${path}:1 is not the beginning of an experiment`);
      return new ExperimentJournal(path, file, header);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** Everything until now, of this and of earlier lives of the program; read anew. @throws KISIM_E_EXPERIMENT_JOURNAL */
  events(): readonly JournalEvent[] {
    const text = attempt(this.path, () => readFileSync(this.path, 'utf8'));
    return parseLines(this.path, text).slice(1) as JournalEvent[];
  }

  /** @throws KISIM_E_EXPERIMENT_JOURNAL where the disk takes no more */
  append(event: JournalEvent): void {
    this.#write(event);
    // The end of a period must outlive the machine; what is lost of one that has not ended is measured again.
    if (event.kind === 'end') attempt(this.path, () => fsyncSync(this.#file));
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(record: ExperimentRecord | JournalEvent): void {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    attempt(this.path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }
}

function openJournal(
  path: string,
  prepare: () => void,
): { readonly file: number; readonly lines: readonly (ExperimentRecord | JournalEvent)[] } {
  const file = attempt(path, () => {
    prepare();
    return openSync(path, 'a+', 0o600);
  });
  try {
    const text = attempt(path, () => readFileSync(path, 'utf8'));
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) attempt(path, () => ftruncateSync(file, Buffer.byteLength(whole)));
    return { file, lines: parseLines(path, whole) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function parseLines(path: string, text: string): (ExperimentRecord | JournalEvent)[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => {
      try {
        return JSON.parse(line) as ExperimentRecord | JournalEvent;
      } catch (cause) {
        throw errors.KISIM_E_EXPERIMENT_JOURNAL(`${path}:${i + 1} is not JSON`, { cause });
      }
    });
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw errors.KISIM_E_EXPERIMENT_JOURNAL(`${path}: ${code}`, { cause });
  }
}
