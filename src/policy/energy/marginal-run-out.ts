import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights } from './weights.ts';

/**
 * MRE: the node where the pod costs the fewest extra joules until its predicted end, given the predicted ends of the
 * pods there; idling on and waking included where nodes sleep, clipped at 20 times the pod's own energy. Exact if
 * nothing more arrives.
 */
export const marginalRunOut: WeightedRule = {
  name: 'marginal-run-out',
  weights: placementWeights({ 'active-energy': 1, 'idle-energy': 1 }),
  unit: 'J',
};
