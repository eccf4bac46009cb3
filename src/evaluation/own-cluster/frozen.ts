import { SepCmaEs } from '../../learning/evolution/sep-cma-es.ts';
import { ScorerSpace } from '../../learning/own-cluster/scorer-space.ts';
import { startingPoints } from '../../learning/own-cluster/starting-points.ts';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import type { MachineGroup } from '../../simulation/generators/hardware.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import { RandomStream } from '../../util/rng.ts';
import { mean, standardDeviation } from '../../util/statistics/mean.ts';
import { estimateMean } from '../../util/statistics/mean-interval.ts';
import { type DrawnEpisode, drawEpisodes, EpisodePrices } from './frozen-episodes.ts';

/*
 * One point of the scorer's space for every cluster, load and family: evolution over clusters, loads and workloads that are drawn
 * anew for each generation, and that are never the same twice. How far to go from the rule that it began at is decided on
 * clusters that evolution has not seen.
 */

export interface FrozenSettings {
  readonly seed: number;
  readonly generations: number;
  readonly population: number;
  readonly sigma: number;
  /** Episodes that all points of one generation run, a third of them of each family. */
  readonly episodes: number;
  /** Episodes that all rules to begin at are tried on; a quarter of them on four times as many, and so on. */
  readonly startEpisodes: number;
  /** Episodes on the judging clusters. */
  readonly judgingEpisodes: number;
}

export interface FrozenTraining {
  readonly point: WeightedRule;
  /** The rule that it began at. */
  readonly start: WeightedRule;
  /** How much of the way from that rule to what evolution found was kept: 0 is the rule. */
  readonly share: number;
  readonly decisions: number;
}

const START_ROUNDS = 3;
const START_KEPT = 0.25;
const SHARES = [0, 0.25, 0.5, 0.75, 1];

/** The mean of the means of the later half is what comes before the judging clusters. */
export function trainFrozen(options: {
  readonly clusters: readonly (readonly MachineGroup[])[];
  /** Clusters of other hardware, on which no family may be proven worse than with the rule. */
  readonly judges: readonly (readonly MachineGroup[])[];
  readonly settings: FrozenSettings;
  readonly simulate: (input: SimulationInput) => SimulationResult;
  readonly onGeneration?: (generation: number) => void;
}): FrozenTraining {
  const { clusters, judges, settings, simulate } = options;
  const random = new RandomStream(settings.seed).fork('frozen');
  const prices = new EpisodePrices(simulate);
  const draw = (episodes: number) => drawEpisodes(clusters, episodes, random);
  const start = bestRule(prices, draw, settings.startEpisodes);
  const space = new ScorerSpace(true);
  const origin = space.encode(start);
  const searched = space.searched(origin, { sleeps: true });
  const deviations = space.deviations(settings.sigma);
  const search = new SepCmaEs({
    mean: Float64Array.from(searched, (position) => origin[position]!),
    deviations: Float64Array.from(searched, (position) => deviations[position]!),
    population: settings.population,
    seed: settings.seed,
  });
  const whole = (found: ArrayLike<number>, share = 1) => {
    const point = origin.slice();
    for (const [i, position] of searched.entries())
      point[position]! += share * (found[i]! - origin[position]!);
    return space.decode('frozen', point);
  };
  const average = new Float64Array(searched.length);
  const from = Math.floor(settings.generations / 2);
  for (let generation = 0; generation < settings.generations; generation++) {
    const rules = search.ask().map((point) => whole(point));
    const drawn = draw(settings.episodes);
    search.tell(balanced(prices.of(rules, drawn), drawn));
    if (generation >= from)
      for (let i = 0; i < average.length; i++) average[i]! += search.mean[i]! / (settings.generations - from);
    options.onGeneration?.(generation + 1);
  }
  const judging = drawEpisodes(judges, settings.judgingEpisodes, random);
  const judged = prices.of(
    SHARES.map((share) => whole(average, share)),
    judging,
  );
  const share = SHARES[bestOf(judged, judging)]!;
  return { point: whole(average, share), start, share, decisions: prices.decisions };
}

/** Rules are many and episodes dear: all are tried on a few, the better ones on more. */
function bestRule(
  prices: EpisodePrices,
  draw: (episodes: number) => readonly DrawnEpisode[],
  episodes: number,
): WeightedRule {
  let rules = startingPoints({ sleeps: true, waits: true });
  for (let round = 0; round < START_ROUNDS; round++) {
    const means = prices.of(rules, draw(Math.round(episodes / START_KEPT ** round))).map(mean);
    const order = means.map((_, i) => i).sort((a, b) => means[a]! - means[b]!);
    rules = order.slice(0, Math.ceil(rules.length * START_KEPT)).map((i) => rules[i]!);
  }
  return rules[0]!;
}

/**
 * What candidates are ranked by: in how many standard deviations of the candidates each lies above their mean, summed over
 * families. Where nodes sleep or pods wait prices scatter three times as much; plain means would say nothing of the others.
 */
export function balanced(prices: readonly Float64Array[], episodes: readonly DrawnEpisode[]): number[] {
  const worth = prices.map(() => 0);
  for (const positions of byFamily(episodes)) {
    const family = prices.map((own) => mean(positions.map((at) => own[at]!)));
    const centre = mean(family);
    const deviation = standardDeviation(family);
    if (!(deviation > 0)) continue;
    for (const [i, price] of family.entries()) worth[i]! += (price - centre) / deviation;
  }
  return worth;
}

/**
 * The least price in the mean, of those that are not proven worse than the first in any family: the lower end of the 95 % interval
 * over episodes lies above zero.
 */
export function bestOf(prices: readonly Float64Array[], episodes: readonly DrawnEpisode[]): number {
  const families = byFamily(episodes);
  const isWorse = (own: Float64Array) =>
    families.some((positions) => {
      const { interval } = estimateMean(positions.map((at) => own[at]! / prices[0]![at]! - 1));
      return interval !== undefined && interval.low > 0;
    });
  const worth = prices.map((own) => (isWorse(own) ? Number.POSITIVE_INFINITY : mean(own)));
  return worth.indexOf(Math.min(...worth));
}

function byFamily(episodes: readonly DrawnEpisode[]): readonly number[][] {
  return [...Map.groupBy(episodes.keys(), (at) => episodes[at]!.family).values()];
}
