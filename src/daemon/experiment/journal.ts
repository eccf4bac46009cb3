import { fsyncSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '../../evaluation/errors.ts';
import type { ExperimentRecord, JournalEvent } from '../../evaluation/switchback/journal-records.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { JsonLinesFile, type Refuse } from '../../util/json-lines-file.ts';
import { daemonErrors } from '../errors.ts';

export const JOURNAL_FILE = 'journal.jsonl';

type JournalFile = JsonLinesFile<ExperimentRecord | JournalEvent>;

/**
 * All that happened in an experiment, one JSON object a line, in the order in which it was seen. What is in it stays: a period
 * that was broken off is there too. A line is written whole or, where the machine goes down in the middle of it, cut off when
 * the journal is opened again.
 */
export class ExperimentJournal {
  readonly path: string;
  readonly header: ExperimentRecord;
  readonly #file: JournalFile;

  private constructor(file: JournalFile, header: ExperimentRecord) {
    this.path = file.path;
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
      file.keep('');
      const journal = new ExperimentJournal(file, header);
      file.append(header);
      return journal;
    } catch (error) {
      file.close();
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
      return new ExperimentJournal(file, header);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Everything until now, of this and of earlier lives of the program; read anew. @throws KISIM_E_EXPERIMENT_JOURNAL */
  events(): readonly JournalEvent[] {
    return this.#file.parse(this.#file.whole().text).slice(1) as JournalEvent[];
  }

  /** @throws KISIM_E_EXPERIMENT_JOURNAL where the disk takes no more */
  append(event: JournalEvent): void {
    this.#file.append(event);
    // The end of a period must outlive the machine; what is lost of one that has not ended is measured again.
    if (event.kind === 'end') this.#file.attempt((file) => fsyncSync(file));
  }

  close(): void {
    this.#file.close();
  }
}

function openJournal(
  path: string,
  prepare: () => void,
): { readonly file: JournalFile; readonly lines: readonly (ExperimentRecord | JournalEvent)[] } {
  const refuse: Refuse = (found, options) => errors.KISIM_E_EXPERIMENT_JOURNAL(found, options);
  const file: JournalFile = new JsonLinesFile(path, refuse, prepare, 0o600);
  try {
    const { text, isCut } = file.whole();
    if (isCut) file.keep(text);
    return { file, lines: file.parse(text) };
  } catch (error) {
    file.close();
    throw error;
  }
}
