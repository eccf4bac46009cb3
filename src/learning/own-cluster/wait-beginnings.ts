import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import { waitWeights } from '../../policy/energy/weights.ts';

/** A condition counts for more than any size of a pod. */
const CONDITION = 10;
/** How much a ratio counts beside tenfolds of energy. */
const RATIO = 3;

/**
 * Points to begin at where pods may wait: as a rule, but only pods wait that need more energy than so much, since a wait costs the
 * same for a small pod as for a large one and wins less. Energy is told by `size` and `duration`: tenfolds of one core for 600 s.
 */
export function waitBeginnings(rule: WeightedRule): readonly { readonly rule: WeightedRule }[] {
  const energy = { size: 1, duration: 1 };
  const conditions = (['not-best-tier', 'worst-tier', 'asleep'] as const).flatMap((flag) =>
    [-0.5, 0, 0.5, 1].map((least) => ({
      name: `${flag}, energy above ${least}`,
      weights: waitWeights({ ...energy, [flag]: CONDITION, constant: -CONDITION - least }),
    })),
  );
  const ratios = [1.3, 1.6, 2].flatMap((ratio) =>
    [-0.5, 0, 0.5, 1].map((least) => ({
      name: `ratio ${ratio} and energy ${least}`,
      weights: waitWeights({ ...energy, 'energy-ratio': RATIO, constant: -RATIO * ratio - least }),
    })),
  );
  return [...conditions, ...ratios].map(({ name, weights }) => ({
    rule: { ...rule, name: `${rule.name.replace(/\+wait:.*/, '')}+wait:${name}`, waitWeights: weights },
  }));
}
