import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights } from './weights.ts';

/** One type of node outweighs whatever else is said of a node; being on outweighs the fit inside a type. */
const BY_TYPE = { 'tier-rank': 1e6, asleep: 20, waking: 10 };

/** The most efficient type that has room; inside it nodes that are on, of these the fullest. */
export const efficiencyFirst: WeightedRule = {
  name: 'efficiency-first',
  weights: placementWeights({ ...BY_TYPE, fill: -1 }),
  unit: 'points',
};

/** The same, and inside the type the first in the order of the node list. */
export const efficiencyFirstFit: WeightedRule = {
  name: 'efficiency-first:first-fit',
  weights: placementWeights({ ...BY_TYPE, 'node-index': 1 }),
  unit: 'points',
};
