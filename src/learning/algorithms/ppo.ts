import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeOptimiser } from '../../native/network.ts';
import type { NativePpoUpdate } from '../../native/updates.ts';
import { RandomStream } from '../../util/rng.ts';
import { ActorCritic } from '../actor-critic.ts';
import { type Agent, type Schedule, scheduled } from '../agent.ts';
import type { EnvironmentBatch } from '../environment.ts';
import { errors } from '../errors.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { shuffleIndices } from '../shuffle-indices.ts';
import { checkLoss, checkSettings } from './checked-settings.ts';

/*
 * Proximal policy optimisation: Schulman and others, arXiv 1707.06347, with the details that Huang and others, "The 37
 * implementation details of proximal policy optimization", 2022, found to matter.
 *
 * Differences:
 * - invalid options have probability 0 in the rollout and in the update (Huang and Ontanon, arXiv 2006.14171)
 * - several independent choices an action (MultiDiscrete): log-probabilities and entropies are added up
 * - an episode that was cut off by time is bootstrapped from its own last observation (Stable-Baselines3; not CleanRL)
 * - the value loss is mean squared as in Stable-Baselines3 where values are not clipped; clipped it is, at choice, baselines' and CleanRL's
 *   half of the greater one ('greatest') or SB3's ('clipped')
 * - the last minibatch of an epoch is smaller where they do not divide the rollout
 */

/** Defaults are those of Stable-Baselines3 2.9 (stable_baselines3/ppo/ppo.py) unless said otherwise. */
export const defaultPpo = {
  seed: 0,
  /** Environment steps of the whole training, which schedules run over. */
  totalSteps: 1_000_000,
  /** Of the policy, and of the value network. */
  hidden: [64, 64] as readonly number[],
  activation: 'tanh' as 'relu' | 'tanh',
  learningRate: 3e-4 as Schedule,
  adamEpsilon: 1e-5,
  /** Steps of each environment in a rollout. */
  rolloutSteps: 2048,
  minibatch: 64,
  epochs: 10,
  gamma: 0.99,
  /** Of generalised advantages. */
  lambda: 0.95,
  clip: 0.2 as Schedule,
  /** How far a value may move from that of the rollout; 0: not clipped. */
  valueClip: 0 as Schedule,
  valueLoss: 'squared' as 'squared' | 'clipped' | 'greatest',
  valueCoefficient: 0.5,
  entropyCoefficient: 0 as Schedule,
  /** Of each minibatch, by the unbiased deviation. */
  normaliseAdvantages: true,
  /** Global norm of the gradients of both networks; 0: not clipped. */
  maxGradientNorm: 0.5,
  /** The update ends before the step at whose minibatch the approximate KL divergence is above 1.5 times this; 0: never. */
  targetKl: 0,
  normaliseObservations: false,
  normaliseRewards: false,
  /** Parts of the observation that share the policy network (nodes of a cluster); 1: none. */
  entities: 1,
};

export type PpoSettings = Readonly<typeof defaultPpo>;

const FIGURES = [
  'loss',
  'policyLoss',
  'valueLoss',
  'entropy',
  'approximateKl',
  'clipFraction',
  'gradientNorm',
];

export class Ppo implements Agent {
  readonly settings: PpoSettings;
  readonly model: ActorCritic;
  readonly #optimiser: NativeOptimiser;
  readonly #update: NativePpoUpdate;
  readonly #random: RandomStream;
  readonly #indices: Int32Array;
  readonly #sums = new Float64Array(FIGURES.length);
  #minibatches = 0;
  #epochs = 0;
  #steps = 0;

  constructor(
    environments: EnvironmentBatch,
    settings: Partial<PpoSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultPpo, ...settings };
    checkSettings(this.settings, {
      counts: ['totalSteps', 'rolloutSteps', 'minibatch', 'epochs', 'entities'],
      shares: ['gamma', 'lambda'],
      amounts: [
        'learningRate',
        'adamEpsilon',
        'clip',
        'valueClip',
        'valueCoefficient',
        'entropyCoefficient',
        'maxGradientNorm',
        'targetKl',
      ],
    });
    const { seed, minibatch, entities } = this.settings;
    const rows = this.settings.rolloutSteps * environments.count;
    if (!(minibatch >= 1 && minibatch <= rows))
      throw errors.KISIM_E_LEARNING_SETTINGS(`minibatches of ${minibatch} of a rollout of ${rows} rows`, {
        expected: 'minibatches of at least one row and at most those of a rollout',
      });
    this.#random = new RandomStream(seed).fork('minibatches');
    this.model = new ActorCritic(environments, this.settings, learner);
    const { policy, value } = this.model;
    this.#optimiser = new learner.Optimiser({
      networks: [policy, value],
      kind: 'adam',
      epsilon: this.settings.adamEpsilon,
    });
    this.#update = new learner.PpoUpdate({
      policy,
      value,
      optimiser: this.#optimiser,
      rows: minibatch,
      actions: environments.actions,
      entities,
      normaliseAdvantages: this.settings.normaliseAdvantages,
      valueLoss: this.settings.valueLoss,
      valueCoefficient: this.settings.valueCoefficient,
    });
    this.#indices = Int32Array.from({ length: rows }, (_, row) => row);
  }

  get steps(): number {
    return this.#steps;
  }

  /** Means over the minibatches of the last rollout. */
  get figures(): Readonly<Record<string, number>> {
    if (this.#minibatches === 0) return {};
    return {
      ...Object.fromEntries(FIGURES.map((name, i) => [name, this.#sums[i]! / this.#minibatches])),
      explainedVariance: this.model.explainedVariance(),
      epochs: this.#epochs,
    };
  }

  trainUntil(steps: number): void {
    while (this.#steps < steps) {
      this.model.collect();
      this.#steps += this.model.rollout.rows;
      this.#learn();
    }
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    this.model.greedy(observations, masks, rows, actions);
  }

  save(): SavedState {
    return {
      algorithm: 'ppo',
      settings: this.settings,
      steps: this.#steps,
      random: this.#random.state,
      indices: this.#indices.slice(),
      optimiser: savedOptimiser(this.#optimiser),
      model: this.model.save(),
    };
  }

  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'ppo');
    fields.same('settings', this.settings);
    fields.into('indices', this.#indices);
    restoreOptimiser(this.#optimiser, fields.fields('optimiser'));
    this.model.restore(fields.value('model'));
    this.#random.restore(fields.random('random'));
    this.#steps = fields.number('steps');
  }

  /** Several passes over the rollout, each in an order of its own. */
  #learn(): void {
    const { settings } = this;
    const done = this.#steps / settings.totalSteps;
    const learningRate = scheduled(settings.learningRate, done);
    const clip = scheduled(settings.clip, done);
    const valueClip = orNoLimit(scheduled(settings.valueClip, done));
    const entropyCoefficient = scheduled(settings.entropyCoefficient, done);
    const maxNorm = orNoLimit(settings.maxGradientNorm);
    const klLimit = orNoLimit(1.5 * settings.targetKl);
    const { rollout } = this.model;
    const { statistics } = this.#update;
    this.#sums.fill(0);
    this.#minibatches = 0;
    for (this.#epochs = 0; this.#epochs < settings.epochs; this.#epochs++) {
      shuffleIndices(this.#indices, this.#random);
      for (let from = 0; from < rollout.rows; from += settings.minibatch) {
        const count = Math.min(settings.minibatch, rollout.rows - from);
        const stepped = this.#update.update(
          rollout,
          this.#indices,
          from,
          count,
          learningRate,
          clip,
          valueClip,
          entropyCoefficient,
          maxNorm,
          klLimit,
        );
        for (let i = 0; i < FIGURES.length; i++) this.#sums[i]! += statistics[i]!;
        this.#minibatches++;
        checkLoss(statistics[0]!, this.#steps);
        if (!stepped) return;
      }
    }
  }
}

function orNoLimit(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
