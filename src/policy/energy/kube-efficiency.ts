import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights } from './weights.ts';

/** Kubernetes' scores of resources, and 100 points from the worst type of node to the best. */
export const kubeEfficiency: WeightedRule = {
  name: 'kube-efficiency',
  weights: placementWeights({ 'kube-score': -100, 'tier-rank': 100 }),
  unit: 'points',
};
