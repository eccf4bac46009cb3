import type { SourceName } from '../config/source-name.ts';
import type { Microjoules, Nanoseconds } from '../util/units.ts';

export type { SourceName };

/**
 * Where a figure comes from; it travels with every row, metric, table and plot.
 * measured: a hardware energy counter. integrated: power readings times time. estimated: a power curve and the
 * CPU's busy time, no sensor at all. recorded: a capture played back.
 */
export type Provenance = 'measured' | 'integrated' | 'estimated' | 'recorded';

export type ZoneKind = 'package' | 'core' | 'uncore' | 'dram' | 'psys' | 'gpu' | 'board' | 'other';

/** One energy counter of the machine. */
export interface Zone {
  /** Unique on the machine and stable over restarts: `package-0`, `package-0-die-1`, `dram-0`, `psys`, `gpu-<uuid>`. */
  readonly id: string;
  readonly kind: ZoneKind;
  /** Physical package the zone belongs to; undefined for psys, boards and GPUs. */
  readonly socket: number | undefined;
  /**
   * Whether the zone is part of the node's sum. A zone inside another (core in package, package in psys), a
   * duplicate (mmio beside msr) or a mirror (AMD dies) is read and shown but never added.
   */
  readonly counted: boolean;
  /** Why it is not counted, in a few words; empty when it is. */
  readonly exclusion: string;
  /** File, device or row of a table it is read from: short and the same at every start, as it labels series. */
  readonly path: string;
  /** What `path` alone does not tell a person: board, processor, error. May change between starts. */
  readonly description?: string;
  readonly source: SourceName;
  readonly provenance: Provenance;
  /** Idle power where the source knows it by construction (a power curve); it is then not learned. */
  readonly knownIdleWatts?: number;
  /** Power above which a reading is taken for a fault. */
  readonly maxWatts: number;
}

export type GapReason =
  | 'first-reading'
  | 'unreadable'
  | 'vanished'
  | 'gap-exceeds-wrap'
  | 'negative-jump'
  | 'absurd-jump';

/** The energy of one zone since its previous reading. */
export interface ZoneReading {
  readonly zone: Zone;
  /** undefined = unknown, never a default; `gap` says why. */
  readonly energyMicrojoules: Microjoules | undefined;
  readonly gap: GapReason | undefined;
  /** Time really measured between the two reads of this zone's counter. */
  readonly intervalNanoseconds: Nanoseconds;
  /** Greatest mean power over a short window inside the interval, where the source samples faster than it is read. */
  readonly maxWatts: number | undefined;
}

/** What a source may need to know of the interval that just ended. */
export interface ReadContext {
  readonly monotonicNanoseconds: Nanoseconds;
  /** CPU time worked in the interval (no idle, iowait or steal), all CPUs; NaN in the very first call. */
  readonly busyNanoseconds: Nanoseconds;
  readonly cpuCount: number;
}

/** GPU work by process in the interval, from sources that know it. */
export interface GpuProcessUse {
  readonly zoneId: string;
  readonly pid: number;
  /** Time-weighted share of the device's multiprocessors used in the interval, 0..1. */
  readonly smShare: number;
}

/**
 * A way to read energy. `checkPowerSource` in test/conformance is the battery that every one passes.
 * Constructors do no I/O; `open` throws a coded error where the source cannot be used here, and leaves nothing open.
 */
export interface PowerSource {
  readonly name: SourceName;
  open(): void;
  /** Valid after `open`; the same objects for the life of the source, also for zones that have vanished. */
  zones(): readonly Zone[];
  /** One reading for every zone, in the order of `zones()`. Synchronous, short, never throws for one bad zone. */
  read(context: ReadContext): readonly ZoneReading[];
  /** Only for sources that see processes (NVML); for the interval of the last `read`. */
  processUse?(): readonly GpuProcessUse[];
  /** Ids of the zones of which `processUse` could not tell who used them (MIG, a refusal): that is not `nobody`. */
  processUseUnknown?(): readonly string[];
  /** After `open`: what could not be read or is not trusted, one sentence each; for the log and the doctor. */
  notes?(): readonly string[];
  close(): void;
}
