import { defaultConfig } from '../../../src/config/defaults.ts';
import { type CreateMeteringOptions, createMetering } from '../../../src/daemon/create-metering.ts';
import type { Metering } from '../../../src/daemon/metering.ts';

/** A meter in this process over the real /proc and a played RAPL tree. */
export function meterPlayedTree(
  sys: string,
  intervalMilliseconds: number,
  options: CreateMeteringOptions,
): Metering {
  const defaults = defaultConfig({}, { hostname: 'bench', uid: 0, homeDirectory: undefined });
  const config = {
    ...defaults,
    roots: { ...defaults.roots, sys },
    meter: { ...defaults.meter, sources: ['rapl-powercap' as const], intervalMilliseconds },
  };
  return createMetering(config, options);
}
