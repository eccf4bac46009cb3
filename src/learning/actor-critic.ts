import type { NativeLearner } from '../native/learner.ts';
import type { NativeCategorical } from '../native/losses.ts';
import type { NativeNetwork, NativeNormaliser, NativeRewardNormaliser } from '../native/network.ts';
import type { NativeRollout } from '../native/rollout.ts';
import { RandomStream } from '../util/rng.ts';
import { type EnvironmentBatch, optionsOf } from './environment.ts';
import { errors } from './errors.ts';
import { orthogonal } from './networks/initialise.ts';
import { restoreNormaliser, savedNormaliser } from './networks/saved-parts.ts';
import { SavedFields, type SavedState, type SavedValue } from './saved-state.ts';

export interface ActorCriticOptions {
  readonly seed: number;
  /** Hidden layers of the policy, and of the value network beside it. */
  readonly hidden: readonly number[];
  readonly activation: 'relu' | 'tanh';
  /** Steps of each environment in a rollout. */
  readonly rolloutSteps: number;
  readonly gamma: number;
  readonly lambda: number;
  readonly normaliseObservations: boolean;
  readonly normaliseRewards: boolean;
  readonly entities: number;
}

/**
 * What PPO and A2C have in common: a policy and a value network apart from each other, rollouts of experience with the policy as it is,
 * and generalised advantages (Schulman and others, arXiv 1506.02438). Normalises as Stable-Baselines3's VecNormalize does.
 */
export class ActorCritic {
  readonly policy: NativeNetwork;
  readonly value: NativeNetwork;
  readonly rollout: NativeRollout;
  /** What the policy's observations go through first; an export has to hold it too. */
  readonly observationNormaliser: NativeNormaliser | undefined;
  readonly #environments: EnvironmentBatch;
  readonly #options: ActorCriticOptions;
  readonly #categorical: NativeCategorical;
  readonly #rewardNormaliser: NativeRewardNormaliser | undefined;
  readonly #random: RandomStream;
  readonly #steps: readonly RolloutStep[];
  /** What the policy acts on next, normalised. */
  readonly #observations: Float32Array;
  readonly #finalObservations: Float32Array;
  readonly #finalValues: Float32Array;
  readonly #lastValues: Float32Array;
  readonly #ended: Uint8Array;
  readonly #uniforms: Float64Array;
  readonly #logits: Float32Array;
  #actLogits = new Float32Array(0);
  #actObservations = new Float32Array(0);

  constructor(environments: EnvironmentBatch, options: ActorCriticOptions, learner: NativeLearner) {
    const { count, observationSize, actions, valueObservations } = environments;
    const { seed, hidden, activation, rolloutSteps, gamma, entities } = options;
    const valueInputs = valueObservations === undefined ? 0 : valueObservations.length / count;
    const width = optionsOf(actions);
    if (observationSize % entities !== 0 || width % entities !== 0 || (entities > 1 && valueInputs === 0))
      throw errors.KISIM_E_LEARNING_SETTINGS(`${entities} entities`, {
        expected: `entities that divide ${observationSize} numbers and ${width} actions, and observations of their own for the value network`,
      });
    if (options.normaliseObservations && valueInputs > 0)
      throw errors.KISIM_E_LEARNING_SETTINGS('observations of the value network to be normalised', {
        expected: 'normalised observations only where policy and value network read the same',
      });
    this.#environments = environments;
    this.#options = options;
    const random = new RandomStream(seed).fork('weights');
    const layers = (inputs: number, outputs: number, gain: number) => {
      const network = new learner.Network({ inputs, hidden, outputs, activation });
      const gains = [...hidden.map(() => Math.SQRT2), gain];
      orthogonal(network, [inputs, ...hidden, outputs], gains, random);
      return network;
    };
    this.policy = layers(observationSize / entities, width / entities, 0.01);
    this.value = layers(valueInputs === 0 ? observationSize : valueInputs, 1, 1);
    this.#categorical = new learner.Categorical({ actions });
    this.rollout = new learner.Rollout({
      steps: rolloutSteps,
      environments: count,
      inputs: observationSize,
      valueInputs,
      actions,
    });
    this.observationNormaliser = options.normaliseObservations
      ? new learner.Normaliser({ size: observationSize })
      : undefined;
    this.#rewardNormaliser = options.normaliseRewards
      ? new learner.RewardNormaliser({ environments: count, gamma })
      : undefined;
    this.#random = new RandomStream(seed).fork('actions');
    this.#steps = rolloutRows(this.rollout, rolloutSteps);
    this.#observations = new Float32Array(count * observationSize);
    this.#finalObservations = new Float32Array(count * observationSize);
    this.#finalValues = new Float32Array(count);
    this.#lastValues = new Float32Array(count);
    this.#ended = new Uint8Array(count);
    this.#uniforms = new Float64Array(count * actions.length);
    this.#logits = new Float32Array(count * width);
    environments.reset(seed);
    this.#observe();
  }

  /** Fills the rollout, advantages and returns too. */
  collect(): void {
    const environments = this.#environments;
    const { count, masked, rewards, terminated, truncated } = environments;
    const { entities, gamma, lambda } = this.#options;
    for (const step of this.#steps) {
      step.observations.set(this.#observations);
      if (masked) step.masks.set(environments.masks);
      if (environments.valueObservations !== undefined)
        step.valueObservations.set(environments.valueObservations);
      this.policy.forward(step.observations, count * entities, this.#logits);
      this.value.forward(step.valueObservations, count, step.values);
      for (let i = 0; i < this.#uniforms.length; i++) this.#uniforms[i] = this.#random.next();
      this.#categorical.sample(
        this.#logits,
        masked ? step.masks : undefined,
        count,
        this.#uniforms,
        step.actions,
        step.logProbabilities,
      );
      environments.step(step.actions);
      step.rewards.set(rewards);
      step.terminated.set(terminated);
      step.truncated.set(truncated);
      let cut = 0;
      for (let i = 0; i < count; i++) {
        this.#ended[i] = terminated[i]! | truncated[i]!;
        cut += truncated[i]!;
      }
      this.#rewardNormaliser?.apply(step.rewards, this.#ended);
      this.#observe();
      if (cut > 0) this.#valueOfCutEpisodes(step.finalValues);
    }
    this.value.forward(environments.valueObservations ?? this.#observations, count, this.#lastValues);
    this.rollout.computeAdvantages(this.#lastValues, gamma, lambda);
  }

  /** The most probable valid option of each choice. */
  greedy(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    const { entities } = this.#options;
    const width = this.policy.outputs * entities;
    if (this.#actLogits.length < rows * width) this.#actLogits = new Float32Array(rows * width);
    let given = observations;
    if (this.observationNormaliser !== undefined) {
      const size = rows * this.policy.inputs * entities;
      if (this.#actObservations.length < size) this.#actObservations = new Float32Array(size);
      given = this.#actObservations;
      this.observationNormaliser.apply(observations, given, rows);
    }
    this.policy.forward(given, rows * entities, this.#actLogits);
    this.#categorical.greedy(this.#actLogits, masks, rows, actions);
  }

  /** 1 - Var(returns - values) / Var(returns) of the rollout: how much of the returns the values foresaw. */
  explainedVariance(): number {
    const { returns, values } = this.rollout;
    const errorsOfValues = returns.map((value, i) => value - values[i]!);
    const spread = variance(returns);
    return spread === 0 ? Number.NaN : 1 - variance(errorsOfValues) / spread;
  }

  save(): SavedState {
    return {
      policy: this.policy.parameters.slice(),
      value: this.value.parameters.slice(),
      random: this.#random.state,
      observationNormaliser: savedNormaliser(this.observationNormaliser),
      rewardNormaliser: savedNormaliser(this.#rewardNormaliser),
      observations: this.#observations.slice(),
      environments: this.#environments.save(),
    };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'actorCritic.');
    fields.into('policy', this.policy.parameters);
    fields.into('value', this.value.parameters);
    restoreNormaliser(this.observationNormaliser, fields, 'observationNormaliser');
    restoreNormaliser(this.#rewardNormaliser, fields, 'rewardNormaliser');
    fields.into('observations', this.#observations);
    this.#environments.restore(fields.value('environments'));
    this.#random.restore(fields.random('random'));
  }

  /** Takes what the environments show now into the statistics, and normalises it by them. */
  #observe(): void {
    const { observations, count } = this.#environments;
    if (this.observationNormaliser === undefined) {
      this.#observations.set(observations);
      return;
    }
    this.observationNormaliser.update(observations, count);
    this.observationNormaliser.apply(observations, this.#observations, count);
  }

  /** A cut episode would have gone on: its last observation has a value, which GAE adds to the reward. */
  #valueOfCutEpisodes(finalValues: Float32Array): void {
    const { nextObservations, nextValueObservations, count } = this.#environments;
    let given = nextValueObservations ?? nextObservations;
    if (this.observationNormaliser !== undefined) {
      this.observationNormaliser.apply(nextObservations, this.#finalObservations, count);
      given = this.#finalObservations;
    }
    this.value.forward(given, count, this.#finalValues);
    finalValues.set(this.#finalValues);
  }
}

/** Windows on one step of a rollout, made once. */
interface RolloutStep {
  readonly observations: Float32Array;
  readonly valueObservations: Float32Array;
  readonly masks: Uint8Array;
  readonly actions: Int32Array;
  readonly logProbabilities: Float32Array;
  readonly values: Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly finalValues: Float32Array;
}

function rolloutRows(rollout: NativeRollout, steps: number): readonly RolloutStep[] {
  const part = <T extends Float32Array | Uint8Array | Int32Array>(array: T, step: number): T => {
    const size = array.length / steps;
    return array.subarray(step * size, (step + 1) * size) as T;
  };
  return Array.from({ length: steps }, (_, step) => ({
    observations: part(rollout.observations, step),
    valueObservations: part(rollout.valueObservations, step),
    masks: part(rollout.masks, step),
    actions: part(rollout.actions, step),
    logProbabilities: part(rollout.logProbabilities, step),
    values: part(rollout.values, step),
    rewards: part(rollout.rewards, step),
    terminated: part(rollout.terminated, step),
    truncated: part(rollout.truncated, step),
    finalValues: part(rollout.finalValues, step),
  }));
}

function variance(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return squares / values.length;
}
