import { TERM_COUNT } from '../../policy/energy/term-table.ts';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import { Simulation, simulate } from '../../simulation/engine.ts';
import { type RandomState, RandomStream } from '../../util/rng.ts';
import { mean } from '../../util/statistics/mean.ts';
import type { MeanEstimate } from '../../util/statistics/mean-interval.ts';
import { JOULES_PER_WATT_HOUR } from '../../util/units.ts';
import { errors } from '../errors.ts';
import {
  AcceptanceGate,
  type SavedGate,
  type TrainedScorer,
  type Validation,
} from '../own-cluster/acceptance-gate.ts';
import { type EpisodeRunner, inThisThread } from '../own-cluster/episodes.ts';
import { TrainingSeeds } from '../own-cluster/training-seeds.ts';
import { rememberingTwin, type Twin } from '../own-cluster/twin.ts';
import { isValidationDue } from '../own-cluster/validation-schedule.ts';
import { DecisionCosts } from './decision-costs.ts';
import { type Exploration, exploringPolicy, featureCount } from './exploring-policy.ts';
import { LinearQ, type SavedLinearQ } from './linear-q.ts';

export interface FittedQSettings extends Exploration {
  readonly seed: number;
  /** Of experience, fit and choice of the mixing. */
  readonly rounds: number;
  /** Days of experience in a round. */
  readonly episodesPerRound: number;
  readonly trainingSeeds: number;
  /** Workloads of training by which a round chooses how much of Q to take. */
  readonly probeSeeds: number;
  readonly validationSeeds: number;
  readonly acceptanceSeeds: number;
  readonly validations: number;
  /** Weight of older rounds' experience. */
  readonly remember: number;
  /** Of the terms, each tried; times a sample's squares. What is around a decision has a small one of its own. */
  readonly ridges: readonly number[];
  /** Q is added to where the last round came to this many times. */
  readonly mixings: readonly number[];
}

/**
 * Lambda and horizon as usual for this problem: short returns (lambda below 0.95) learn no opportunity cost at all. Share,
 * temperature and ridges were chosen on two development cells and nowhere else.
 */
export const defaultFittedQ: FittedQSettings = {
  seed: 0,
  rounds: 20,
  episodesPerRound: 24,
  trainingSeeds: 96,
  probeSeeds: 6,
  validationSeeds: 24,
  acceptanceSeeds: 128,
  validations: 10,
  share: 0.3,
  temperature: 1,
  waitShare: 0.03,
  discountSeconds: 7200,
  lambda: 0.992,
  remember: 0.7,
  ridges: [0.1, 1],
  mixings: [0.1, 0.3, 1],
};

const STATE_RIDGE = 1e-4;

export interface SavedFittedQ extends SavedGate {
  readonly settings: FittedQSettings;
  readonly round: number;
  readonly point: readonly number[];
  readonly average: readonly number[];
  readonly q: SavedLinearQ;
  readonly random: RandomState;
  readonly order: readonly number[];
}

/**
 * Q-learning as a residual on a rule, linear in the scorer's terms times the pod's energy: score = rule + alpha Q, so that what comes
 * out is again one point of the scorer's space. Least-squares policy iteration (Lagoudakis and Parr, JMLR 4, 2003) in the form of a
 * policy gradient's compatible critic: a round gathers days of experience with some exploration, fits the advantage of what was done
 * over what might have been done to all experience that is not too old (`LinearQ`, returns over about 1 / (1 - lambda)
 * placements), and adds as much of it as is best on a few training workloads, none of it being one of the choices. Begins at the best rule
 * and comes before the same gate as evolution does.
 */
export class FittedQTraining {
  readonly settings: FittedQSettings;
  readonly #twin: Twin;
  readonly #gate: AcceptanceGate;
  readonly #learned: Int32Array;
  readonly #q: LinearQ;
  readonly #random: RandomStream;
  #round = 0;
  #point: Float64Array;
  readonly #average: Float64Array;
  readonly #seeds: TrainingSeeds;
  #explored = 0;
  #mixing = 0;

  /** @throws KISIM_E_LEARNING_SETTINGS, KISIM_E_LEARNING_CHECKPOINT */
  constructor(options: {
    readonly twin: Twin;
    readonly settings: FittedQSettings;
    readonly saved?: SavedFittedQ;
    readonly episodes?: EpisodeRunner;
  }) {
    const { settings, saved } = options;
    checkSettings(settings);
    if (saved !== undefined && JSON.stringify(saved.settings) !== JSON.stringify(settings))
      throw errors.KISIM_E_LEARNING_CHECKPOINT('its settings are others');
    this.settings = settings;
    const twin = rememberingTwin(options.twin);
    this.#twin = twin;
    this.#gate = new AcceptanceGate({
      twin,
      simulate,
      episodes: options.episodes ?? inThisThread(twin, simulate),
      validationSeeds: settings.validationSeeds,
      acceptanceSeeds: settings.acceptanceSeeds,
      ...(saved === undefined ? {} : { saved }),
    });
    this.#point = this.#gate.space.encode(this.#gate.start);
    this.#average = this.#point.slice();
    this.#learned = this.#gate.space.searched(this.#point, twin);
    this.#q = new LinearQ(featureCount(this.#learned));
    this.#random = new RandomStream(settings.seed).fork('fitted-q');
    this.#seeds = new TrainingSeeds(settings.trainingSeeds, this.#random);
    if (saved !== undefined) this.#restore(saved);
  }

  get start(): WeightedRule {
    return this.#gate.start;
  }

  get round(): number {
    return this.#round;
  }

  get isDone(): boolean {
    return this.#round >= this.settings.rounds;
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
    return this.#gate.decisions + this.#explored;
  }

  /** How much of Q the last round took; 0: it stayed where it was. */
  get mixing(): number {
    return this.#mixing;
  }

  /** One round, and a validation where one is due. */
  step(): void {
    this.#explore();
    this.#mix();
    this.#round++;
    const { rounds, validations } = this.settings;
    if (isValidationDue(this.#round, rounds, validations)) this.validate();
  }

  /** Validates now, due or not: for whoever stops by the clock. */
  validate(): Validation {
    return this.#gate.validate(this.#round, [this.#point, this.#average]);
  }

  result(): TrainedScorer {
    return this.#gate.result();
  }

  /** The change of the price against the starting rule on workloads that nothing was chosen by. */
  report(rule: WeightedRule, workloads: number): MeanEstimate {
    return this.#gate.report(rule, workloads);
  }

  /** To be called between two steps. */
  save(): SavedFittedQ {
    return {
      settings: this.settings,
      ...this.#gate.save(),
      round: this.#round,
      point: [...this.#point],
      average: [...this.#average],
      q: this.#q.save(),
      random: this.#random.state,
      order: [...this.#seeds.left],
    };
  }

  #restore({ round, point, average, q, random, order }: SavedFittedQ): void {
    if (
      point.length !== this.#point.length ||
      average.length !== this.#point.length ||
      q.right.length !== this.#q.size
    )
      throw errors.KISIM_E_LEARNING_CHECKPOINT(`${point.length} weights, not ${this.#point.length}`);
    this.#round = round;
    this.#point = Float64Array.from(point);
    this.#average.set(average);
    this.#q.restore(q);
    this.#random.restore(random);
    this.#seeds.restore(order);
  }

  #explore(): void {
    const { settings } = this;
    this.#q.forget(settings.remember);
    const rule = this.#gate.space.decode('exploring', this.#point);
    const seeds = this.#seeds.draw(settings.episodesPerRound);
    const about = this.#gate.startCosts(seeds.slice(0, 1))[0]! * 1000 * JOULES_PER_WATT_HOUR;
    for (const seed of seeds) {
      const situation = this.#twin.situation(seed);
      const policy = exploringPolicy({
        ...settings,
        rule,
        learned: this.#learned,
        costs: new DecisionCosts(situation, about),
        q: this.#q,
        random: this.#random,
        windowSeconds: situation.workload.windowSeconds,
      });
      const simulation = new Simulation({ ...situation, policy, seed });
      simulation.advance();
      this.#q.endEpisode();
      this.#explored += simulation.result().decisions;
    }
  }

  /** Takes what is best of the present point and of more or less of Q added to it; all come by the same workloads. */
  #mix(): void {
    const { mixings, probeSeeds, ridges } = this.settings;
    const choices = [
      { point: this.#point, mixing: 0 },
      ...ridges.flatMap((ridge) => {
        const q = this.#fit(ridge);
        const placing = mixings.map((mixing) => ({ point: this.#added(q, mixing, 0), mixing }));
        if (!this.#gate.space.waits) return placing;
        // Where to place and when to wait go wrong on their own.
        return [...placing, ...mixings.map((mixing) => ({ point: this.#added(q, mixing, mixing), mixing }))];
      }),
    ];
    const seeds = this.#seeds.draw(probeSeeds);
    const starts = this.#gate.startCosts(seeds);
    const rules = choices.map(({ point }) => this.#gate.space.decode('candidate', point));
    const costs = this.#gate.costs(rules.flatMap((rule) => seeds.map((seed) => ({ rule, seed }))));
    const relative = choices.map((_, c) =>
      mean(seeds.map((_, i) => costs[c * seeds.length + i]! / starts[i]!)),
    );
    const best = relative.indexOf(Math.min(...relative));
    this.#point = choices[best]!.point;
    this.#mixing = choices[best]!.mixing;
    // Weights of all rounds, later ones counting for more, as evolution averages its means.
    const share = 2 / (this.#round + 2);
    for (let i = 0; i < this.#average.length; i++)
      this.#average[i]! += share * (this.#point[i]! - this.#average[i]!);
  }

  #fit(ridge: number): Float64Array {
    const { size } = this.#q;
    const ridges = new Float64Array(size).fill(STATE_RIDGE).fill(ridge, 0, this.#learned.length);
    return this.#q.residual(new Float64Array(size), ridges);
  }

  /** Q is a cost: nodes of less are taken, and pods wait where waiting costs less. */
  #added(q: Float64Array, mixing: number, waiting: number): Float64Array {
    const point = this.#point.slice();
    for (const [i, position] of this.#learned.entries())
      point[position]! += (position < TERM_COUNT ? mixing : -waiting) * q[i]!;
    return point;
  }
}

function checkSettings(settings: FittedQSettings): void {
  const {
    seed,
    share,
    temperature,
    waitShare,
    discountSeconds,
    lambda,
    remember,
    ridges,
    mixings,
    ...counts
  } = settings;
  const refuse = (found: string) =>
    errors.KISIM_E_LEARNING_SETTINGS(found, {
      expected:
        'whole numbers from 1, shares from 0 to 1, at least 2 workloads of validation, no more workloads a round than there are, and at least one ridge and one mixing above 0',
    });
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) throw refuse(`seed ${seed}`);
  for (const [name, value] of Object.entries({ share, waitShare, lambda, remember }))
    if (!(value >= 0 && value <= 1)) throw refuse(`${name} ${value}`);
  if (!(discountSeconds > 0)) throw refuse(`discountSeconds ${discountSeconds}`);
  if (!(temperature > 0)) throw refuse(`temperature ${temperature}`);
  if (ridges.length === 0 || !ridges.every((ridge) => ridge > 0)) throw refuse(`ridges ${ridges.join(', ')}`);
  if (mixings.length === 0 || !mixings.every((mixing) => mixing > 0))
    throw refuse(`mixings ${mixings.join(', ')}`);
  for (const [name, count] of Object.entries(counts))
    if (!Number.isInteger(count) || count < 1) throw refuse(`${name} ${count}`);
  for (const name of ['validationSeeds', 'acceptanceSeeds'] as const)
    if (counts[name] < 2) throw refuse(`${name} ${counts[name]}`);
  if (Math.max(counts.episodesPerRound, counts.probeSeeds) > counts.trainingSeeds)
    throw refuse(
      `${counts.episodesPerRound} and ${counts.probeSeeds} workloads a round of ${counts.trainingSeeds}`,
    );
}
