import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeOptimiser } from '../../native/network.ts';
import type { NativeA2cUpdate } from '../../native/updates.ts';
import { ActorCritic } from '../actor-critic.ts';
import { type Agent, type Schedule, scheduled } from '../agent.ts';
import type { EnvironmentBatch } from '../environment.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { checkLoss, checkSettings } from './checked-settings.ts';

/*
 * Advantage actor-critic, the synchronous form of Mnih and others, "Asynchronous methods for deep reinforcement learning", arXiv
 * 1602.01783: short rollouts of many environments, one gradient step over each.
 *
 * Differences:
 * - environments wait for each other, there are no asynchronous actors
 * - policy and value network share no layers, as in Stable-Baselines3 with vectors as observations
 * - invalid options have probability 0 in the rollout and in the update; several choices an action are independent
 * - an episode that was cut off by time is bootstrapped from its own last observation
 */

/** Defaults are those of Stable-Baselines3 2.9 (stable_baselines3/a2c/a2c.py) unless said otherwise. */
export const defaultA2c = {
  seed: 0,
  /** Environment steps of the whole training, which schedules run over. */
  totalSteps: 1_000_000,
  /** Of the policy, and of the value network. */
  hidden: [64, 64] as readonly number[],
  activation: 'tanh' as 'relu' | 'tanh',
  learningRate: 7e-4 as Schedule,
  /** 'torch' as SB3 has it; 'tensorflow' (epsilon inside the root, state from 1) is what the paper used and is stabler. */
  rmsprop: 'torch' as 'torch' | 'tensorflow',
  rmspropAlpha: 0.99,
  rmspropEpsilon: 1e-5,
  /** Steps of each environment in a rollout. */
  rolloutSteps: 5,
  gamma: 0.99,
  lambda: 1,
  valueCoefficient: 0.5,
  entropyCoefficient: 0 as Schedule,
  normaliseAdvantages: false,
  /** Global norm of the gradients of both networks; 0: not clipped. */
  maxGradientNorm: 0.5,
  normaliseObservations: false,
  normaliseRewards: false,
  /** Parts of the observation that share the policy network (nodes of a cluster); 1: none. */
  entities: 1,
};

export type A2cSettings = Readonly<typeof defaultA2c>;

export class A2c implements Agent {
  readonly settings: A2cSettings;
  readonly model: ActorCritic;
  readonly #optimiser: NativeOptimiser;
  readonly #update: NativeA2cUpdate;
  #steps = 0;
  #learned = false;

  constructor(
    environments: EnvironmentBatch,
    settings: Partial<A2cSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultA2c, ...settings };
    checkSettings(this.settings, {
      counts: ['totalSteps', 'rolloutSteps', 'entities'],
      shares: ['gamma', 'lambda', 'rmspropAlpha'],
      amounts: [
        'learningRate',
        'rmspropEpsilon',
        'valueCoefficient',
        'entropyCoefficient',
        'maxGradientNorm',
      ],
    });
    this.model = new ActorCritic(environments, this.settings, learner);
    const { policy, value, rollout } = this.model;
    this.#optimiser = new learner.Optimiser({
      networks: [policy, value],
      kind: 'rmsprop',
      style: this.settings.rmsprop,
      alpha: this.settings.rmspropAlpha,
      epsilon: this.settings.rmspropEpsilon,
    });
    this.#update = new learner.A2cUpdate({
      policy,
      value,
      optimiser: this.#optimiser,
      rows: rollout.rows,
      actions: environments.actions,
      entities: this.settings.entities,
      normaliseAdvantages: this.settings.normaliseAdvantages,
      valueCoefficient: this.settings.valueCoefficient,
    });
  }

  get steps(): number {
    return this.#steps;
  }

  /** Of the last rollout. */
  get figures(): Readonly<Record<string, number>> {
    if (!this.#learned) return {};
    const [loss, policyLoss, valueLoss, entropy, gradientNorm] = this.#update.statistics;
    return {
      loss: loss!,
      policyLoss: policyLoss!,
      valueLoss: valueLoss!,
      entropy: entropy!,
      gradientNorm: gradientNorm!,
      explainedVariance: this.model.explainedVariance(),
    };
  }

  trainUntil(steps: number): void {
    const { totalSteps, learningRate, entropyCoefficient, maxGradientNorm } = this.settings;
    const { rollout } = this.model;
    while (this.#steps < steps) {
      this.model.collect();
      this.#steps += rollout.rows;
      const done = this.#steps / totalSteps;
      const loss = this.#update.update(
        rollout,
        scheduled(learningRate, done),
        scheduled(entropyCoefficient, done),
        maxGradientNorm === 0 ? Number.POSITIVE_INFINITY : maxGradientNorm,
      );
      checkLoss(loss, this.#steps);
      this.#learned = true;
    }
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    this.model.greedy(observations, masks, rows, actions);
  }

  save(): SavedState {
    return {
      algorithm: 'a2c',
      settings: this.settings,
      steps: this.#steps,
      optimiser: savedOptimiser(this.#optimiser),
      model: this.model.save(),
    };
  }

  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'a2c');
    fields.same('settings', this.settings);
    restoreOptimiser(this.#optimiser, fields.fields('optimiser'));
    this.model.restore(fields.value('model'));
    this.#steps = fields.number('steps');
  }
}
