import { basename } from 'node:path';
import { readInput } from './csv-rows.ts';
import { inputErrors } from './errors.ts';
import type { Trace, TraceJob } from './trace.ts';

const KIBIBYTE = 1024;

/** Fields of a line, as the Parallel Workloads Archive numbers them, from 1. */
const SUBMIT = 2;
const RUN_TIME = 4;
const PROCESSORS = 5;
const CPU_TIME = 6;
const MEMORY_KIB = 7;
const REQUESTED_TIME = 9;
const FIELDS = 18;

export interface SwfTrace extends Trace {
  /** Lines left out because their run time or processors are unknown or not positive. */
  readonly dropped: number;
}

/**
 * A log in the Standard Workload Format (Chapin et al., "Benchmarks and Standards for the Evaluation of Parallel Job
 * Schedulers", 1999): lines of 18 numbers, -1 where a value is not known, comments behind semicolons. A processor is a
 * core. Jobs whose run time or processors are not known are left out and counted. Times count from the first job.
 *
 * @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_VALUE; each names file and line
 */
export function readSwf(path: string): SwfTrace {
  return parseSwf(readInput(path), path);
}

/** @param file its name in errors */
export function parseSwf(text: string, file: string): SwfTrace {
  const jobs: TraceJob[] = [];
  let dropped = 0;
  let first: number | undefined;
  let last = 0;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith(';')) continue;
    const bad = (what: string) => inputErrors.KISIM_E_INPUT_VALUE(`${file}:${i + 1}: ${what}`);
    const fields = trimmed.split(/\s+/).map(Number);
    if (fields.length !== FIELDS) throw bad(`${fields.length} fields, the format has ${FIELDS}`);
    const broken = fields.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) throw bad(`field ${broken + 1} is '${trimmed.split(/\s+/)[broken]}'`);
    const submit = fields[SUBMIT - 1]!;
    if (submit < 0) throw bad(`submit time is ${submit}`);
    if (submit < last) throw bad(`submit time is ${submit} after ${last}`);
    last = submit;
    first ??= submit;
    const seconds = fields[RUN_TIME - 1]!;
    const processors = fields[PROCESSORS - 1]!;
    if (seconds <= 0 || processors <= 0) {
      dropped++;
      continue;
    }
    const cpuSeconds = fields[CPU_TIME - 1]!;
    const memoryKib = fields[MEMORY_KIB - 1]!;
    const requested = fields[REQUESTED_TIME - 1]!;
    jobs.push({
      arrivalSeconds: submit - first,
      seconds,
      cpuMilli: processors * 1000,
      memoryBytes: memoryKib > 0 ? memoryKib * KIBIBYTE * processors : undefined,
      gpus: undefined,
      useOfRequest: cpuSeconds > 0 ? Math.min(1, cpuSeconds / seconds) : undefined,
      ...(requested > 0 ? { requestedSeconds: requested } : {}),
    });
  }
  return { name: basename(file).replace(/\.[^.]*$/, ''), jobs, unit: 'cores', dropped };
}
