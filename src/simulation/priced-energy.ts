import { JOULES_PER_WATT_HOUR } from '../util/units.ts';
import type { SimulationResult } from './simulation.ts';

/** What an hour of mean waiting costs, as a share of the energy. */
export const WAIT_PRICE_PER_HOUR = 0.02;
/** What it would cost if every pod missed its objective, likewise. */
export const SLO_PRICE = 0.5;

/** Kilowatt-hours with a price on waiting and on missed objectives. Less is better. */
export function pricedKilowattHours(result: SimulationResult): number {
  const hours = result.meanWaitSeconds / 3600;
  const missed = result.placed === 0 ? 0 : result.sloMisses / result.placed;
  const kilowattHours = result.energyJoules / (1000 * JOULES_PER_WATT_HOUR);
  return kilowattHours * (1 + WAIT_PRICE_PER_HOUR * hours + SLO_PRICE * missed);
}
