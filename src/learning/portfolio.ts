import type { Policy } from '../policy/policy.ts';
import { pricedKilowattHours } from '../simulation/priced-energy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../simulation/simulation.ts';
import { errors } from './errors.ts';

export interface PortfolioOptions {
  /**
   * The cluster in question with several workloads of the kind that is expected, none of them the one that the choice
   * will be judged by. All candidates get the same ones.
   */
  readonly situations: readonly Situation[];
  /** The engine. */
  simulate(input: SimulationInput): SimulationResult;
  /** How many situations every candidate runs; 4 where left out. */
  readonly firstSituations?: number;
  /** How many of the best then run all situations; 6 where left out. */
  readonly finalists?: number;
  /** Less is better; priced kilowatt-hours where left out. */
  readonly cost?: (result: SimulationResult) => number;
}

export interface PortfolioStanding {
  readonly policy: Policy;
  readonly meanCost: number;
  /** On how many situations. */
  readonly situations: number;
}

export interface PortfolioChoice {
  readonly policy: Policy;
  /** All candidates: finalists first, each group by its mean cost. */
  readonly standings: readonly PortfolioStanding[];
}

/**
 * Simulates the candidates on this very cluster and takes the best: all of them on a few workloads, the best few on
 * all. No fixed rule is best everywhere, and this is nearly as good as choosing in hindsight. Of equal ones the first in
 * the list is taken. Candidates must be able to run on the cluster; the error of one that cannot is passed on.
 *
 * @throws KISIM_E_LEARNING_PORTFOLIO without candidates or situations
 */
export function choosePolicy(candidates: readonly Policy[], options: PortfolioOptions): PortfolioChoice {
  const { situations, simulate, cost = pricedKilowattHours } = options;
  const { firstSituations = 4, finalists = 6 } = options;
  if (candidates.length === 0 || situations.length === 0) {
    const found = `${candidates.length} policies and ${situations.length} situations`;
    throw errors.KISIM_E_LEARNING_PORTFOLIO(found);
  }
  const costs = candidates.map((): number[] => []);
  const meanOf = (index: number) => costs[index]!.reduce((sum, each) => sum + each, 0) / costs[index]!.length;
  const run = (index: number, upTo: number) => {
    for (let seed = costs[index]!.length; seed < Math.min(upTo, situations.length); seed++) {
      const input = { ...situations[seed]!, policy: candidates[index]!, seed };
      costs[index]!.push(cost(simulate(input)));
    }
  };
  const byCost = (a: number, b: number) => meanOf(a) - meanOf(b) || a - b;
  const all = candidates.map((_, index) => index);
  for (const index of all) run(index, Math.max(1, firstSituations));
  all.sort(byCost);
  const final = all.slice(0, Math.max(1, finalists));
  for (const index of final) run(index, situations.length);
  final.sort(byCost);
  const standings = [...final, ...all.slice(final.length)].map((index) => ({
    policy: candidates[index]!,
    meanCost: meanOf(index),
    situations: costs[index]!.length,
  }));
  return { policy: standings[0]!.policy, standings };
}
