import type { CpuTopology } from '../inventory/cpu-topology.ts';
import type { Nanoseconds } from '../util/units.ts';

/** What the CPUs did in one interval. */
export interface HostCpuInterval {
  /** CPU time worked, all CPUs: user, nice, system, irq, softirq. Idle, iowait and steal are no work. */
  readonly busyNanoseconds: Nanoseconds;
  /** The same by socket, indexed like `topology.sockets`. */
  readonly socketBusyNanoseconds: Float64Array;
  /** CPU time with a second busy sibling thread counted at the SMT factor, by socket: what power follows. */
  readonly socketEffectiveNanoseconds: Float64Array;
  /** By CPU number: what a nanosecond of CPU time on it weighs (sibling threads share a core; a faster clock burns more). */
  readonly cpuWeight: Float64Array;
  /** Mean of `cpuWeight` over the CPU time worked; 1 where no work was done. */
  readonly meanWeight: number;
}

const COLUMNS = 10;
const [USER, NICE, SYSTEM, , , IRQ, SOFTIRQ] = [0, 1, 2, 3, 4, 5, 6] as const;

/**
 * Turns successive readings of /proc/stat into intervals. `guest` is inside `user` already [Linux cputime.c,
 * account_guest_time], so it is not added again.
 */
export class HostCpuMeter {
  readonly #topology: CpuTopology;
  readonly #smtFactor: number;
  /** CPUs of each core. */
  readonly #cpusOfCore: readonly (readonly number[])[];
  #previous: Float64Array | undefined;
  #previousIds: Int32Array | undefined;

  constructor(topology: CpuTopology, smtFactor: number) {
    this.#topology = topology;
    this.#smtFactor = smtFactor;
    const cores: number[][] = Array.from({ length: Math.max(-1, ...topology.coreOf) + 1 }, () => []);
    for (const [cpu, core] of topology.coreOf.entries()) cores[core]?.push(cpu);
    this.#cpusOfCore = cores;
  }

  /**
   * @param table rows of 10 columns in nanoseconds, row 0 the sum (see ProcessTick.hostCpuNanoseconds)
   * @param ids CPU number of each further row
   * @param frequencies by CPU number, any unit, NaN where unknown; undefined where nothing is known
   * @returns undefined for the first reading, when CPUs came or went, and where no CPU could be read
   */
  advance(
    table: Float64Array,
    ids: Int32Array,
    durationNanoseconds: Nanoseconds,
    frequencies?: Float64Array,
  ): HostCpuInterval | undefined {
    const previous = this.#previous;
    const sameCpus = this.#previousIds !== undefined && sameIds(this.#previousIds, ids);
    this.#previous = table.slice(0, (ids.length + 1) * COLUMNS);
    this.#previousIds = ids.slice();
    if (previous === undefined || !sameCpus || ids.length === 0) return undefined;

    const { socketOf, sockets } = this.#topology;
    const busyOf = new Float64Array(socketOf.length);
    const socketBusy = new Float64Array(sockets.length);
    let busy = 0;
    for (let row = 0; row < ids.length; row++) {
      const cpu = ids[row]!;
      const cpuBusy = worked(table, previous, row + 1);
      busy += cpuBusy;
      if (cpu < busyOf.length) busyOf[cpu] = cpuBusy;
      const socket = Math.max(0, sockets.indexOf(socketOf[cpu] ?? sockets[0] ?? 0));
      socketBusy[socket]! += cpuBusy;
    }
    const cpuWeight = this.#weights(busyOf, durationNanoseconds, frequencies);
    const effective = new Float64Array(sockets.length);
    for (let cpu = 0; cpu < busyOf.length; cpu++) {
      if (socketOf[cpu]! < 0) continue;
      effective[sockets.indexOf(socketOf[cpu]!)]! +=
        busyOf[cpu]! * this.#siblingWeight(busyOf, cpu, durationNanoseconds);
    }
    return {
      busyNanoseconds: busy,
      socketBusyNanoseconds: socketBusy,
      socketEffectiveNanoseconds: effective,
      cpuWeight,
      meanWeight: weightedMean(cpuWeight, busyOf),
    };
  }

  /** Forgets the previous reading: the next one is a first one again. */
  reset(): void {
    this.#previous = undefined;
  }

  #weights(busyOf: Float64Array, duration: Nanoseconds, frequencies: Float64Array | undefined): Float64Array {
    const weights = new Float64Array(busyOf.length);
    let sum = 0;
    let known = 0;
    if (frequencies !== undefined) {
      for (let cpu = 0; cpu < busyOf.length; cpu++) {
        const frequency = frequencies[cpu] ?? Number.NaN;
        if (Number.isFinite(frequency) && frequency > 0) {
          sum += frequency;
          known += 1;
        }
      }
    }
    for (let cpu = 0; cpu < busyOf.length; cpu++) {
      const frequency = frequencies?.[cpu] ?? Number.NaN;
      const relative =
        known > 0 && Number.isFinite(frequency) && frequency > 0 ? frequency / (sum / known) : 1;
      weights[cpu] = relative * this.#siblingWeight(busyOf, cpu, duration);
    }
    return weights;
  }

  /**
   * Two threads of one core, busy the shares u1 and u2 of the interval, overlap for u1*u2 of it if they are
   * independent; while both run, the core burns (1 + factor) of what one thread makes it burn.
   */
  #siblingWeight(busyOf: Float64Array, cpu: number, duration: Nanoseconds): number {
    if (!this.#topology.hasSiblings || !(duration > 0)) return 1;
    let total = 0;
    let idleProduct = 1;
    for (const other of this.#cpusOfCore[this.#topology.coreOf[cpu]!] ?? []) {
      const share = Math.min(1, busyOf[other]! / duration);
      total += share;
      idleProduct *= 1 - share;
    }
    if (total === 0) return 1;
    const anyBusy = 1 - idleProduct;
    return (anyBusy + this.#smtFactor * (total - anyBusy)) / total;
  }
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let sum = 0;
  let total = 0;
  for (let index = 0; index < values.length; index++) {
    sum += values[index]! * weights[index]!;
    total += weights[index]!;
  }
  return total > 0 ? sum / total : 1;
}

function worked(table: Float64Array, previous: Float64Array, row: number): number {
  let sum = 0;
  for (const column of [USER, NICE, SYSTEM, IRQ, SOFTIRQ]) {
    const index = row * COLUMNS + column;
    // A column may step back by a tick (Linux get_idle_time, steal); time is never worked backwards.
    sum += Math.max(0, table[index]! - previous[index]!);
  }
  return sum;
}

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
