import { type HostCpuInterval, HostCpuMeter } from '../attribution/host-cpu.ts';
import { SocketPlacer } from '../attribution/socket-shares.ts';
import { type CpuTopology, readCpuTopology } from '../inventory/cpu-topology.ts';
import { CpuFrequencies } from '../meter/cpu-frequencies.ts';
import type { ProcessTick } from '../native/process-scanner.ts';
import type { Nanoseconds } from '../util/units.ts';

/** The CPUs of the host as they are now: where they sit, how fast they run, what they did. They come and go. */
export class HostCpus {
  readonly #sysRoot: string;
  readonly #smtFactor: number;
  #topology: CpuTopology;
  #meter: HostCpuMeter;
  #placer: SocketPlacer;
  #frequencies: CpuFrequencies;
  /** CPU numbers of the last scan that told any. */
  #ids = new Int32Array(0);

  constructor(sysRoot: string, smtFactor: number) {
    this.#sysRoot = sysRoot;
    this.#smtFactor = smtFactor;
    this.#topology = readCpuTopology(sysRoot, 1);
    this.#meter = new HostCpuMeter(this.#topology, smtFactor);
    this.#placer = new SocketPlacer(this.#topology);
    this.#frequencies = new CpuFrequencies(sysRoot, cpuNumbers(this.#topology));
  }

  /** Number of logical CPUs that work. */
  get count(): number {
    return this.#ids.length > 0 ? this.#ids.length : this.#topology.count;
  }

  get placer(): SocketPlacer {
    return this.#placer;
  }

  /** Whether it matters on which CPU a process ran. */
  get differ(): boolean {
    const { sockets, hasSiblings } = this.#topology;
    return sockets.length > 1 || hasSiblings || this.#frequencies.known;
  }

  /** Sockets and the number of logical CPUs in each. */
  bySocket(): { readonly sockets: readonly number[]; readonly cpusOfSocket: readonly number[] } {
    const { sockets, socketOf } = this.#topology;
    const cpusOfSocket = sockets.map((socket) => socketOf.filter((entry) => entry === socket).length);
    return { sockets, cpusOfSocket };
  }

  /** Reads anew who sits where if others CPUs are online than at the last scan; true where that was so. */
  follow(ids: Int32Array): boolean {
    const before = this.#ids;
    if (ids.length === 0 || sameIds(ids, before)) return false;
    this.#ids = ids.slice();
    if (before.length === 0) return false;
    this.#topology = readCpuTopology(this.#sysRoot, 1);
    this.#meter = new HostCpuMeter(this.#topology, this.#smtFactor);
    this.#placer = new SocketPlacer(this.#topology);
    this.#frequencies.close();
    this.#frequencies = new CpuFrequencies(this.#sysRoot, cpuNumbers(this.#topology));
    return true;
  }

  /** What they did since the last call; undefined where that is not known (see `HostCpuMeter.advance`). */
  advance(
    tick: ProcessTick,
    monotonic: Nanoseconds,
    durationNanoseconds: Nanoseconds,
  ): HostCpuInterval | undefined {
    const frequencies = this.#frequencies.read(monotonic);
    return this.#meter.advance(tick.hostCpuNanoseconds, tick.hostCpuIds, durationNanoseconds, frequencies);
  }

  /** A scan was missed: the next one is a first one again. */
  reset(): void {
    this.#meter.reset();
  }

  close(): void {
    this.#frequencies.close();
  }
}

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}

function cpuNumbers({ socketOf }: CpuTopology): number[] {
  return [...socketOf.keys()].filter((cpu) => socketOf[cpu]! >= 0);
}
