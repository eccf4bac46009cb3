import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import { pricedKilowattHours } from '../../simulation/priced-energy.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import type { Twin } from './twin.ts';

/** One workload under one rule. */
export interface Episode {
  readonly rule: WeightedRule;
  /** Of the workload, and of ties. */
  readonly seed: number;
}

export interface EpisodeCosts {
  /** Priced kilowatt-hours, in the order of the episodes. */
  readonly costs: Float64Array;
  /** Placements decided in all of them. */
  readonly decisions: number;
}

/** Runs many episodes of one cluster; where they run makes no difference to a bit of what they cost. */
export interface EpisodeRunner {
  run(episodes: readonly Episode[]): EpisodeCosts;
}

/** One after the other. */
export function inThisThread(
  twin: Twin,
  simulate: (input: SimulationInput) => SimulationResult,
): EpisodeRunner {
  return {
    run(episodes) {
      let decisions = 0;
      const costs = Float64Array.from(episodes, ({ rule, seed }) => {
        const policy = weightedPolicy(rule, 'first');
        const result = simulate({ ...twin.situation(seed), policy, seed });
        decisions += result.decisions;
        return pricedKilowattHours(result);
      });
      return { costs, decisions };
    },
  };
}
