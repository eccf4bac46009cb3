import { bidPrice } from '../../policy/energy/bid-price.ts';
import { marginalPower, marginalPowerRequested } from '../../policy/energy/marginal-power.ts';
import { marginalRunOut } from '../../policy/energy/marginal-run-out.ts';
import { peaks } from '../../policy/energy/peaks.ts';
import { requestRulePoints, waitRules } from '../../policy/energy/rules.ts';
import { TERM } from '../../policy/energy/term-table.ts';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import { placementWeights } from '../../policy/energy/weights.ts';

/*
 * A score means the same whatever it is multiplied by, but a search that begins with steps of a tenth cannot move a weight of a
 * million. These points choose as the rules do whose names they carry, up to ties, with weights near one.
 */
const byType = { 'tier-rank': 3, asleep: 1, waking: 0.5 };

const plain: readonly WeightedRule[] = [
  marginalRunOut,
  bidPrice('bid-price:0.1', 0.1),
  bidPrice('bid-price', 0.5),
  bidPrice('bid-price:1', 1),
  { ...marginalPower, unit: 'points' },
  { ...marginalPowerRequested, unit: 'points' },
  peaks,
  { name: 'efficiency-first', weights: placementWeights({ ...byType, fill: -0.2 }), unit: 'points' },
  {
    name: 'efficiency-first:first-fit',
    weights: placementWeights({ ...byType, 'node-index': 0.2 }),
    unit: 'points',
  },
  {
    name: 'kube-efficiency',
    weights: placementWeights({ 'kube-score': -1, 'tier-rank': 1 }),
    unit: 'points',
  },
  ...requestRulePoints,
];

/** More than all that the other terms of a rule above can come to. */
const ASLEEP = 25;

function awakeFirst(rule: WeightedRule): WeightedRule {
  const weights = rule.weights.slice();
  weights[TERM.asleep]! += ASLEEP;
  weights[TERM.waking]! += ASLEEP / 2;
  return { ...rule, name: `${rule.name}+awake-first`, weights };
}

const worthWaitingWith = /^(?:efficiency-first|marginal-run-out|bid-price|kube-efficiency)/;

/** Rules as points that a search may begin at: with awake nodes first where nodes sleep, and with rules of waiting where pods may wait. */
export function startingPoints(cluster: {
  readonly sleeps: boolean;
  readonly waits: boolean;
}): readonly WeightedRule[] {
  const rules = cluster.sleeps ? [...plain, ...plain.map(awakeFirst)] : plain;
  if (!cluster.waits) return rules;
  const waiting = rules
    .filter(({ name }) => worthWaitingWith.test(name))
    .flatMap((rule) =>
      waitRules.map(({ name, weights }) => ({
        ...rule,
        name: `${rule.name}+wait:${name}`,
        waitWeights: weights,
      })),
    );
  return [...rules, ...waiting];
}
