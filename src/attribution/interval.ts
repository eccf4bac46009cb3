import type { Entity } from '../inventory/entity.ts';
import type { GapReason, Zone } from '../meter/power-source.ts';
import type { Microjoules, Milliseconds, Nanoseconds, Watts } from '../util/units.ts';

/** How far the idle power of a zone can be trusted. set: by the operator, or known by the power curve. provisional: load has not varied enough. */
export type IdleState = 'set' | 'learned' | 'provisional';

/** energy = idle + active + unattributed, exactly, where energy is known. */
export interface ZoneInterval {
  readonly zone: Zone;
  /** undefined = unknown in this interval. */
  readonly energyMicrojoules: Microjoules | undefined;
  readonly gap: GapReason | undefined;
  readonly idleMicrojoules: Microjoules;
  /** Charged to entities. */
  readonly activeMicrojoules: Microjoules;
  readonly unattributedMicrojoules: Microjoules;
  readonly idleState: IdleState;
  readonly idleWatts: Watts;
  readonly maxWatts: number | undefined;
}

/** What one entity burnt in one interval. Without idle, unless the daemon was asked to split idle. */
export interface EntityShare {
  readonly entity: Entity;
  /** Over all counted zones. */
  readonly energyMicrojoules: Microjoules;
  readonly cpuNanoseconds: Nanoseconds;
  /** Indexed like `EnergyInterval.zones`. */
  readonly zoneMicrojoules: Float64Array;
  /** The entity ended in this interval; this is its last share. */
  readonly terminated: boolean;
}

/** The immutable result of one tick of the meter. History, exporters and `top` read only this. */
export interface EnergyInterval {
  readonly sequence: number;
  readonly startUnixMilliseconds: Milliseconds;
  readonly endUnixMilliseconds: Milliseconds;
  readonly endMonotonicNanoseconds: Nanoseconds;
  readonly durationNanoseconds: Nanoseconds;
  readonly zones: readonly ZoneInterval[];
  /** Sums over counted zones with known energy. */
  readonly energyMicrojoules: Microjoules;
  readonly idleMicrojoules: Microjoules;
  readonly activeMicrojoules: Microjoules;
  readonly unattributedMicrojoules: Microjoules;
  /** CPU time worked by the host, all CPUs. */
  readonly busyNanoseconds: Nanoseconds;
  readonly cpuCount: number;
  /**
   * Only entities with energy or CPU time in the interval. Kinds overlap (a pod holds containers, they hold
   * processes); the entities of kind `process` alone sum to `activeMicrojoules`.
   */
  readonly shares: readonly EntityShare[];
  /** Processes alive, also those that did nothing. */
  readonly processCount: number;
  /** Short machine-readable remarks: `storm`, `scan-failed`, `clock-set-back`. */
  readonly remarks: readonly string[];
}

/** Takes each interval as it is made: the history, the exporter, `top`. Must not keep the process waiting. */
export interface IntervalSink {
  accept(interval: EnergyInterval): void;
}
