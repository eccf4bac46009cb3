import type { ValueLoss } from './losses.ts';
import type { NativeNetwork, NativeOptimiser } from './network.ts';
import type { NativeTransitionBatch } from './replay.ts';
import type { NativeRollout } from './rollout.ts';

/**
 * Whole updates in one call, equal to the composition of the parts. An optimiser given here must have been made over the
 * networks that the update trains, in the same order.
 *
 * `entities` (default 1) shares a network over the entities of an observation (nodes of a cluster): the observation is
 * [entities][network inputs], the network runs on every entity, and its outputs [entities][network outputs] read in
 * a row are those of the whole, so actions = entities * options per entity.
 */
export interface DqnUpdateOptions {
  /** Outputs * entities = actions * max(1, quantiles), with one more "action" in front (V) where dueling. */
  readonly online: NativeNetwork;
  readonly target: NativeNetwork;
  readonly optimiser: NativeOptimiser;
  /** Greatest number of rows of a batch. */
  readonly rows: number;
  readonly actions: number;
  readonly entities?: number;
  /** Argmax of the online network, value of the target network; else both from the target network. */
  readonly double: boolean;
  /** Default false. Not together with entities above 1. */
  readonly dueling?: boolean;
  /** Quantiles an action; 0, the default: expected values. */
  readonly quantiles?: number;
  /** Default 'smooth-l1' with beta 1; the quantile loss (summed over quantiles) where quantiles is above 0. */
  readonly loss?: 'smooth-l1' | 'mean-squared';
  /** Conservative Q-learning: adds this times mean(logsumexp over valid Q - Q of the action). Default 0. */
  readonly conservative?: number;
}

export interface NativeDqnUpdate {
  /** [loss, gradient norm before the clip, mean Q of the actions taken, conservative penalty] of the last update. */
  readonly statistics: Float64Array;
  /** Returns the loss. Writes `batch.errors`. `maxNorm` Infinity: no clip. */
  update(batch: NativeTransitionBatch, learningRate: number, maxNorm: number): number;
}

export interface PpoUpdateOptions {
  readonly policy: NativeNetwork;
  /** Outputs 1. */
  readonly value: NativeNetwork;
  /** Over [policy, value]. */
  readonly optimiser: NativeOptimiser;
  /** Greatest number of rows of a minibatch. */
  readonly rows: number;
  readonly actions: readonly number[];
  /** Of the policy; default 1. Above 1 the rollout needs valueInputs. */
  readonly entities?: number;
  readonly normaliseAdvantages: boolean;
  readonly valueLoss: ValueLoss;
  readonly valueCoefficient: number;
}

export interface NativePpoUpdate {
  /**
   * [loss, policy loss, value loss, entropy, approximate KL, clip fraction, gradient norm, stepped (1) or stopped (0)].
   * Loss = policy loss + value coefficient * value loss - entropy coefficient * entropy.
   */
  readonly statistics: Float64Array;
  /**
   * One minibatch: the rows `indices[from .. from + count)` of the rollout. Does not step, and returns false, where the
   * approximate KL is above `klLimit` (Infinity: never). A minibatch of one row is not normalised.
   */
  update(
    rollout: NativeRollout,
    indices: Int32Array,
    from: number,
    count: number,
    learningRate: number,
    clip: number,
    valueClip: number,
    entropyCoefficient: number,
    maxNorm: number,
    klLimit: number,
  ): boolean;
}

export interface A2cUpdateOptions {
  readonly policy: NativeNetwork;
  readonly value: NativeNetwork;
  /** Over [policy, value]. */
  readonly optimiser: NativeOptimiser;
  /** Greatest number of rows of a rollout. */
  readonly rows: number;
  readonly actions: readonly number[];
  readonly entities?: number;
  readonly normaliseAdvantages: boolean;
  readonly valueCoefficient: number;
}

export interface NativeA2cUpdate {
  /** [loss, policy loss, value loss (mean squared), entropy, gradient norm]. */
  readonly statistics: Float64Array;
  /** One step over the whole rollout; loss = -mean(A log p) + value coefficient * value loss - coefficient * entropy. */
  update(rollout: NativeRollout, learningRate: number, entropyCoefficient: number, maxNorm: number): number;
}

export interface SacUpdateOptions {
  readonly policy: NativeNetwork;
  readonly critics: readonly [NativeNetwork, NativeNetwork];
  readonly targets: readonly [NativeNetwork, NativeNetwork];
  /** Over [policy]. */
  readonly policyOptimiser: NativeOptimiser;
  /** Over both critics. */
  readonly criticOptimiser: NativeOptimiser;
  readonly rows: number;
  readonly actions: number;
  readonly entities?: number;
  /** Times ln(valid actions) of each row is the entropy to hold. */
  readonly targetEntropyShare: number;
  readonly logTemperature: number;
}

export interface NativeSacUpdate {
  /** [log temperature, its Adam moments m and v, steps]; write it to restore a checkpoint. */
  readonly temperature: Float64Array;
  /** [critic loss, actor loss, temperature loss, entropy, critic gradient norm, policy gradient norm]. */
  readonly statistics: Float64Array;
  /**
   * Critics (with the policy and temperature as they are), then the policy against the new critics, then the temperature
   * (Adam, betas 0.9 and 0.999, eps 1e-8; not learned where its rate is 0). Targets are the caller's (`copyFrom`). Returns the critic
   * loss. `batch.errors` gets the mean of both critics' errors.
   */
  update(
    batch: NativeTransitionBatch,
    policyRate: number,
    criticRate: number,
    temperatureRate: number,
    maxNorm: number,
  ): number;
}
