import type { TableCurve } from './table-curve.ts';

/** A kind of server that can be bought, with its power. Immutable. */
export interface ServerModel {
  /** Distinct within one table or library. */
  readonly name: string;
  /** The processor, normalised: servers with one key have the same CPU model. */
  readonly cpuKey: string;
  /** Of the hardware's availability. */
  readonly year: number;
  /** Processors, cores and hardware threads of the whole system. */
  readonly chips: number;
  readonly cores: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly curve: TableCurve;
  /** Whether all points of the curve were published, or its ends only (the rest is then the median shape). */
  readonly points: 'full' | 'ends';
}
