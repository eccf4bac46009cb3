import type { Policy } from '../policy/policy.ts';
import { simulate } from '../simulation/engine.ts';
import { pricedKilowattHours } from '../simulation/priced-energy.ts';
import { estimateMean, type MeanEstimate } from '../util/statistics/mean-interval.ts';
import type { Twin } from './own-cluster/twin.ts';

/** Workloads that no training looks at, for choosing, validating or reporting. */
const FIRST_SEED = 5_000_000;

/** An interval needs two, and a contest that time has not sufficed for is told by its interval alone. */
const LEAST_WORKLOADS = 2;

export interface ContestOptions {
  readonly twin: Twin;
  readonly challenger: Policy;
  readonly holder: Policy;
  /** At most; every one runs under both. */
  readonly workloads: number;
  /** Asked before every workload after the second; left out: there always is. */
  readonly hasTime?: () => boolean;
}

/**
 * The change of the price from one policy to another on the twin, workload by workload; below 0 the challenger is better.
 *
 * @throws KISIM_E_LEARNING_TWIN, KISIM_E_SCENARIO_...
 */
export function contest(options: ContestOptions): MeanEstimate {
  const contesting = contestingPolicies(options);
  for (;;) {
    const { done, value } = contesting.next();
    if (done === true) return value;
  }
}

/** The same, with a stop before every simulation: the workload, from 1. */
export function* contestingPolicies(options: ContestOptions): Generator<number, MeanEstimate> {
  const { twin, challenger, holder, workloads, hasTime = () => true } = options;
  const changes: number[] = [];
  for (let i = 0; i < workloads && (i < LEAST_WORKLOADS || hasTime()); i++) {
    const seed = FIRST_SEED + i;
    const situation = twin.situation(seed);
    const costs: number[] = [];
    for (const policy of [challenger, holder]) {
      yield i + 1;
      costs.push(pricedKilowattHours(simulate({ ...situation, policy, seed })));
    }
    changes.push(costs[0]! / costs[1]! - 1);
  }
  return estimateMean(changes);
}
