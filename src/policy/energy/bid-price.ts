import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights } from './weights.ts';

/**
 * Marginal run-out energy plus a price for the CPU and memory of efficient nodes: what other pods would save there.
 * Pods that ask for much and use little go elsewhere.
 *
 * @param price weight of both prices: 1 for full clusters, 0.1 for rather empty ones
 */
export function bidPrice(name: string, price: number): WeightedRule {
  return {
    name,
    weights: placementWeights({
      'active-energy': 1,
      'idle-energy': 1,
      'cpu-price': price,
      'memory-price': price,
    }),
    unit: 'J',
  };
}
