import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights } from './weights.ts';

/** The node whose power rises least at this moment, at the predicted use of all pods; a sleeping one starts from sleep. */
export const marginalPower: WeightedRule = {
  name: 'marginal-power',
  weights: placementWeights({ 'predicted-watts': 1 }),
  unit: 'W',
};

/** The same as if every pod used what it asks for: for clusters without predictions of use. */
export const marginalPowerRequested: WeightedRule = {
  name: 'marginal-power:requested',
  weights: placementWeights({ 'requested-watts': 1 }),
  unit: 'W',
};
