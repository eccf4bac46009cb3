import type { Watts } from '../util/units.ts';

/** Where a curve's watts come from; shown wherever they are. */
export type CurveProvenance = 'measured' | 'published' | 'estimated' | 'fitted' | 'synthetic';

/**
 * Power of one node's processors and board as a function of its utilisation, the share of its CPU capacity in use
 * (0 to 1). Above 1 it stays at full. Immutable; shared between nodes of one model.
 */
export interface PowerCurve {
  readonly kind: 'table' | 'linear' | 'exponential' | 'sockets';
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
  readonly provenance: CurveProvenance;
  watts(utilisation: number): Watts;
}

/** Power of one GPU of a kind. Between idle and full in proportion to the share in use, or full at any use. */
export interface GpuPower {
  readonly idleWatts: Watts;
  readonly fullWatts: Watts;
  readonly law: 'proportional' | 'full-when-used';
}
