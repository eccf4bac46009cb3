import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import type { SimulationInput, SimulationResult } from '../../simulation/simulation.ts';
import { type RandomState, RandomStream } from '../../util/rng.ts';
import { mean } from '../../util/statistics/mean.ts';
import type { MeanEstimate } from '../../util/statistics/mean-interval.ts';
import { errors } from '../errors.ts';
import { type SavedSepCmaEs, SepCmaEs } from '../evolution/sep-cma-es.ts';
import { AcceptanceGate, type SavedGate, type TrainedScorer, type Validation } from './acceptance-gate.ts';
import { type EpisodeRunner, inThisThread } from './episodes.ts';
import type { ScorerSpace } from './scorer-space.ts';
import { TrainingSeeds } from './training-seeds.ts';
import { rememberingTwin, type Twin } from './twin.ts';
import { isValidationDue } from './validation-schedule.ts';
import { waitBeginnings } from './wait-beginnings.ts';

export type { TrainedScorer, Validation } from './acceptance-gate.ts';

export interface TrainingSettings {
  readonly seed: number;
  readonly generations: number;
  readonly population: number;
  /** Standard deviation of the weights in the first generation. */
  readonly sigma: number;
  /** Workloads that a training draws from, and how many of them each generation is measured by. */
  readonly trainingSeeds: number;
  readonly seedsPerGeneration: number;
  /** Workloads that the best of the means on the way is chosen by, and others that it is accepted by. */
  readonly validationSeeds: number;
  readonly acceptanceSeeds: number;
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
  acceptanceSeeds: 128,
  validations: 10,
};

/** A point that training may begin at in place of the best rule, where it proves better. */
export interface Beginning {
  readonly rule: WeightedRule;
  /** Standard deviation of each weight in the first generation; left out: as for rules. */
  readonly deviations?: Float64Array;
}

/** Everything that goes on from one generation to the next, as JSON. */
export interface SavedTraining extends SavedGate {
  readonly settings: TrainingSettings;
  /** Where the search began. */
  readonly origin: readonly number[];
  readonly search: SavedSepCmaEs;
  /** Mean of the means so far, later ones counting for more. */
  readonly average: readonly number[];
  readonly random: RandomState;
  readonly order: readonly number[];
}

/**
 * Fits the weights of the structured scorer to one cluster, by evolution on its twin. It begins at the rule that simulation
 * finds best there; the mean of the search, and the mean of its means on the way, come before the gate now and then.
 *
 * @example
 * const training = new OwnClusterTraining({ twin, simulate, settings: { ...defaultTraining, generations: 50 } });
 * while (!training.isDone) training.step();
 * training.result().policy;
 */
export class OwnClusterTraining {
  readonly settings: TrainingSettings;
  readonly #gate: AcceptanceGate;
  /** Where the search begins, in all positions, and the positions that it moves. */
  readonly #origin: Float64Array;
  readonly #searched: Int32Array;
  readonly #search: SepCmaEs;
  readonly #average: Float64Array;
  readonly #random: RandomStream;
  readonly #seeds: TrainingSeeds;

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
    /** Other points to begin at, by the best rule; that rule stays what everything is held against. */
    readonly beginnings?: (start: WeightedRule) => readonly Beginning[];
    /** Where the episodes of candidates run; in this thread, by `simulate`, where left out. */
    readonly episodes?: EpisodeRunner;
  }) {
    const { settings, saved } = options;
    checkSettings(settings);
    this.settings = settings;
    if (saved !== undefined && JSON.stringify(saved.settings) !== JSON.stringify(settings))
      throw errors.KISIM_E_LEARNING_CHECKPOINT('its settings are others');
    const twin = rememberingTwin(options.twin);
    this.#gate = new AcceptanceGate({
      twin,
      simulate: options.simulate,
      episodes: options.episodes ?? inThisThread(twin, options.simulate),
      validationSeeds: settings.validationSeeds,
      acceptanceSeeds: settings.acceptanceSeeds,
      ...(saved === undefined ? {} : { saved }),
    });
    const begun = saved === undefined ? this.#begin(twin, options.beginnings) : undefined;
    this.#origin = begun === undefined ? Float64Array.from(saved!.origin) : this.space.encode(begun.rule);
    if (this.#origin.length !== this.space.size)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${this.#origin.length} weights, not ${this.space.size}`);
    this.#searched = this.space.searched(this.#origin, twin);
    const deviations = begun?.deviations ?? this.space.deviations(settings.sigma);
    this.#average = Float64Array.from(this.#searched, (position) => this.#origin[position]!);
    this.#search = new SepCmaEs({
      mean: this.#average,
      deviations: Float64Array.from(this.#searched, (position) => deviations[position]!),
      population: settings.population,
      seed: settings.seed,
    });
    this.#random = new RandomStream(settings.seed).fork('own-cluster');
    this.#seeds = new TrainingSeeds(settings.trainingSeeds, this.#random);
    if (saved !== undefined) this.#restore(saved);
  }

  get space(): ScorerSpace {
    return this.#gate.space;
  }

  get start(): WeightedRule {
    return this.#gate.start;
  }

  get generation(): number {
    return this.#search.generation;
  }

  get isDone(): boolean {
    return this.generation >= this.settings.generations;
  }

  get validations(): readonly Validation[] {
    return this.#gate.validations;
  }

  /** Of the best point so far; generation 0 is the rule. */
  get best(): Validation {
    return this.#gate.best;
  }

  /** Placements decided since the beginning, or since it was resumed. */
  get decisions(): number {
    return this.#gate.decisions;
  }

  get sigma(): number {
    return this.#search.sigma;
  }

  /** One generation, and a validation where one is due. */
  step(): void {
    const seeds = this.#seeds.draw(this.settings.seedsPerGeneration);
    const rules = this.#search.ask().map((point) => this.space.decode('candidate', this.#whole(point)));
    const starts = this.#gate.startCosts(seeds);
    const costs = this.#gate.costs(rules.flatMap((rule) => seeds.map((seed) => ({ rule, seed }))));
    const relative = (candidate: number) =>
      mean(seeds.map((_, i) => costs[candidate * seeds.length + i]! / starts[i]!));
    this.#search.tell(rules.map((_, candidate) => relative(candidate)));
    // What is worth so little beside the noise is found by averaging; weights rise with the generation (Shamir and Zhang, ICML
    // 2013, polynomial decay of degree 1).
    const share = 2 / (this.generation + 1);
    for (let i = 0; i < this.#average.length; i++)
      this.#average[i]! += share * (this.#search.mean[i]! - this.#average[i]!);
    if (this.generation === 1 && this.beganElsewhere) this.#gate.validate(1, [this.#origin]);
    const { generations, validations } = this.settings;
    if (isValidationDue(this.generation, generations, validations)) this.validate();
  }

  /** Validates now, due or not: for whoever stops by the clock. */
  validate(): void {
    this.#gate.validate(this.generation, [this.#whole(this.#search.mean), this.#whole(this.#average)]);
  }

  result(): TrainedScorer {
    return this.#gate.result();
  }

  /** The change of the price against the starting rule on workloads that nothing was chosen by. */
  report(rule: WeightedRule, workloads: number): MeanEstimate {
    return this.#gate.report(rule, workloads);
  }

  /** To be called between two steps. */
  save(): SavedTraining {
    return {
      settings: this.settings,
      ...this.#gate.save(),
      origin: [...this.#origin],
      search: this.#search.save(),
      average: [...this.#average],
      random: this.#random.state,
      order: [...this.#seeds.left],
    };
  }

  #restore({ search, average, random, order }: SavedTraining): void {
    const searched = this.#searched.length;
    if (search.mean.length !== searched || average.length !== searched)
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${search.mean.length} weights searched, not ${searched}`);
    this.#search.restore(search);
    this.#average.set(average);
    this.#random.restore(random);
    this.#seeds.restore(order);
  }

  #begin(twin: Twin, beginnings: ((start: WeightedRule) => readonly Beginning[]) | undefined): Beginning {
    const waiting = twin.waits ? waitBeginnings(this.start) : [];
    return this.#gate.bestBeginning<Beginning>([...waiting, ...(beginnings?.(this.start) ?? [])]);
  }

  /** Whether another point than the rule proved better to begin at. */
  get beganElsewhere(): boolean {
    const rule = this.space.encode(this.start);
    return this.#origin.some((weight, position) => weight !== rule[position]);
  }

  /** A point of the search with everything that it leaves alone. */
  #whole(searched: Float64Array): Float64Array {
    const point = this.#origin.slice();
    for (const [i, position] of this.#searched.entries()) point[position] = searched[i]!;
    return point;
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
  for (const name of ['validationSeeds', 'acceptanceSeeds'] as const)
    if (counts[name] < 2) throw refuse(`${name} ${counts[name]}`);
  if (counts.seedsPerGeneration > counts.trainingSeeds)
    throw refuse(`seedsPerGeneration ${counts.seedsPerGeneration} of ${counts.trainingSeeds}`);
}
