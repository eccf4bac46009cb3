import { emptyTick } from '../../src/native/empty-tick.ts';
import type { ProcessRecord, ProcessTick } from '../../src/native/process-scanner.ts';

/** Holds watched cgroups by path instead of opening them; `refuse` makes a path fail as open(2) would. */
export class FakeScanner {
  readonly paths: (string | undefined)[] = [];
  readonly formats: string[] = [];
  readonly refusals = new Map<string, string>();
  /** Cumulative nanoseconds by path; absent = 0, NaN = gone. */
  readonly usage = new Map<string, number>();
  opened = 0;
  #nanoseconds = 0;

  addGroup(path: string, format: 'usage-ns' | 'cpu-stat'): number {
    this.opened++;
    const code = this.refusals.get(path);
    if (code !== undefined) throw Object.assign(new Error(`open ${path}`), { code });
    const free = this.paths.indexOf(undefined);
    const group = free < 0 ? this.paths.length : free;
    this.paths[group] = path;
    this.formats[group] = format;
    return group;
  }

  removeGroup(group: number): void {
    if (this.paths[group] === undefined) throw new Error(`group ${group} is not watched`);
    this.paths[group] = undefined;
  }

  watched(): string[] {
    return this.paths.filter((path) => path !== undefined);
  }

  /** A tick `seconds` after the last one, with the groups watched now. */
  tick(happened: Partial<ProcessTick> = {}, seconds = 1): ProcessTick {
    this.#nanoseconds += seconds * 1e9;
    const groups = this.paths.map((path) => (path === undefined ? Number.NaN : (this.usage.get(path) ?? 0)));
    return {
      ...emptyTick(this.#nanoseconds),
      groupCpuNanoseconds: Float64Array.from(groups),
      hostCpuNanoseconds: new Float64Array(10),
      ...happened,
    };
  }
}

/** A process as the scanner reports it; its pid is 1000 + slot unless told. */
export function born(slot: number, more: Partial<ProcessRecord> = {}): ProcessRecord {
  return {
    slot,
    pid: 1000 + slot,
    ppid: 1,
    startTicks: 500 + slot,
    comm: `p${slot}`,
    cmdline: `/bin/p${slot}\0--flag\0`,
    cgroup: '0::/\n',
    kernelThread: false,
    unreadable: '',
    ...more,
  };
}

export function exit(slot: number): ProcessTick['exited'][number] {
  return { slot, cpuNanoseconds: 0, exact: false };
}
