import type { Config } from '../config/config.ts';
import { configuredCandidates } from '../meter/configured-sources.ts';
import { openSources } from '../meter/select.ts';
import type { Clock } from '../util/clock.ts';
import type { Logger } from '../util/log.ts';
import { Metering, type StateStore } from './metering.ts';

export interface CreateMeteringOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly state?: StateStore;
}

/**
 * A meter over the configured sources, ready to be started; `stop` closes it whether it was started or not.
 * @throws KISIM_E_METER_NO_SOURCE, KISIM_E_METER_SCAN, KISIM_E_ADDON_*; nothing is left open then
 */
export function createMetering(config: Config, { clock, log, state }: CreateMeteringOptions): Metering {
  const { sources, outcomes } = openSources(configuredCandidates(config, { clock, log }));
  for (const { name, taken, reason } of outcomes) {
    log.info(taken ? 'source-taken' : 'source-not-taken', { source: name, reason });
  }
  try {
    return new Metering(config, { clock, log, sources, ...(state === undefined ? {} : { state }) });
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
}
