import { type WeightedRule, weightedPolicy } from '../../policy/energy/weighted-policy.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import { type RandomState, RandomStream } from '../../util/rng.ts';
import { mean } from '../../util/statistics/mean.ts';
import { estimateMean, type MeanEstimate } from '../../util/statistics/mean-interval.ts';
import { errors } from '../errors.ts';
import { type SavedSepCmaEs, SepCmaEs } from '../evolution/sep-cma-es.ts';
import { choosePolicy } from '../portfolio.ts';
import { type Episode, type EpisodeRunner, inThisThread } from './episodes.ts';
import { ScorerSpace } from './scorer-space.ts';
import { startingPoints } from './starting-points.ts';
import { rememberingTwin, type Twin } from './twin.ts';

export interface TrainingSettings {
  readonly seed: number;
  readonly generations: number;
  readonly population: number;
  /** Standard deviation of the weights in the first generation. */
  readonly sigma: number;
  /** Workloads that a training draws from, and how many of them each generation is measured by. */
  readonly trainingSeeds: number;
  readonly seedsPerGeneration: number;
  /** Workloads that the best of the means on the way is chosen by, and accepted by. */
  readonly validationSeeds: number;
  /** How often the mean of the search is validated, evenly over the generations. */
  readonly validations: number;
}

export const defaultTraining: TrainingSettings = {
  seed: 0,
  generations: 100,
  population: 16,
  sigma: 0.12,
  trainingSeeds: 48,
  seedsPerGeneration: 6,
  validationSeeds: 24,
  validations: 10,
};

/** Blocks of workload seeds that have nothing in common. */
const CHOICE = 0;
const TRAINING = 1_000_000;
const VALIDATION = 2_000_000;
const REPORT = 3_000_000;
const CHOICE_SEEDS = 12;

export interface Validation {
  readonly generation: number;
  /** Of the price against that of the rule that training began at: -0.01 is one percent less. */
  readonly change: number;
  /** Upper end of the 95 % interval of the change, over workloads. */
  readonly upper: number;
}

/** Everything that goes on from one generation to the next, as JSON. */
export interface SavedTraining {
  readonly settings: TrainingSettings;
  readonly start: string;
  readonly search: SavedSepCmaEs;
  /** Mean of the means so far, later ones counting for more. */
  readonly average: readonly number[];
  readonly random: RandomState;
  readonly order: readonly number[];
  readonly validations: readonly Validation[];
  readonly best: { readonly point: readonly number[]; readonly validation: Validation };
}

/** What came out of it. */
export interface TrainedScorer {
  /** The best rule of the cluster, by simulation: what training began at, and the fallback. */
  readonly start: WeightedRule;
  /** The best mean on the way, where it was accepted; otherwise the rule. */
  readonly policy: WeightedRule;
  readonly isAccepted: boolean;
  readonly validation: Validation;
}

/**
 * Fits the weights of the structured scorer to one cluster, by evolution on its twin. It begins at the rule that simulation finds
 * best there, and ends with that rule where nothing better was found: the mean of the search, and the mean of its means on the
 * way, are validated now and then on workloads of their own, the best one is kept, and it is accepted only if the upper 95 % bound of its price against the
 * rule's, workload by workload, is below zero.
 *
 * @example
 * const training = new OwnClusterTraining({ twin, simulate, settings: { ...defaultTraining, generations: 50 } });
 * while (!training.isDone) training.step();
 * training.result().policy;
 */
export class OwnClusterTraining {
  readonly settings: TrainingSettings;
  readonly space: ScorerSpace;
  readonly start: WeightedRule;
  readonly #twin: Twin;
  readonly #simulate: (input: SimulationInput) => SimulationResult;
  readonly #episodes: EpisodeRunner;
  /** Where the search begins, in all positions, and the positions that it moves. */
  readonly #origin: Float64Array;
  readonly #searched: Int32Array;
  readonly #search: SepCmaEs;
  readonly #average: Float64Array;
  readonly #random: RandomStream;
  readonly #validations: Validation[] = [];
  readonly #startCosts = new Map<number, number>();
  #order: number[] = [];
  #best: { point: Float64Array; validation: Validation };
  #decisions = 0;

  /**
   * Chooses the rule to begin at, unless it goes on from a saved training.
   *
   * @throws KISIM_E_LEARNING_SETTINGS, KISIM_E_LEARNING_CHECKPOINT
   */
  constructor(options: {
    readonly twin: Twin;
    readonly simulate: (input: SimulationInput) => SimulationResult;
    readonly settings: TrainingSettings;
    readonly saved?: SavedTraining;
    /** Where the episodes of candidates run; in this thread, by `simulate`, where left out. */
    readonly episodes?: EpisodeRunner;
  }) {
    const { settings, saved } = options;
    checkSettings(settings);
    this.settings = settings;
    this.#twin = rememberingTwin(options.twin);
    this.#simulate = options.simulate;
    this.#episodes = options.episodes ?? inThisThread(this.#twin, options.simulate);
    this.space = new ScorerSpace(options.twin.waits);
    this.start = saved === undefined ? this.#chooseStart() : this.#savedStart(saved);
    this.#origin = this.space.encode(this.start);
    this.#searched = this.space.searched(this.#origin, this.#twin);
    const deviations = this.space.deviations(settings.sigma);
    this.#average = Float64Array.from(this.#searched, (position) => this.#origin[position]!);
    this.#search = new SepCmaEs({
      mean: this.#average,
      deviations: Float64Array.from(this.#searched, (position) => deviations[position]!),
      population: settings.population,
      seed: settings.seed,
    });
    this.#random = new RandomStream(settings.seed).fork('own-cluster');
    const nothing = { generation: 0, change: 0, upper: 0 };
    this.#best = { point: this.#origin, validation: nothing };
    if (saved !== undefined) this.#restore(saved);
  }

  get generation(): number {
    return this.#search.generation;
  }

  get isDone(): boolean {
    return this.generation >= this.settings.generations;
  }

  get validations(): readonly Validation[] {
    return this.#validations;
  }

  /** Placements decided since the beginning, or since it was resumed. */
  get decisions(): number {
    return this.#decisions;
  }

  get sigma(): number {
    return this.#search.sigma;
  }

  /** One generation, and a validation where one is due. */
  step(): void {
    const seeds = this.#drawSeeds();
    const rules = this.#search.ask().map((point) => this.space.decode('candidate', this.#whole(point)));
    const starts = this.#startCostsOf(seeds);
    const costs = this.#costs(rules.flatMap((rule) => seeds.map((seed) => ({ rule, seed }))));
    const relative = (candidate: number) =>
      mean(seeds.map((_, i) => costs[candidate * seeds.length + i]! / starts[i]!));
    this.#search.tell(rules.map((_, candidate) => relative(candidate)));
    // What is worth so little beside the noise is found by averaging; weights rise with the generation (Shamir and Zhang, ICML
    // 2013, polynomial decay of degree 1).
    const share = 2 / (this.generation + 1);
    for (let i = 0; i < this.#average.length; i++)
      this.#average[i]! += share * (this.#search.mean[i]! - this.#average[i]!);
    const { generations, validations } = this.settings;
    const due = (generation: number) => Math.floor((generation * validations) / generations);
    if (due(this.generation) > due(this.generation - 1)) this.validate();
  }

  /** Validates now, due or not: for whoever stops by the clock. */
  validate(): void {
    const seen = [this.#search.mean, this.#average].map((searched) => {
      const point = this.#whole(searched);
      const changes = this.#changes(
        this.space.decode('candidate', point),
        VALIDATION,
        this.settings.validationSeeds,
      );
      const { mean: change, interval } = estimateMean(changes);
      return { point, validation: { generation: this.generation, change, upper: interval!.high } };
    });
    const better = seen[1]!.validation.change < seen[0]!.validation.change ? seen[1]! : seen[0]!;
    this.#validations.push(better.validation);
    if (better.validation.change < this.#best.validation.change) this.#best = better;
  }

  result(): TrainedScorer {
    const { validation, point } = this.#best;
    const isAccepted = validation.generation > 0 && validation.upper < 0;
    const policy = isAccepted ? this.space.decode('own-cluster', point) : this.start;
    return { start: this.start, policy, isAccepted, validation };
  }

  /** The change of the price against the starting rule on workloads that nothing was chosen by. */
  report(rule: WeightedRule, workloads: number): MeanEstimate {
    return estimateMean(this.#changes(rule, REPORT, workloads));
  }

  /** To be called between two steps. */
  save(): SavedTraining {
    return {
      settings: this.settings,
      start: this.start.name,
      search: this.#search.save(),
      average: [...this.#average],
      random: this.#random.state,
      order: [...this.#order],
      validations: [...this.#validations],
      best: { point: [...this.#best.point], validation: this.#best.validation },
    };
  }

  #chooseStart(): WeightedRule {
    const rules = startingPoints(this.#twin);
    const policies = rules.map((rule) => weightedPolicy(rule, 'first'));
    const { policy } = choosePolicy(policies, {
      situations: Array.from({ length: CHOICE_SEEDS }, (_, i) => this.#twin.situation(CHOICE + i)),
      simulate: this.#simulate,
      // Wait rules make the list long, and more of them are alike.
      ...(this.#twin.waits ? { firstSituations: 1, finalists: 16 } : {}),
    });
    return rules[policies.indexOf(policy)]!;
  }

  #savedStart({ start, settings }: SavedTraining): WeightedRule {
    const rule = startingPoints(this.#twin).find(({ name }) => name === start);
    if (rule === undefined || JSON.stringify(settings) !== JSON.stringify(this.settings)) {
      const found = rule === undefined ? `it began at '${start}'` : 'its settings are others';
      throw errors.KISIM_E_LEARNING_CHECKPOINT(found);
    }
    return rule;
  }

  #restore({ search, average, random, order, validations, best }: SavedTraining): void {
    const searched = this.#searched.length;
    if (search.mean.length !== searched || average.length !== searched)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${search.mean.length} weights searched, not ${searched}`);
    if (best.point.length !== this.space.size)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${best.point.length} weights, not ${this.space.size}`);
    this.#search.restore(search);
    this.#average.set(average);
    this.#random.restore(random);
    this.#order = [...order];
    this.#validations.push(...validations);
    this.#best = { point: Float64Array.from(best.point), validation: best.validation };
  }

  /** All training seeds come up equally often, in an order that is drawn anew each time. */
  #drawSeeds(): readonly number[] {
    const { trainingSeeds, seedsPerGeneration } = this.settings;
    if (this.#order.length < seedsPerGeneration)
      this.#order = this.#random.shuffle(Array.from({ length: trainingSeeds }, (_, i) => TRAINING + i));
    return this.#order.splice(0, seedsPerGeneration);
  }

  /** A point of the search with everything that it leaves alone. */
  #whole(searched: Float64Array): Float64Array {
    const point = this.#origin.slice();
    for (const [i, position] of this.#searched.entries()) point[position] = searched[i]!;
    return point;
  }

  #changes(rule: WeightedRule, block: number, count: number): Float64Array {
    const seeds = Array.from({ length: count }, (_, i) => block + i);
    const starts = this.#startCostsOf(seeds);
    return this.#costs(seeds.map((seed) => ({ rule, seed }))).map((cost, i) => cost / starts[i]! - 1);
  }

  #startCostsOf(seeds: readonly number[]): readonly number[] {
    const missing = seeds.filter((seed) => !this.#startCosts.has(seed));
    const costs = this.#costs(missing.map((seed) => ({ rule: this.start, seed })));
    for (const [i, seed] of missing.entries()) this.#startCosts.set(seed, costs[i]!);
    return seeds.map((seed) => this.#startCosts.get(seed)!);
  }

  #costs(episodes: readonly Episode[]): Float64Array {
    const { costs, decisions } = this.#episodes.run(episodes);
    this.#decisions += decisions;
    return costs;
  }
}

function checkSettings(settings: TrainingSettings): void {
  const { seed, sigma, ...counts } = settings;
  const refuse = (found: string) => errors.KISIM_E_LEARNING_SETTINGS(found);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) throw refuse(`seed ${seed}`);
  if (!(sigma > 0 && sigma <= 10)) throw refuse(`sigma ${sigma}`);
  for (const [name, count] of Object.entries(counts))
    if (!Number.isInteger(count) || count < 1) throw refuse(`${name} ${count}`);
  if (counts.population < 4) throw refuse(`population ${counts.population}`);
  if (counts.validationSeeds < 2) throw refuse(`validationSeeds ${counts.validationSeeds}`);
  if (counts.seedsPerGeneration > counts.trainingSeeds)
    throw refuse(`seedsPerGeneration ${counts.seedsPerGeneration} of ${counts.trainingSeeds}`);
}
