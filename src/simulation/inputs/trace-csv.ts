import { basename } from 'node:path';
import { CsvRows, readInput } from './csv-rows.ts';
import { inputErrors } from './errors.ts';
import type { Trace, TraceJob } from './trace.ts';

const MEBIBYTE = 2 ** 20;

/**
 * Jobs with their times as comma-separated values, told apart by their columns:
 * - `arrival_s,duration_s,cpu_milli` (Azure's VMs, Mustang),
 * - the same with `memory_mib` and `util_mean_pct` (SURF, with measured use),
 * - `arrival_s,duration_s,gpus` (Philly).
 * Seconds from the first record, ascending.
 *
 * @throws KISIM_E_INPUT_UNREADABLE, KISIM_E_INPUT_COLUMN, KISIM_E_INPUT_VALUE; each names file and line
 */
export function readTrace(path: string): Trace {
  return parseTrace(readInput(path), path);
}

/** @param file its name in errors; without folders and ending it is the trace's name */
export function parseTrace(text: string, file: string): Trace {
  const rows = new CsvRows(text, file, ['arrival_s', 'duration_s']);
  const cpu = rows.has('cpu_milli');
  if (!cpu && !rows.has('gpus'))
    throw inputErrors.KISIM_E_INPUT_COLUMN(`${file}:1: no column cpu_milli and no column gpus`);
  const jobs: TraceJob[] = [];
  let last = 0;
  while (rows.next()) {
    const arrivalSeconds = rows.number('arrival_s');
    if (arrivalSeconds < last) throw rows.bad(`arrival_s is ${arrivalSeconds} after ${last}`);
    last = arrivalSeconds;
    const seconds = rows.number('duration_s');
    if (seconds === 0) throw rows.bad(`duration_s is '0'`);
    const amount = rows.number(cpu ? 'cpu_milli' : 'gpus');
    if (amount === 0) throw rows.bad(`${cpu ? 'cpu_milli' : 'gpus'} is '0'`);
    if (!cpu) rows.count('gpus');
    const usePercent = rows.has('util_mean_pct') ? rows.number('util_mean_pct') : undefined;
    if (usePercent !== undefined && usePercent > 100) throw rows.bad(`util_mean_pct is ${usePercent}`);
    jobs.push({
      arrivalSeconds,
      seconds,
      cpuMilli: cpu ? amount : undefined,
      memoryBytes: rows.has('memory_mib') ? rows.number('memory_mib') * MEBIBYTE : undefined,
      gpus: cpu ? undefined : amount,
      useOfRequest: usePercent === undefined ? undefined : usePercent / 100,
    });
  }
  return { name: basename(file).replace(/\.[^.]*$/, ''), jobs, unit: cpu ? 'cores' : 'GPUs' };
}
