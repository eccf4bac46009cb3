import { bidPrice } from './bid-price.ts';
import { efficiencyFirst, efficiencyFirstFit } from './efficiency-first.ts';
import { kubeEfficiency } from './kube-efficiency.ts';
import { marginalPower, marginalPowerRequested } from './marginal-power.ts';
import { marginalRunOut } from './marginal-run-out.ts';
import { peaks } from './peaks.ts';
import type { WeightedRule } from './weighted-policy.ts';
import { placementWeights, waitWeights } from './weights.ts';

/** What a rule says, beside its point. */
export interface NamedRule {
  readonly rule: WeightedRule;
  readonly summary: string;
}

/** The energy rules. Each is its point in the weight space; there is no other code of it. */
export const energyRules: readonly NamedRule[] = [
  { rule: peaks, summary: 'PEAKS: least power jump of an exponential model' },
  { rule: marginalPower, summary: 'least marginal watts, at predicted use' },
  { rule: marginalPowerRequested, summary: 'least marginal watts, as if requests were used' },
  { rule: efficiencyFirst, summary: 'most efficient type first, best fit inside' },
  { rule: efficiencyFirstFit, summary: 'most efficient type first, first fit inside' },
  { rule: marginalRunOut, summary: 'least extra joules until the pod ends (MRE)' },
  { rule: bidPrice('bid-price', 0.5), summary: 'MRE plus half the price of efficient CPU and memory' },
  { rule: bidPrice('bid-price:0.1', 0.1), summary: 'MRE plus a tenth of that price' },
  { rule: bidPrice('bid-price:1', 1), summary: 'MRE plus that price in full' },
  { rule: kubeEfficiency, summary: "Kubernetes' scores plus 100 points for efficiency" },
];

/**
 * Points of the rules that look at requests only and have code of their own, since they need no power curves. They
 * choose the same nodes, ties aside.
 */
export const requestRulePoints: readonly WeightedRule[] = [
  { name: 'best-fit', weights: placementWeights({ 'absolute-fit': 1 }), unit: 'points' },
  { name: 'dot-product', weights: placementWeights({ 'dot-product': 1 }), unit: 'points' },
  { name: 'most-allocated', weights: placementWeights({ fill: -1 }), unit: 'points' },
  { name: 'least-allocated', weights: placementWeights({ fill: 1 }), unit: 'points' },
  { name: 'kube-score', weights: placementWeights({ 'kube-score': -1 }), unit: 'points' },
];

/** A wait rule: a point of the second decision. */
export interface WaitRule {
  readonly name: string;
  readonly summary: string;
  readonly weights: Float64Array;
}

function dearerThan(ratio: number): WaitRule {
  return {
    name: String(ratio),
    summary: `wait while starting costs more than ${ratio} times the energy that the pod needs anyway`,
    weights: waitWeights({ 'energy-ratio': 1, constant: -ratio }),
  };
}

function avoiding(name: string, summary: string, flag: string): WaitRule {
  return { name, summary, weights: waitWeights({ [flag]: 1, constant: -0.5 }) };
}

export const waitRules: readonly WaitRule[] = [
  dearerThan(1.5),
  dearerThan(2),
  dearerThan(3),
  avoiding('no-wake', 'wait rather than wake a node', 'asleep'),
  avoiding('not-worst-type', 'wait rather than start on the least efficient type', 'worst-tier'),
  avoiding('best-type', 'wait for room on the most efficient type', 'not-best-tier'),
];
