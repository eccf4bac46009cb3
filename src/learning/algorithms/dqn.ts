import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeOptimiser } from '../../native/network.ts';
import type { NativeReplay, NativeTransitionBatch } from '../../native/replay.ts';
import type { NativeDqnUpdate } from '../../native/updates.ts';
import { RandomStream } from '../../util/rng.ts';
import { type Agent, type Schedule, scheduled } from '../agent.ts';
import type { EnvironmentBatch } from '../environment.ts';
import { errors } from '../errors.ts';
import { QNetwork } from '../networks/q-network.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { checkLoss, checkSettings } from './checked-settings.ts';

/*
 * Deep Q-learning: Mnih and others, "Human-level control through deep reinforcement learning", Nature 2015, with the switches of
 * Rainbow (Hessel and others, arXiv 1710.02298) that can be had one by one:
 * - double: van Hasselt, Guez and Silver, arXiv 1509.06461
 * - dueling: Wang and others, arXiv 1511.06581
 * - prioritised: Schaul and others, arXiv 1511.05952
 * - steps: n-step returns, Sutton and Barto, chapter 7
 * - quantiles: QR-DQN, Dabney and others, arXiv 1710.10044
 *
 * Differences:
 * - valid actions only: where an environment is masked, the argmax, the random action and the argmax of the target are over
 *   what is valid, and a next state without any valid action is worth 0
 * - an episode that was cut off by time goes on in the target (the paper's emulator had no such thing)
 * - no frame stacking, no reward clipping, no noisy nets, no categorical (C51) head
 * - n-step returns end at the end of an episode and discount by the steps really summed, as in Stable-Baselines3; Rainbow's
 *   code of CleanRL drops them
 */

/** Defaults are those of Stable-Baselines3 2.9 (stable_baselines3/dqn/dqn.py) unless said otherwise. */
export const defaultDqn = {
  seed: 0,
  /** Environment steps of the whole training, which exploration and beta are planned over. */
  totalSteps: 100_000,
  hidden: [64, 64] as readonly number[],
  activation: 'relu' as 'relu' | 'tanh',
  learningRate: 1e-4 as Schedule,
  adamEpsilon: 1e-8,
  batchSize: 32,
  /** SB3 keeps 1e6 transitions; memory here is taken at once. */
  bufferSize: 100_000,
  /** Steps at random before the first update. */
  learningStarts: 100,
  gamma: 0.99,
  /** An update round after so many environment steps, of so many gradient steps. */
  trainEvery: 4,
  gradientSteps: 1,
  /** Environment steps between copies to the target network, and the share of the online network in them (tau). */
  targetEvery: 10_000,
  targetShare: 1,
  /** Epsilon falls linearly from `from` to `to` over this share of the training. */
  explorationShare: 0.1,
  exploration: { from: 1, to: 0.05 },
  /** Global norm of the gradients; 0: not clipped. */
  maxGradientNorm: 10,
  loss: 'smooth-l1' as 'smooth-l1' | 'mean-squared',
  double: false,
  dueling: false,
  /** n of the n-step return. */
  steps: 1,
  /** Alpha, first beta (1 at the end) and epsilon as in Rainbow: { alpha: 0.5, beta: 0.4, epsilon: 1e-6 }. */
  prioritised: null as { readonly alpha: number; readonly beta: number; readonly epsilon: number } | null,
  /** Quantiles an action (QR-DQN has 200 for Atari games, SB3's zoo 10 for CartPole); 0: expected values. */
  quantiles: 0,
  /** Parts of the observation that share the network (nodes of a cluster); 1: none. */
  entities: 1,
};

export type DqnSettings = Readonly<typeof defaultDqn>;

export class Dqn implements Agent {
  readonly settings: DqnSettings;
  readonly network: QNetwork;
  readonly #environments: EnvironmentBatch;
  readonly #optimiser: NativeOptimiser;
  readonly #replay: NativeReplay;
  readonly #batch: NativeTransitionBatch;
  readonly #update: NativeDqnUpdate;
  readonly #random: RandomStream;
  readonly #options: number;
  readonly #actions: Int32Array;
  readonly #observations: Float32Array;
  readonly #masks: Uint8Array;
  readonly #explores: Uint8Array;
  readonly #uniforms: Float64Array;
  #steps = 0;
  #updates = 0;
  /** Whether this object has made one of them: a restored one has no figures yet. */
  #learned = false;

  constructor(
    environments: EnvironmentBatch,
    settings: Partial<DqnSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultDqn, ...settings };
    checkSettings(this.settings, {
      counts: [
        'totalSteps',
        'batchSize',
        'bufferSize',
        'trainEvery',
        'gradientSteps',
        'targetEvery',
        'steps',
        'entities',
      ],
      shares: ['gamma', 'targetShare', 'explorationShare'],
      amounts: [
        'learningRate',
        'adamEpsilon',
        'learningStarts',
        'exploration',
        'maxGradientNorm',
        'quantiles',
      ],
    });
    const { batchSize, prioritised, seed } = this.settings;
    const { count, observationSize, actions, masked } = environments;
    if (actions.length !== 1)
      throw errors.KISIM_E_LEARNING_SETTINGS(`${actions.length} choices an action`, {
        expected: 'one choice an action: a Q-network has a value for each option',
        action: 'learn with PPO or A2C, or make one choice of all combinations',
      });
    this.#environments = environments;
    this.#options = actions[0]!;
    const options = this.#options;
    this.#random = new RandomStream(seed).fork('dqn');
    const { hidden, activation, dueling, quantiles, entities } = this.settings;
    this.network = new QNetwork(
      learner,
      { observationSize, actions: options, hidden, activation, dueling, quantiles, entities },
      new RandomStream(seed).fork('weights'),
    );
    const { online, target } = this.network;
    this.#optimiser = new learner.Optimiser({
      networks: [online],
      kind: 'adam',
      epsilon: this.settings.adamEpsilon,
    });
    this.#replay = new learner.Replay({
      capacity: this.settings.bufferSize,
      inputs: observationSize,
      actions: options,
      masks: masked,
      environments: count,
      steps: this.settings.steps,
      gamma: this.settings.gamma,
      ...(prioritised === null
        ? {}
        : { prioritised: { alpha: prioritised.alpha, epsilon: prioritised.epsilon } }),
    });
    this.#batch = new learner.TransitionBatch({
      rows: batchSize,
      inputs: observationSize,
      actions: options,
    });
    this.#update = new learner.DqnUpdate({
      online,
      target,
      optimiser: this.#optimiser,
      rows: batchSize,
      actions: options,
      entities,
      double: this.settings.double,
      dueling,
      quantiles,
      loss: this.settings.loss,
    });
    this.#actions = new Int32Array(count);
    this.#observations = new Float32Array(count * observationSize);
    this.#masks = new Uint8Array(count * options);
    this.#explores = new Uint8Array(count);
    this.#uniforms = new Float64Array(batchSize);
    environments.reset(seed);
  }

  get steps(): number {
    return this.#steps;
  }

  get figures(): Readonly<Record<string, number>> {
    if (!this.#learned) return {};
    const [loss, gradientNorm, meanValue] = this.#update.statistics;
    return {
      loss: loss!,
      gradientNorm: gradientNorm!,
      meanValue: meanValue!,
      epsilon: this.epsilon,
      updates: this.#updates,
    };
  }

  /** Chance of a random action at the next step. */
  get epsilon(): number {
    const { exploration, explorationShare, totalSteps } = this.settings;
    return scheduled(exploration, this.#steps / (explorationShare * totalSteps));
  }

  trainUntil(steps: number): void {
    while (this.#steps < steps) this.#advance();
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    this.network.greedy(observations, masks, rows, actions);
  }

  save(): SavedState {
    return {
      algorithm: 'dqn',
      settings: this.settings,
      steps: this.#steps,
      updates: this.#updates,
      random: this.#random.state,
      online: this.network.online.parameters.slice(),
      target: this.network.target.parameters.slice(),
      optimiser: savedOptimiser(this.#optimiser),
      replay: this.#replay.save(),
      environments: this.#environments.save(),
    };
  }

  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'dqn');
    fields.same('settings', this.settings);
    fields.into('online', this.network.online.parameters);
    fields.into('target', this.network.target.parameters);
    restoreOptimiser(this.#optimiser, fields.fields('optimiser'));
    this.#replay.restore(fields.bytes('replay'));
    this.#environments.restore(fields.value('environments'));
    this.#random.restore(fields.random('random'));
    this.#steps = fields.number('steps');
    this.#updates = fields.number('updates');
  }

  /** One step of all environments, and what is due after it. */
  #advance(): void {
    const environments = this.#environments;
    const { masked, count } = environments;
    this.#observations.set(environments.observations);
    if (masked) this.#masks.set(environments.masks);
    this.#choose();
    environments.step(this.#actions);
    this.#replay.add(
      this.#observations,
      masked ? this.#masks : undefined,
      this.#actions,
      environments.rewards,
      environments.nextObservations,
      masked ? environments.nextMasks : undefined,
      environments.terminated,
      environments.truncated,
    );
    const before = this.#steps;
    this.#steps += count;
    const { targetEvery, targetShare, trainEvery, learningStarts, gradientSteps } = this.settings;
    if (crossed(before, this.#steps, targetEvery))
      this.network.target.copyFrom(this.network.online, targetShare);
    if (this.#steps > learningStarts && crossed(before, this.#steps, trainEvery))
      for (let i = 0; i < gradientSteps; i++) this.#learn();
  }

  /** Epsilon-greedy among the valid actions. */
  #choose(): void {
    const { count, masks, masked } = this.#environments;
    const epsilon = this.#steps < this.settings.learningStarts ? 1 : this.epsilon;
    let exploring = 0;
    for (let i = 0; i < count; i++) {
      const explores = this.#random.next() < epsilon ? 1 : 0;
      this.#explores[i] = explores;
      exploring += explores;
    }
    if (exploring < count)
      this.network.greedy(this.#observations, masked ? masks : undefined, count, this.#actions);
    for (let i = 0; i < count; i++)
      if (this.#explores[i] === 1) this.#actions[i] = this.#randomAction(i * this.#options);
  }

  #randomAction(from: number): number {
    const { masks } = this.#environments;
    const options = this.#options;
    let valid = 0;
    for (let option = 0; option < options; option++) valid += masks[from + option]!;
    let left = this.#random.integer(valid);
    let option = 0;
    while (masks[from + option] === 0 || left-- > 0) option++;
    return option;
  }

  #learn(): void {
    // With long returns nothing may be stored yet.
    if (this.#replay.size === 0) return;
    const { prioritised, totalSteps, learningRate, maxGradientNorm } = this.settings;
    for (let i = 0; i < this.#uniforms.length; i++) this.#uniforms[i] = this.#random.next();
    const done = this.#steps / totalSteps;
    const beta = prioritised === null ? 0 : scheduled({ from: prioritised.beta, to: 1 }, done);
    this.#replay.sample(this.#batch, this.#uniforms, beta);
    const loss = this.#update.update(
      this.#batch,
      scheduled(learningRate, done),
      maxGradientNorm === 0 ? Number.POSITIVE_INFINITY : maxGradientNorm,
    );
    checkLoss(loss, this.#steps);
    if (prioritised !== null) this.#replay.prioritise(this.#batch);
    this.#updates++;
    this.#learned = true;
  }
}

/** Whether a multiple of `interval` lies in (before, after]. */
function crossed(before: number, after: number, interval: number): boolean {
  return Math.floor(after / interval) > Math.floor(before / interval);
}
