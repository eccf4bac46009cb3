import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JsonLinesFile, type Refuse } from '../util/json-lines-file.ts';
import { errors } from './errors.ts';
import type { BenchmarkRecord, LoggedRecord } from './records.ts';
import type { Suite } from './suite.ts';

export const RUN_LOG_FILE = 'runs.jsonl';

type RunFile = JsonLinesFile<BenchmarkRecord | LoggedRecord>;

/**
 * The runs of a benchmark on disk, one JSON object a line, so that a stopped benchmark goes on where it was. A line is
 * written whole or, where the machine goes down in the middle of it, cut off when the log is opened again.
 */
export class RunLog {
  readonly path: string;
  /** What was there when it was opened, without the first line. */
  readonly earlier: readonly LoggedRecord[];
  readonly #file: RunFile;

  private constructor(file: RunFile, earlier: readonly LoggedRecord[]) {
    this.path = file.path;
    this.#file = file;
    this.earlier = earlier;
  }

  /**
   * @param resume go on with the runs of an earlier benchmark of the same fingerprint, where the folder has any
   * @throws KISIM_E_EVALUATION_FOLDER_USED, KISIM_E_EVALUATION_OTHER_RUNS, KISIM_E_EVALUATION_RUN_LOG
   */
  static open(folder: string, header: BenchmarkRecord, resume: boolean): RunLog {
    const path = join(folder, RUN_LOG_FILE);
    const refuse: Refuse = (found, options) => errors.KISIM_E_EVALUATION_RUN_LOG(found, options);
    const file: RunFile = new JsonLinesFile(path, refuse, () => mkdirSync(folder, { recursive: true }));
    try {
      const { text, isCut } = file.whole();
      if (text.length > 0 && !resume) throw errors.KISIM_E_EVALUATION_FOLDER_USED(folder);
      if (isCut) file.keep(text);
      const [first, ...earlier] = file.parse(text);
      const log = new RunLog(file, earlier as LoggedRecord[]);
      if (first === undefined) log.append(header);
      else if (first.kind !== 'benchmark' || first.fingerprint !== header.fingerprint)
        throw errors.KISIM_E_EVALUATION_OTHER_RUNS(path);
      return log;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** @throws KISIM_E_EVALUATION_RUN_LOG where the disk takes no more */
  append(record: BenchmarkRecord | LoggedRecord): void {
    this.#file.append(record);
  }

  close(): void {
    this.#file.close();
  }
}

/** Of everything that decides the runs. The baseline is not among it: it only decides what they are compared with. */
export function fingerprintOf(
  suite: Suite,
  from: { readonly version: string; readonly hardware: string | undefined },
): string {
  const { name: _, baseline: __, ...runs } = suite;
  return createHash('sha256')
    .update(JSON.stringify({ runs, ...from }))
    .digest('hex')
    .slice(0, 32);
}
