/** `best`: within a tenth of the cheapest node; `good`: within a half; `poor`: dearer than that. */
export type EfficiencyTier = 'best' | 'good' | 'poor';

const BEST_UNTIL = 1.1;
const GOOD_UNTIL = 1.5;

/**
 * Sorts nodes by what a core-second of work costs there, beside the cheapest node: equal nodes are all `best`, so that
 * where nothing can be saved nothing is advised.
 *
 * @param joulesPerCoreSecond by node name; a node whose cost is not known is undefined, and has no tier
 */
export function efficiencyTiers(
  joulesPerCoreSecond: ReadonlyMap<string, number | undefined>,
): ReadonlyMap<string, EfficiencyTier> {
  let cheapest = Infinity;
  for (const cost of joulesPerCoreSecond.values()) {
    if (isCost(cost) && cost < cheapest) cheapest = cost;
  }
  const tiers = new Map<string, EfficiencyTier>();
  for (const [node, cost] of joulesPerCoreSecond) {
    if (!isCost(cost)) continue;
    tiers.set(node, cost <= cheapest * BEST_UNTIL ? 'best' : cost <= cheapest * GOOD_UNTIL ? 'good' : 'poor');
  }
  return tiers;
}

/** A node that is said to work for nothing has no power model. */
function isCost(cost: number | undefined): cost is number {
  return cost !== undefined && Number.isFinite(cost) && cost > 0;
}
