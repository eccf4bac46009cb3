/** `best`: within a tenth of the cheapest node; `good`: within a half; `poor`: dearer than that. */
export type EfficiencyTier = 'best' | 'good' | 'poor';

const BEST_UNTIL = 1.1;
const GOOD_UNTIL = 1.5;
/** A node stays in its tier until its cost is so much beyond the edge: curves that are fitted anew move a little. */
const SLACK = 1.05;

/**
 * Sorts nodes by what a core-second of work costs there, beside the cheapest node: equal nodes are all `best`, so that
 * where nothing can be saved nothing is advised.
 *
 * @param joulesPerCoreSecond by node name; a node whose cost is not known is undefined, and has no tier
 * @param before the tiers that nodes have: one near the edge keeps its own
 */
export function efficiencyTiers(
  joulesPerCoreSecond: ReadonlyMap<string, number | undefined>,
  before: ReadonlyMap<string, EfficiencyTier> = new Map(),
): ReadonlyMap<string, EfficiencyTier> {
  let cheapest = Infinity;
  for (const cost of joulesPerCoreSecond.values()) {
    if (isCost(cost) && cost < cheapest) cheapest = cost;
  }
  const tiers = new Map<string, EfficiencyTier>();
  for (const [node, cost] of joulesPerCoreSecond) {
    if (!isCost(cost)) continue;
    const had = before.get(node);
    const near = [cost / SLACK, cost * SLACK].map((each) => tierOf(each, cheapest));
    tiers.set(node, had !== undefined && near.includes(had) ? had : tierOf(cost, cheapest));
  }
  return tiers;
}

function tierOf(cost: number, cheapest: number): EfficiencyTier {
  return cost <= cheapest * BEST_UNTIL ? 'best' : cost <= cheapest * GOOD_UNTIL ? 'good' : 'poor';
}

/** The tier that a label names; undefined for any other text. */
export function tierNamed(text: string | undefined): EfficiencyTier | undefined {
  return text === 'best' || text === 'good' || text === 'poor' ? text : undefined;
}

/** A node that is said to work for nothing has no power model. */
function isCost(cost: number | undefined): cost is number {
  return cost !== undefined && Number.isFinite(cost) && cost > 0;
}
