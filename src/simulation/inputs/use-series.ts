import { CsvRows, readInput } from './csv-rows.ts';
import { inputErrors } from './errors.ts';
import type { TraceJob } from './trace.ts';

/** Measured use of machines or tasks over time, in steps of five minutes; NaN where nothing was measured. */
export interface UseSeries {
  readonly stepSeconds: number;
  /** By the name of the task or machine, in the order of the file: use as a share of what it has, 0 to 1. */
  readonly shares: ReadonlyMap<string, Float64Array>;
}

export interface TracedVm {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

const STEP = 300;

/** A row a step and task: `task,slot_5min,util_permille` (SURF). Slots of a task follow each other from 0. */
export function readTaskUse(path: string): UseSeries {
  const rows = new CsvRows(readInput(path), path, ['task', 'slot_5min', 'util_permille']);
  const lists = new Map<string, number[]>();
  while (rows.next()) {
    const task = rows.text('task');
    const list = lists.get(task) ?? [];
    lists.set(task, list);
    const slot = rows.count('slot_5min');
    if (slot !== list.length) throw rows.bad(`slot_5min is ${slot} after ${list.length - 1} of task ${task}`);
    const permille = rows.number('util_permille');
    if (permille > 1000) throw rows.bad(`util_permille is ${permille}`);
    list.push(permille / 1000);
  }
  return {
    stepSeconds: STEP,
    shares: new Map([...lists].map(([task, list]) => [task, Float64Array.from(list)])),
  };
}

/** A row a step, a column a machine: `slot_5min,116,141,...` in % of what the machine has (Bitbrains). Empty: no sample. */
export function readMachineUse(path: string): UseSeries {
  const text = readInput(path);
  const rows = new CsvRows(text, path, ['slot_5min']);
  const machines = text
    .slice(0, text.indexOf('\n'))
    .trim()
    .split(',')
    .filter((name) => name !== 'slot_5min');
  if (machines.length === 0) throw inputErrors.KISIM_E_INPUT_COLUMN(`${path}:1: no column of a machine`);
  const lists = machines.map(() => [] as number[]);
  let slots = 0;
  while (rows.next()) {
    const slot = rows.count('slot_5min');
    if (slot !== slots) throw rows.bad(`slot_5min is ${slot} after ${slots - 1}`);
    slots++;
    for (const [i, machine] of machines.entries()) {
      const percent = rows.text(machine) === '' ? Number.NaN : rows.number(machine);
      if (percent > 100) throw rows.bad(`${machine} is ${percent} %`);
      lists[i]!.push(percent / 100);
    }
  }
  return {
    stepSeconds: STEP,
    shares: new Map(machines.map((machine, i) => [machine, Float64Array.from(lists[i]!)])),
  };
}

/** `vm,cpu_count,cpu_capacity_mhz,memory_kib` (Bitbrains): the machines of the table above. */
export function readVms(path: string): readonly TracedVm[] {
  const rows = new CsvRows(readInput(path), path, ['vm', 'cpu_count', 'memory_kib']);
  const vms: TracedVm[] = [];
  while (rows.next()) {
    const cores = rows.count('cpu_count');
    if (cores === 0) throw rows.bad(`cpu_count is '0'`);
    vms.push({
      name: rows.text('vm'),
      cpuMilli: cores * 1000,
      memoryBytes: rows.number('memory_kib') * 1024,
    });
  }
  return vms;
}

/** Mean over the steps that were measured between two times; NaN where none was. */
export function meanUse(
  series: Float64Array,
  stepSeconds: number,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): number {
  let sum = 0;
  let count = 0;
  const last = Math.min(series.length, Math.ceil(to / stepSeconds));
  for (let i = Math.floor(from / stepSeconds); i < last; i++) {
    if (Number.isNaN(series[i]!)) continue;
    sum += series[i]!;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

export interface TracedVms {
  readonly jobs: readonly TraceJob[];
  /** Machines of which nothing was measured in the stretch: they are left out. */
  readonly unmeasured: readonly string[];
}

/** Machines that run all the time, using what they did on average between two times of their log. */
export function vmJobs(vms: readonly TracedVm[], use: UseSeries, from: number, to: number): TracedVms {
  const jobs: TraceJob[] = [];
  const unmeasured: string[] = [];
  for (const vm of vms) {
    const series = use.shares.get(vm.name);
    const useOfRequest = series === undefined ? Number.NaN : meanUse(series, use.stepSeconds, from, to);
    if (Number.isNaN(useOfRequest)) unmeasured.push(vm.name);
    else
      jobs.push({
        arrivalSeconds: 0,
        seconds: to - from,
        cpuMilli: vm.cpuMilli,
        memoryBytes: vm.memoryBytes,
        gpus: undefined,
        useOfRequest,
      });
  }
  return { jobs, unmeasured };
}
