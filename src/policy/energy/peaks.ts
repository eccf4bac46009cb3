import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights } from './weights.ts';

/** PEAKS: the least power jump of an exponential model, at measured use, by the pod's request. */
export const peaks: WeightedRule = {
  name: 'peaks',
  weights: placementWeights({ peaks: 1 }),
  unit: 'W',
};
