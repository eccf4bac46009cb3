import type { SavedValue } from './saved-state.ts';

/** What one step brought. Environments hand out the same object at every step. */
export interface Step {
  readonly reward: number;
  /** The task ended: nothing is to be had after this. */
  readonly terminated: boolean;
  /** The episode was cut off, by a limit of time: the value of what would have followed still counts. */
  readonly truncated: boolean;
}

/** The shapes that an environment and whatever learns in it agree on. */
export interface EnvironmentShape {
  /** Numbers an observation holds. */
  readonly observationSize: number;
  /** Options of each choice of an action: [n] is Gymnasium's Discrete(n), more of them its MultiDiscrete. */
  readonly actions: readonly number[];
  /** Whether some options may not be chosen at times. */
  readonly masked: boolean;
}

/**
 * A task of decisions in the form of Gymnasium's `Env`, on arrays that belong to the caller. After a step that terminated or
 * truncated, `reset` comes next. What it draws comes from its own generator, so that a seed settles an episode.
 */
export interface Environment extends EnvironmentShape {
  /** Begins an episode and writes its first observation [observationSize]. Without a seed the generator goes on from where it is. */
  reset(observation: Float32Array, seed?: number): void;
  /** `action` [choices]; writes the observation that follows. */
  step(action: Int32Array, observation: Float32Array): Step;
  /** Writes 1 for each option that may be chosen now, else 0: [sum of options]. At least one of each choice is 1. */
  writeMask?(mask: Uint8Array): void;
  /** The episode as it is and its generator, to go on bit-identically from. */
  save(): SavedValue;
  restore(saved: SavedValue): void;
}

/**
 * Environments that are stepped together. An ended episode is followed by the next one in the same step (Gymnasium's
 * SAME_STEP): `observations` and `masks` are then those of the new episode, and what the old one ended with is kept in
 * `nextObservations` and `nextMasks`. The arrays stay the same for good; only `step` and `reset` write them.
 */
export interface EnvironmentBatch extends EnvironmentShape {
  readonly count: number;
  /** [count][observationSize], what to act on now. */
  readonly observations: Float32Array;
  /** [count][sum of options]; all 1 where not masked. */
  readonly masks: Uint8Array;
  /** [count][observationSize], what the last step led to: of the same episode, whether it ended or not. */
  readonly nextObservations: Float32Array;
  readonly nextMasks: Uint8Array;
  /** [count], of the last step. */
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  /** Never together with `terminated`. */
  readonly truncated: Uint8Array;
  /**
   * What a value network reads where it is to be something else than the policy's observation, as where the policy is shared
   * over the nodes of a cluster: [count] rows each; left out where both read the same.
   */
  readonly valueObservations?: Float32Array;
  readonly nextValueObservations?: Float32Array;
  /** Undiscounted return and length of the episode that the last step ended; of meaning only where one ended. */
  readonly endedReturns: Float64Array;
  readonly endedLengths: Int32Array;
  reset(seed: number): void;
  /** `actions` [count][choices] */
  step(actions: Int32Array): void;
  save(): SavedValue;
  restore(saved: SavedValue): void;
}

export function optionsOf(actions: readonly number[]): number {
  return actions.reduce((sum, options) => sum + options, 0);
}
