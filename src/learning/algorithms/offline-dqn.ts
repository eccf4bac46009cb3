import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeOptimiser } from '../../native/network.ts';
import type { NativeReplay, NativeTransitionBatch } from '../../native/replay.ts';
import type { NativeDqnUpdate } from '../../native/updates.ts';
import { RandomStream } from '../../util/rng.ts';
import { type Agent, type Schedule, scheduled } from '../agent.ts';
import type { EnvironmentShape } from '../environment.ts';
import { errors } from '../errors.ts';
import { QNetwork } from '../networks/q-network.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { checkActions } from './checked-actions.ts';
import { checkLoss, checkSettings } from './checked-settings.ts';

/*
 * Q-learning from recorded decisions alone, with the penalty of conservative Q-learning in its form CQL(H): Kumar and others,
 * arXiv 2006.04779, equation 4: values of decisions that nobody made are pressed down (logsumexp), those of decisions
 * that were made are held up, so that errors of what was never tried are not what the policy goes for.
 *
 * Differences:
 * - a double DQN with expected values below the penalty; the paper's discrete experiments have quantiles (QR-DQN), which
 *   the penalty cannot be had with here
 * - logsumexp runs over the valid actions of a state
 * - the weight of the penalty is fixed, not found by a Lagrangian
 */

/** One recorded stream of decisions, in the order in which they were made. */
export interface RecordedTransitions {
  readonly rows: number;
  /** [rows][observationSize] */
  readonly observations: Float32Array;
  /** [rows][options], if and only if the shape is masked. */
  readonly masks?: Uint8Array;
  readonly actions: Int32Array;
  readonly rewards: Float32Array;
  /** What followed each decision, of the same episode. */
  readonly nextObservations: Float32Array;
  readonly nextMasks?: Uint8Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
}

/** After the paper's appendix F (Atari: Adam 6.25e-5, batch 32, penalty 1 to 4) at the size of vectors. */
export const defaultOfflineDqn = {
  seed: 0,
  /** Gradient steps of the whole training, which schedules run over. */
  totalSteps: 50_000,
  hidden: [64, 64] as readonly number[],
  activation: 'relu' as 'relu' | 'tanh',
  learningRate: 3e-4 as Schedule,
  adamEpsilon: 1e-8,
  batchSize: 64,
  gamma: 0.99,
  /** Weight of the conservative penalty; 0 is plain double DQN on the record. */
  conservative: 1,
  /** Gradient steps between copies to the target network. */
  targetEvery: 500,
  maxGradientNorm: 10,
  loss: 'smooth-l1' as 'smooth-l1' | 'mean-squared',
  /** n of the n-step return: of what was decided then, so longer ones lean towards the policy of the record. */
  steps: 1,
  entities: 1,
};

export type OfflineDqnSettings = Readonly<typeof defaultOfflineDqn>;

/** One step is one gradient step. */
export class OfflineDqn implements Agent {
  readonly settings: OfflineDqnSettings;
  readonly network: QNetwork;
  readonly #optimiser: NativeOptimiser;
  readonly #replay: NativeReplay;
  readonly #batch: NativeTransitionBatch;
  readonly #update: NativeDqnUpdate;
  readonly #random: RandomStream;
  readonly #uniforms: Float64Array;
  #steps = 0;
  /** Whether this object has made a step: a restored one has no figures yet. */
  #learned = false;

  constructor(
    shape: EnvironmentShape,
    data: RecordedTransitions,
    settings: Partial<OfflineDqnSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultOfflineDqn, ...settings };
    checkSettings(this.settings, {
      counts: ['totalSteps', 'batchSize', 'targetEvery', 'steps', 'entities'],
      shares: ['gamma'],
      amounts: ['learningRate', 'adamEpsilon', 'conservative', 'maxGradientNorm'],
    });
    const { seed, hidden, activation, batchSize, entities } = this.settings;
    const { observationSize, actions, masked } = shape;
    const options = actions[0]!;
    if (actions.length !== 1)
      throw errors.KISIM_E_LEARNING_SETTINGS(`${actions.length} choices an action`, {
        expected: 'one choice an action: a Q-network has a value for each option',
      });
    this.network = new QNetwork(
      learner,
      { observationSize, actions: options, hidden, activation, dueling: false, quantiles: 0, entities },
      new RandomStream(seed).fork('weights'),
    );
    const { online, target } = this.network;
    this.#optimiser = new learner.Optimiser({
      networks: [online],
      kind: 'adam',
      epsilon: this.settings.adamEpsilon,
    });
    this.#replay = new learner.Replay({
      capacity: data.rows,
      inputs: observationSize,
      actions: options,
      masks: masked,
      environments: 1,
      steps: this.settings.steps,
      gamma: this.settings.gamma,
    });
    fillReplay(this.#replay, shape, data);
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
      double: true,
      loss: this.settings.loss,
      conservative: this.settings.conservative,
    });
    this.#random = new RandomStream(seed).fork('offline-dqn');
    this.#uniforms = new Float64Array(batchSize);
  }

  get steps(): number {
    return this.#steps;
  }

  get figures(): Readonly<Record<string, number>> {
    if (!this.#learned) return {};
    const [loss, gradientNorm, meanValue, penalty] = this.#update.statistics;
    return { loss: loss!, gradientNorm: gradientNorm!, meanValue: meanValue!, penalty: penalty! };
  }

  trainUntil(steps: number): void {
    const { targetEvery, learningRate, totalSteps, maxGradientNorm } = this.settings;
    const maxNorm = maxGradientNorm === 0 ? Number.POSITIVE_INFINITY : maxGradientNorm;
    while (this.#steps < steps) {
      for (let i = 0; i < this.#uniforms.length; i++) this.#uniforms[i] = this.#random.next();
      this.#replay.sample(this.#batch, this.#uniforms, 0);
      const rate = scheduled(learningRate, this.#steps / totalSteps);
      checkLoss(this.#update.update(this.#batch, rate, maxNorm), this.#steps);
      this.#steps++;
      this.#learned = true;
      if (this.#steps % targetEvery === 0) this.network.target.copyFrom(this.network.online);
    }
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    this.network.greedy(observations, masks, rows, actions);
  }

  save(): SavedState {
    return {
      algorithm: 'offline-dqn',
      settings: this.settings,
      steps: this.#steps,
      random: this.#random.state,
      online: this.network.online.parameters.slice(),
      target: this.network.target.parameters.slice(),
      optimiser: savedOptimiser(this.#optimiser),
    };
  }

  /** On the same record as that it was saved on. */
  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'offline-dqn');
    fields.same('settings', this.settings);
    fields.into('online', this.network.online.parameters);
    fields.into('target', this.network.target.parameters);
    restoreOptimiser(this.#optimiser, fields.fields('optimiser'));
    this.#random.restore(fields.random('random'));
    this.#steps = fields.number('steps');
  }
}

function fillReplay(replay: NativeReplay, shape: EnvironmentShape, data: RecordedTransitions): void {
  const { observationSize: size, actions, masked } = shape;
  const options = actions[0]!;
  const { rows, observations, masks, nextObservations, nextMasks, rewards, terminated, truncated } = data;
  const right =
    rows >= 1 &&
    observations.length === rows * size &&
    nextObservations.length === rows * size &&
    [data.actions, rewards, terminated, truncated].every(({ length }) => length === rows) &&
    (masked
      ? masks?.length === rows * options && nextMasks?.length === rows * options
      : masks === undefined && nextMasks === undefined);
  if (!right) throw errors.KISIM_E_LEARNING_DATA(`${rows} rows with arrays of other lengths`);
  checkActions(shape, data);
  for (let row = 0; row < rows; row++)
    replay.add(
      observations.subarray(row * size, (row + 1) * size),
      masks?.subarray(row * options, (row + 1) * options),
      data.actions.subarray(row, row + 1),
      rewards.subarray(row, row + 1),
      nextObservations.subarray(row * size, (row + 1) * size),
      nextMasks?.subarray(row * options, (row + 1) * options),
      terminated.subarray(row, row + 1),
      truncated.subarray(row, row + 1),
    );
  replay.flush();
}
