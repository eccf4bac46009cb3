import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../util/errors.ts';
import type { Nanoseconds } from '../util/units.ts';
import { meterErrors } from './errors.ts';

/** CPU time worked since the reading before; NaN for the first one and where CPUs have come or gone since. */
export interface HostBusyReading {
  readonly busyNanoseconds: Nanoseconds;
  /** Online CPUs. */
  readonly cpuCount: number;
}

/** USER_HZ is 100 on every architecture that Node runs on [Linux include/asm-generic/param.h]. */
const NANOSECONDS_PER_TICK = 1e7;
/** user, nice, system, irq, softirq; guest time is inside user already [Linux kernel/sched/cputime.c]. */
const WORKED = [0, 1, 2, 5, 6] as const;

/** The host's busy time alone, where no process is looked at: what sources of energy have to know of an interval. */
export class HostBusyTime {
  readonly #path: string;
  #previous: ReadonlyMap<string, readonly number[]> | undefined;

  /** @param proc usually `/proc` */
  constructor(proc: string) {
    this.#path = join(proc, 'stat');
  }

  /** Throws KISIM_E_METER_PROC_STAT. */
  read(): HostBusyReading {
    const cpus = this.#read();
    const previous = this.#previous;
    this.#previous = cpus;
    const same = previous?.size === cpus.size && [...cpus.keys()].every((cpu) => previous.has(cpu));
    let ticks = same ? 0 : Number.NaN;
    for (const [cpu, columns] of cpus) {
      // A column may step back by a tick; time is never worked backwards.
      for (const at of WORKED) ticks += Math.max(0, columns[at]! - (previous?.get(cpu)?.[at] ?? 0));
    }
    return { busyNanoseconds: ticks * NANOSECONDS_PER_TICK, cpuCount: cpus.size };
  }

  #read(): Map<string, readonly number[]> {
    const cpus = new Map<string, readonly number[]>();
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (cause) {
      const found = `${this.#path} (${systemErrorCode(cause) ?? String(cause)})`;
      throw meterErrors.KISIM_E_METER_PROC_STAT(found, { cause });
    }
    for (const [, cpu = '', rest = ''] of text.matchAll(/^cpu(\d+) +(.+)$/gm)) {
      const columns = rest.split(' ').map(Number);
      if (columns.length < 7 || columns.some((column) => !Number.isFinite(column)))
        throw meterErrors.KISIM_E_METER_PROC_STAT(`${this.#path}: cpu${cpu} ${rest}`);
      cpus.set(cpu, columns);
    }
    if (cpus.size === 0) throw meterErrors.KISIM_E_METER_PROC_STAT(`${this.#path} lists no processor`);
    return cpus;
  }
}
