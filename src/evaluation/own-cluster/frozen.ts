import { SepCmaEs } from '../../learning/evolution/sep-cma-es.ts';
import { ScorerSpace } from '../../learning/own-cluster/scorer-space.ts';
import { startingPoints } from '../../learning/own-cluster/starting-points.ts';
import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { MachineGroup } from '../../simulation/generators/hardware.ts';
import { pricedKilowattHours } from '../../simulation/priced-energy.ts';
import type { SimulationInput, SimulationResult, Situation } from '../../simulation/simulation.ts';
import { RandomStream } from '../../util/rng.ts';
import { mean } from '../../util/statistics/mean.ts';
import { type OwnClusterCell, randomisedTwin } from './cells.ts';

/*
 * One point of the scorer's space for every cluster, load and family: evolution over clusters, loads and workloads that are drawn
 * anew for each generation, and that are never the same twice.
 */

export interface FrozenSettings {
  readonly seed: number;
  readonly generations: number;
  readonly population: number;
  readonly sigma: number;
  /** Episodes that all points of one generation run, a third of them of each family. */
  readonly episodes: number;
  /** Episodes that the rule to begin at is chosen by; 12 where left out. */
  readonly startEpisodes?: number;
}

export interface FrozenTraining {
  readonly point: WeightedRule;
  /** The rule that it began at. */
  readonly start: WeightedRule;
  readonly decisions: number;
}

const LOADS: Readonly<Record<OwnClusterCell['family'], readonly [number, number]>> = {
  B: [0.25, 0.95],
  D: [0.25, 0.95],
  E: [0.25, 0.65],
};
const FAMILIES = ['B', 'D', 'E'] as const;
/** Any rule would do: costs are told against it, so that large clusters count no more than small ones. */
const REFERENCE = 'efficiency-first';
/** Rules that one of is the best for everything, waiting included. */
const START_EPISODES = 12;

/** The mean of the means of the later half is what is frozen. */
export function trainFrozen(options: {
  readonly clusters: readonly (readonly MachineGroup[])[];
  readonly settings: FrozenSettings;
  readonly simulate: (input: SimulationInput) => SimulationResult;
  readonly onGeneration?: (generation: number) => void;
}): FrozenTraining {
  const { clusters, settings, simulate } = options;
  const random = new RandomStream(settings.seed).fork('frozen');
  const space = new ScorerSpace(true);
  const points = startingPoints({ sleeps: true, waits: true });
  const reference = points.find(({ name }) => name === REFERENCE)!;
  let decisions = 0;
  const cost = (rule: WeightedRule, situation: Situation) => {
    const result = simulate({ ...situation, policy: weightedPolicy(rule, 'first'), seed: 0 });
    decisions += result.decisions;
    return pricedKilowattHours(result);
  };
  const draw = (episodes: number) =>
    Array.from({ length: episodes }, (_, i) => {
      const family = FAMILIES[i % FAMILIES.length]!;
      const cluster = random.integer(clusters.length);
      const cell = { name: family, family, load: random.uniform(...LOADS[family]) };
      const situation = randomisedTwin(cell, clusters[cluster]!, cluster).situation(random.integer(2 ** 31));
      return { situation, reference: cost(reference, situation) };
    });
  const meanCost = (rule: WeightedRule, drawn: ReturnType<typeof draw>) =>
    mean(drawn.map((each) => cost(rule, each.situation) / each.reference));

  const first = draw(settings.startEpisodes ?? START_EPISODES);
  const costs = points.map((rule) => meanCost(rule, first));
  const start = points[costs.indexOf(Math.min(...costs))]!;
  const origin = space.encode(start);
  const searched = space.searched(origin, { sleeps: true });
  const deviations = space.deviations(settings.sigma);
  const search = new SepCmaEs({
    mean: Float64Array.from(searched, (position) => origin[position]!),
    deviations: Float64Array.from(searched, (position) => deviations[position]!),
    population: settings.population,
    seed: settings.seed,
  });
  const whole = (found: Float64Array) => {
    const point = origin.slice();
    for (const [i, position] of searched.entries()) point[position] = found[i]!;
    return space.decode('frozen', point);
  };
  const average = new Float64Array(searched.length);
  const from = Math.floor(settings.generations / 2);
  for (let generation = 0; generation < settings.generations; generation++) {
    const drawn = draw(settings.episodes);
    search.tell(search.ask().map((point) => meanCost(whole(point), drawn)));
    if (generation >= from)
      for (let i = 0; i < average.length; i++) average[i]! += search.mean[i]! / (settings.generations - from);
    options.onGeneration?.(generation + 1);
  }
  return { point: whole(average), start, decisions };
}
