import type { NativeProcessScanner, ProcessTick, ScannerStatus } from '../../src/native/process-scanner.ts';

const NOTHING: ProcessTick = {
  monotonicNanoseconds: 0,
  born: [],
  exited: [],
  shortLived: [],
  alive: 0,
  activeCount: 0,
  activeSlots: new Int32Array(0),
  activeCpuNanoseconds: new Float64Array(0),
  activeLastCpu: new Int32Array(0),
  groupCpuNanoseconds: new Float64Array(0),
  hostCpuNanoseconds: new Float64Array(10),
  hostCpuIds: new Int32Array(0),
  status: { births: 'readdir', exits: 'none', storm: false, overruns: 0, unreadable: 0 },
};

/** A scanner that finds what the test says, tick by tick, and may fail. One CPU that has worked `busySeconds`. */
export class ScriptedScanner implements NativeProcessScanner {
  readonly refusals: readonly string[] = ['taskstats: EPERM, needs CAP_NET_ADMIN'];
  /** What the next tick finds; then nothing again. */
  next: Partial<Omit<ProcessTick, 'status'>> & { readonly status?: Partial<ScannerStatus> } = {};
  failure: Error | undefined;
  busySeconds = 0;
  ticks = 0;
  closed = 0;

  addGroup(path: string): number {
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
  }

  removeGroup(): void {
    throw new RangeError('no group was ever added');
  }

  readGroup(): number {
    return Number.NaN;
  }

  tick(): ProcessTick {
    this.ticks += 1;
    if (this.failure !== undefined) throw this.failure;
    const { status, ...happened } = this.next;
    this.next = {};
    const row = Float64Array.of(this.busySeconds * 1e9, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return {
      ...NOTHING,
      hostCpuNanoseconds: Float64Array.of(...row, ...row),
      hostCpuIds: Int32Array.of(0),
      ...happened,
      status: { ...NOTHING.status, ...status },
    };
  }

  close(): void {
    this.closed += 1;
  }
}
