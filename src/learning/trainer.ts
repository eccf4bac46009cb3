import type { WeightedRule } from '../policy/energy/weighted-policy.ts';
import type { MeanEstimate } from '../util/statistics/mean-interval.ts';
import type { TrainedScorer, Validation } from './own-cluster/acceptance-gate.ts';
import type { EpisodeRunner } from './own-cluster/episodes.ts';
import type { Twin } from './own-cluster/twin.ts';
import type { SavedState } from './saved-state.ts';

/** What a training tells while it runs. */
export interface TrainerProgress {
  readonly step: number;
  readonly steps: number;
  /** Placements decided since the beginning, or since it was resumed. */
  readonly decisions: number;
  /** What the algorithm has to tell of this step, by name: sigma, losses, entropy. */
  readonly measures: Readonly<Record<string, number>>;
  readonly start: string;
  /** The last validation; undefined before the first. */
  readonly last: Validation | undefined;
  readonly best: Validation;
}

/**
 * A training of one cluster, step by step. The same options, seed and number of steps give the same bits, however often it was
 * saved and gone on with between two steps.
 */
export interface Trainer {
  readonly isDone: boolean;
  /** One step of the algorithm, and a validation where one is due. */
  step(): void;
  progress(): TrainerProgress;
  /** Everything that the next step depends on. */
  save(): SavedState;
  result(): TrainedScorer;
  /** The change of the price against the starting rule on workloads that nothing was chosen by. */
  report(rule: WeightedRule, workloads: number): MeanEstimate;
}

export interface TrainerOptions {
  /** A twin that remembers its situations. */
  readonly twin: Twin;
  readonly episodes: EpisodeRunner;
  readonly seed: number;
  readonly steps: number;
  /** Of an earlier training of the same options. */
  readonly saved?: SavedState;
}

/** An algorithm as `kisimd train` knows it. */
export interface TrainingAlgorithm {
  readonly name: string;
  /** One line for help. */
  readonly summary: string;
  /** What a step is, in the plural: `generations`. */
  readonly unit: string;
  /**
   * Chooses the rule to begin at, unless it goes on from something saved.
   *
   * @throws KISIM_E_LEARNING_SETTINGS, KISIM_E_LEARNING_CHECKPOINT
   */
  begin(options: TrainerOptions): Trainer;
  /**
   * How many steps fit into some seconds, by a few steps taken for the measurement and forgotten again; at least 1.
   *
   * @param clock milliseconds that never go back
   */
  stepsWithin(seconds: number, options: CalibrationOptions): number;
}

export interface CalibrationOptions {
  readonly twin: Twin;
  readonly episodes: EpisodeRunner;
  readonly seed: number;
  /** A training that has chosen its rule and done nothing else. */
  readonly begun: SavedState;
  readonly clock: () => number;
  /** Workloads that the last report is made of. */
  readonly reportWorkloads: number;
}
