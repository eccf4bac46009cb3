import type { WeightedRule } from '../policy/energy/weighted-policy.ts';
import { simulate } from '../simulation/engine.ts';
import { estimateMean, type MeanEstimate } from '../util/statistics/mean-interval.ts';
import { inThisThread } from './own-cluster/episodes.ts';
import { rememberingTwin } from './own-cluster/twin.ts';
import { type TwinPlan, twinOf } from './own-cluster/twin-plan.ts';

/** Workloads that no training looks at, for choosing, validating or reporting. */
const FIRST_SEED = 5_000_000;

/**
 * The change of the price from one policy to another on the twin, workload by workload; below 0 the challenger is better.
 *
 * @throws KISIM_E_LEARNING_TWIN, KISIM_E_SCENARIO_...
 */
export function contest(
  plan: TwinPlan,
  challenger: WeightedRule,
  holder: WeightedRule,
  workloads: number,
): MeanEstimate {
  const runner = inThisThread(rememberingTwin(twinOf(plan)), simulate);
  const seeds = Array.from({ length: workloads }, (_, i) => FIRST_SEED + i);
  const costs = (rule: WeightedRule) => runner.run(seeds.map((seed) => ({ rule, seed }))).costs;
  const held = costs(holder);
  return estimateMean(costs(challenger).map((cost, i) => cost / held[i]! - 1));
}
