import type { Policy } from '../policy/policy.ts';
import { pricedKilowattHours } from '../simulation/priced-energy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../simulation/simulation.ts';
import { errors } from './errors.ts';

/** An array, or something that makes each situation when it is asked for. */
export interface Situations {
  readonly length: number;
  at(index: number): Situation | undefined;
}

export interface PortfolioOptions {
  /**
   * The cluster in question with several workloads of the kind that is expected, none of them the one that the choice
   * will be judged by. All candidates get the same ones, each of which is asked for once.
   */
  readonly situations: Situations;
  /** The engine. */
  simulate(input: SimulationInput): SimulationResult;
  /** How many situations every candidate runs; 4 where left out. */
  readonly firstSituations?: number;
  /** How many of the best then run all situations; 6 where left out. */
  readonly finalists?: number;
  /** Less is better; priced kilowatt-hours where left out. */
  readonly cost?: (result: SimulationResult) => number;
  /**
   * Asked before every further situation once all candidates have run one: where there is no more time, the choice is made by what
   * was run. Left out: there always is.
   */
  readonly hasTime?: () => boolean;
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

/** What is to be simulated next. */
export interface PortfolioStep {
  /** Which of the situations, from 1. */
  readonly situation: number;
  readonly situations: number;
  readonly policy: string;
}

/**
 * Simulates the candidates on this very cluster and takes the best: all of them on a few workloads, the best few on
 * all. No fixed rule is best everywhere, and this is nearly as good as choosing in hindsight. Of equal ones the first in
 * the list is taken. Candidates must be able to run on the cluster; the error of one that cannot is passed on.
 *
 * @throws KISIM_E_LEARNING_PORTFOLIO without candidates or situations
 */
export function choosePolicy(candidates: readonly Policy[], options: PortfolioOptions): PortfolioChoice {
  const choosing = choosingPolicy(candidates, options);
  for (;;) {
    const { done, value } = choosing.next();
    if (done === true) return value;
  }
}

/** The same, with a stop before every simulation, for whoever has other things to do as well. @throws KISIM_E_LEARNING_PORTFOLIO */
export function* choosingPolicy(
  candidates: readonly Policy[],
  options: PortfolioOptions,
): Generator<PortfolioStep, PortfolioChoice> {
  const { situations, simulate, cost = pricedKilowattHours } = options;
  const { firstSituations = 4, finalists = 6, hasTime = () => true } = options;
  if (candidates.length === 0 || situations.length === 0) {
    const found = `${candidates.length} policies and ${situations.length} situations`;
    throw errors.KISIM_E_LEARNING_PORTFOLIO(found);
  }
  const costs = candidates.map((): number[] => []);
  const meanOf = (index: number) => costs[index]!.reduce((sum, each) => sum + each, 0) / costs[index]!.length;
  let seed = 0;
  const run = function* (some: readonly number[], upTo: number): Generator<PortfolioStep, void> {
    for (; seed < Math.min(upTo, situations.length) && (seed === 0 || hasTime()); seed++) {
      const situation = situations.at(seed)!;
      for (const index of some) {
        const policy = candidates[index]!;
        yield { situation: seed + 1, situations: situations.length, policy: policy.name };
        costs[index]!.push(cost(simulate({ ...situation, policy, seed })));
      }
    }
  };
  const byCost = (a: number, b: number) => meanOf(a) - meanOf(b) || a - b;
  const all = candidates.map((_, index) => index);
  yield* run(all, Math.max(1, firstSituations));
  all.sort(byCost);
  const final = all.slice(0, Math.max(1, finalists));
  yield* run(final, situations.length);
  final.sort(byCost);
  const standings = [...final, ...all.slice(final.length)].map((index) => ({
    policy: candidates[index]!,
    meanCost: meanOf(index),
    situations: costs[index]!.length,
  }));
  return { policy: standings[0]!.policy, standings };
}
