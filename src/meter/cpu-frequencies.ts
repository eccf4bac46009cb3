import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../native/addon.ts';
import type { Nanoseconds } from '../util/units.ts';
import { type CounterSetFactory, HeldCounters } from './held-counters.ts';

const nativeCounters: CounterSetFactory = () => new (loadAddon().CounterSet)();

/** Frequencies move slowly beside a fast tick, and each read costs about a microsecond a CPU. A little below a second: ticks of one come early at times. */
const AT_MOST_EVERY: Nanoseconds = 0.9e9;

/** The clock frequency of each CPU, where the kernel tells it (`cpufreq/scaling_cur_freq`); most guests have none. */
export class CpuFrequencies {
  readonly #counters: HeldCounters | undefined;
  readonly #cpus: readonly number[];
  readonly #values: Float64Array;
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param cpus CPU numbers to look for */
  constructor(sysRoot: string, cpus: readonly number[], factory: CounterSetFactory = nativeCounters) {
    const path = (cpu: number) => join(sysRoot, `devices/system/cpu/cpu${cpu}/cpufreq/scaling_cur_freq`);
    this.#cpus = cpus.filter((cpu) => existsSync(path(cpu)));
    this.#values = new Float64Array(Math.max(0, ...cpus) + 1).fill(Number.NaN);
    if (this.#cpus.length === 0) return;
    this.#counters = new HeldCounters(factory);
    this.#counters.open(this.#cpus.map(path));
  }

  get known(): boolean {
    return this.#counters !== undefined;
  }

  /** kHz by CPU number, NaN where unknown; undefined where the machine tells nothing. The array is reused. */
  read(monotonicNanoseconds: Nanoseconds): Float64Array | undefined {
    if (this.#counters === undefined) return undefined;
    if (monotonicNanoseconds - this.#readAt >= AT_MOST_EVERY) {
      this.#readAt = monotonicNanoseconds;
      this.#counters.read();
      for (let at = 0; at < this.#cpus.length; at++)
        this.#values[this.#cpus[at]!] = this.#counters.values[at]!;
    }
    return this.#values;
  }

  close(): void {
    this.#counters?.close();
  }
}
