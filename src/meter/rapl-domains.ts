import type { Watts } from '../util/units.ts';
import type { ZoneKind } from './power-source.ts';

/** Where a zone names no constraint, and as the least that is ever taken: above what any one of its kind draws. */
export const RAPL_CEILING_WATTS: Readonly<Record<ZoneKind, Watts>> = {
  package: 1000,
  core: 1000,
  uncore: 1000,
  dram: 500,
  psys: 5000,
  gpu: 2000,
  board: 10_000,
  other: 2000,
};

/**
 * Why a RAPL domain is not part of the node's sum, '' where it is: cores and uncore lie inside their package, psys
 * covers the packages, memory lies beside them [Documentation/power/powercap/powercap.rst].
 */
export function raplExclusion(kind: ZoneKind, hasPackage: boolean, hasPsys: boolean): string {
  switch (kind) {
    case 'package':
      return '';
    case 'dram':
      return hasPackage || !hasPsys ? '' : 'inside psys';
    case 'core':
    case 'uncore':
      if (hasPackage) return 'inside package';
      return hasPsys ? 'inside psys' : '';
    case 'psys':
      return hasPackage ? 'covers the packages' : '';
    default:
      return 'not known what it covers';
  }
}
