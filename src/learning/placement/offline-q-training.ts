import { TERM_COUNT } from '../../policy/energy/term-table.ts';
import type { WeightedRule } from '../../policy/energy/weighted-policy.ts';
import { simulate } from '../../simulation/engine.ts';
import { RandomStream } from '../../util/rng.ts';
import type { MeanEstimate } from '../../util/statistics/mean-interval.ts';
import { OfflineDqn } from '../algorithms/offline-dqn.ts';
import { errors } from '../errors.ts';
import {
  AcceptanceGate,
  type SavedGate,
  type TrainedScorer,
  type Validation,
} from '../own-cluster/acceptance-gate.ts';
import { type EpisodeRunner, inThisThread } from '../own-cluster/episodes.ts';
import { rememberingTwin, type Twin } from '../own-cluster/twin.ts';
import { isValidationDue } from '../own-cluster/validation-schedule.ts';
import type { SavedState } from '../saved-state.ts';
import { RECORDED_OPTIONS, type RecordedDataset, recordedTransitions } from './recorded-transitions.ts';

export interface OfflineQSettings {
  readonly seed: number;
  /** Of `updatesPerStep` gradient steps each. */
  readonly steps: number;
  readonly updatesPerStep: number;
  readonly validationSeeds: number;
  readonly acceptanceSeeds: number;
  readonly validations: number;
  readonly learningRate: number;
  /** From one decision to the next. */
  readonly gamma: number;
  /** Weight of the conservative penalty. */
  readonly conservative: number;
  readonly discountSeconds: number;
  /** Q is added to the rule so many times. */
  readonly mixings: readonly number[];
}

/** Gamma and horizon as those of the fitted Q on a twin; the penalty is the least of the paper's range. */
export const defaultOfflineQ: OfflineQSettings = {
  seed: 0,
  steps: 40,
  updatesPerStep: 500,
  validationSeeds: 24,
  acceptanceSeeds: 128,
  validations: 10,
  learningRate: 1e-3,
  gamma: 0.992,
  conservative: 1,
  discountSeconds: 7200,
  mixings: [0.03, 0.1, 0.3, 1],
};

export interface SavedOfflineQ extends SavedGate {
  readonly settings: OfflineQSettings;
  readonly step: number;
  readonly agent: SavedState;
}

/**
 * Q-learning from recorded decisions alone (`OfflineDqn`), linear in the scorer's terms times the pod's energy, so that what comes out is
 * again a point of the scorer's space: rule + mixing * Q. No simulation is learned from; simulation is what it is judged by, before the
 * same gate as other trainings.
 */
export class OfflineQTraining {
  readonly settings: OfflineQSettings;
  readonly data: RecordedDataset;
  readonly #gate: AcceptanceGate;
  readonly #origin: Float64Array;
  readonly #positions: Int32Array;
  readonly #agent: OfflineDqn;
  #step = 0;

  /** @throws KISIM_E_LEARNING_SETTINGS for a twin that is no record, KISIM_E_LEARNING_DATA, KISIM_E_LEARNING_CHECKPOINT */
  constructor(options: {
    readonly twin: Twin;
    readonly settings: OfflineQSettings;
    readonly saved?: SavedOfflineQ;
    readonly episodes?: EpisodeRunner;
  }) {
    const { settings, saved } = options;
    const { recorded } = options.twin;
    if (recorded === undefined)
      throw errors.KISIM_E_LEARNING_SETTINGS('offline-dqn on a twin without recorded decisions', {
        expected: 'a record: kisimd train --from-history --arrivals --algorithm offline-dqn',
      });
    if (saved !== undefined && JSON.stringify(saved.settings) !== JSON.stringify(settings))
      throw errors.KISIM_E_LEARNING_CHECKPOINT('its settings are others');
    this.settings = settings;
    const twin = rememberingTwin(options.twin);
    this.#gate = new AcceptanceGate({
      twin,
      simulate,
      episodes: options.episodes ?? inThisThread(twin, simulate),
      validationSeeds: settings.validationSeeds,
      acceptanceSeeds: settings.acceptanceSeeds,
      ...(saved === undefined ? {} : { saved }),
    });
    this.#origin = this.#gate.space.encode(this.#gate.start);
    // Of waiting a record says nothing: pods came when they came.
    this.#positions = this.#gate.space
      .searched(this.#origin, twin)
      .filter((position) => position < TERM_COUNT);
    const random = new RandomStream(settings.seed).fork('offline-q');
    this.data = recordedTransitions(recorded, this.#positions, settings.discountSeconds, random);
    this.#agent = new OfflineDqn(
      {
        observationSize: RECORDED_OPTIONS * this.data.rowFeatures,
        actions: [RECORDED_OPTIONS],
        masked: true,
      },
      this.data.transitions,
      {
        seed: settings.seed,
        totalSteps: settings.steps * settings.updatesPerStep,
        hidden: [],
        entities: RECORDED_OPTIONS,
        learningRate: settings.learningRate,
        gamma: settings.gamma,
        conservative: settings.conservative,
      },
    );
    if (saved === undefined) return;
    this.#agent.restore(saved.agent);
    this.#step = saved.step;
  }

  get start(): WeightedRule {
    return this.#gate.start;
  }

  get step(): number {
    return this.#step;
  }

  get isDone(): boolean {
    return this.#step >= this.settings.steps;
  }

  get validations(): readonly Validation[] {
    return this.#gate.validations;
  }

  get best(): Validation {
    return this.#gate.best;
  }

  get decisions(): number {
    return this.#gate.decisions;
  }

  get figures(): Readonly<Record<string, number>> {
    return this.#agent.figures;
  }

  /** Weights of cost by position of the scorer's space: less is better. */
  get weights(): Float64Array {
    const weights = new Float64Array(this.#origin.length);
    const { parameters } = this.#agent.network.online;
    for (const [i, position] of this.#positions.entries())
      weights[position] = -parameters[i]! / this.data.scales[i]!;
    return weights;
  }

  /** Some updates, and a validation where one is due. */
  advance(): void {
    const { steps, updatesPerStep, validations } = this.settings;
    this.#step++;
    this.#agent.trainUntil(this.#step * updatesPerStep);
    if (isValidationDue(this.#step, steps, validations)) this.validate();
  }

  validate(): Validation {
    const { weights } = this;
    const points = this.settings.mixings.map((mixing) =>
      this.#origin.map((weight, position) => weight + mixing * weights[position]!),
    );
    return this.#gate.validate(this.#step, points);
  }

  result(): TrainedScorer {
    return this.#gate.result();
  }

  report(rule: WeightedRule, workloads: number): MeanEstimate {
    return this.#gate.report(rule, workloads);
  }

  save(): SavedOfflineQ {
    return { settings: this.settings, ...this.#gate.save(), step: this.#step, agent: this.#agent.save() };
  }
}
