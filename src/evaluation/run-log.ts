import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import { errors } from './errors.ts';
import type { BenchmarkRecord, LoggedRecord } from './records.ts';
import type { Suite } from './suite.ts';

export const RUN_LOG_FILE = 'runs.jsonl';

/**
 * The runs of a benchmark on disk, one JSON object a line, so that a stopped benchmark goes on where it was. A line is
 * written whole or, where the machine goes down in the middle of it, cut off when the log is opened again.
 */
export class RunLog {
  readonly path: string;
  /** What was there when it was opened, without the first line. */
  readonly earlier: readonly LoggedRecord[];
  readonly #file: number;

  private constructor(path: string, file: number, earlier: readonly LoggedRecord[]) {
    this.path = path;
    this.#file = file;
    this.earlier = earlier;
  }

  /**
   * @param resume go on with the runs of an earlier benchmark of the same fingerprint, where the folder has any
   * @throws KISIM_E_EVALUATION_FOLDER_USED, KISIM_E_EVALUATION_OTHER_RUNS, KISIM_E_EVALUATION_RUN_LOG
   */
  static open(folder: string, header: BenchmarkRecord, resume: boolean): RunLog {
    const path = join(folder, RUN_LOG_FILE);
    const file = attempt(path, () => {
      mkdirSync(folder, { recursive: true });
      return openSync(path, 'a+');
    });
    try {
      const text = attempt(path, () => readFileSync(path, 'utf8'));
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length > 0 && !resume) throw errors.KISIM_E_EVALUATION_FOLDER_USED(folder);
      if (whole.length < text.length) attempt(path, () => ftruncateSync(file, Buffer.byteLength(whole)));
      const [first, ...earlier] = parseLines(path, whole);
      const log = new RunLog(path, file, earlier as LoggedRecord[]);
      if (first === undefined) log.append(header);
      else if (first.kind !== 'benchmark' || first.fingerprint !== header.fingerprint)
        throw errors.KISIM_E_EVALUATION_OTHER_RUNS(path);
      return log;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** @throws KISIM_E_EVALUATION_RUN_LOG where the disk takes no more */
  append(record: BenchmarkRecord | LoggedRecord): void {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    attempt(this.path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }

  close(): void {
    closeSync(this.#file);
  }
}

function parseLines(path: string, text: string): (BenchmarkRecord | LoggedRecord)[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => {
      try {
        return JSON.parse(line) as BenchmarkRecord | LoggedRecord;
      } catch (cause) {
        throw errors.KISIM_E_EVALUATION_RUN_LOG(`${path}:${i + 1} is not JSON`, { cause });
      }
    });
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw errors.KISIM_E_EVALUATION_RUN_LOG(`${path}: ${code}`, { cause });
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
