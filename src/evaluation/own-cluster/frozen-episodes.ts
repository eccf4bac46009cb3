import { startingPoints } from '../../learning/own-cluster/starting-points.ts';
import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { MachineGroup } from '../../simulation/generators/hardware.ts';
import { pricedKilowattHours } from '../../simulation/priced-energy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../../simulation/simulation.ts';
import type { RandomStream } from '../../util/rng.ts';
import { type OwnClusterCell, randomisedTwin } from './cells.ts';

export type Family = OwnClusterCell['family'];

const LOADS: Readonly<Record<Family, readonly [number, number]>> = {
  B: [0.25, 0.95],
  D: [0.25, 0.95],
  E: [0.25, 0.65],
};
const FAMILIES = ['B', 'D', 'E'] as const;
/** Any rule would do: prices are told against its own, so that large clusters count no more than small ones. */
const REFERENCE = 'efficiency-first';

/** One workload on one cluster, both a little other than they are; made anew whenever it is asked for. */
export interface DrawnEpisode {
  readonly family: Family;
  situation(): Situation;
}

/**
 * As many episodes of each family, at loads of 25 to 95 % (65 % where pods may wait).
 *
 * @param clusters what they are drawn from; a cluster's place in the list decides on its mix
 */
export function drawEpisodes(
  clusters: readonly (readonly MachineGroup[])[],
  count: number,
  random: RandomStream,
): readonly DrawnEpisode[] {
  return Array.from({ length: count }, (_, i) => {
    const family = FAMILIES[i % FAMILIES.length]!;
    const cluster = random.integer(clusters.length);
    const twin = randomisedTwin(
      { name: family, family, load: random.uniform(...LOADS[family]) },
      clusters[cluster]!,
      cluster,
    );
    const seed = random.integer(2 ** 31);
    return { family, situation: () => twin.situation(seed) };
  });
}

/** Runs rules on episodes and counts what they decide. */
export class EpisodePrices {
  readonly #simulate: (input: SimulationInput) => SimulationResult;
  readonly #reference = startingPoints({ sleeps: true, waits: true }).find(({ name }) => name === REFERENCE)!;
  #decisions = 0;

  constructor(simulate: (input: SimulationInput) => SimulationResult) {
    this.#simulate = simulate;
  }

  get decisions(): number {
    return this.#decisions;
  }

  /** By rule and episode: the price of the energy, over that of the reference on the same episode. */
  of(rules: readonly WeightedRule[], episodes: readonly DrawnEpisode[]): readonly Float64Array[] {
    const prices = rules.map(() => new Float64Array(episodes.length));
    for (const [at, episode] of episodes.entries()) {
      const situation = episode.situation();
      const reference = this.#price(this.#reference, situation);
      for (const [i, rule] of rules.entries()) prices[i]![at] = this.#price(rule, situation) / reference;
    }
    return prices;
  }

  #price(rule: WeightedRule, situation: Situation): number {
    const result = this.#simulate({ ...situation, policy: weightedPolicy(rule, 'first'), seed: 0 });
    this.#decisions += result.decisions;
    return pricedKilowattHours(result);
  }
}
