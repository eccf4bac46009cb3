import type { Nanoseconds } from '../util/units.ts';
import type { ProcessTick } from './process-scanner.ts';

/** A tick in which nothing was seen. */
export function emptyTick(monotonicNanoseconds: Nanoseconds): ProcessTick {
  return {
    monotonicNanoseconds,
    born: [],
    exited: [],
    shortLived: [],
    alive: 0,
    activeCount: 0,
    activeSlots: new Int32Array(0),
    activeCpuNanoseconds: new Float64Array(0),
    activeLastCpu: new Int32Array(0),
    groupCpuNanoseconds: new Float64Array(0),
    hostCpuNanoseconds: new Float64Array(0),
    hostCpuIds: new Int32Array(0),
    status: { births: 'readdir', exits: 'none', storm: false, overruns: 0, unreadable: 0 },
  };
}
