import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeCategorical } from '../../native/losses.ts';
import type { NativeNetwork, NativeOptimiser } from '../../native/network.ts';
import type { NativeReplay, NativeTransitionBatch } from '../../native/replay.ts';
import type { NativeSacUpdate } from '../../native/updates.ts';
import { exp, ln } from '../../util/portable-math.ts';
import { RandomStream } from '../../util/rng.ts';
import type { Agent } from '../agent.ts';
import type { EnvironmentBatch } from '../environment.ts';
import { errors } from '../errors.ts';
import { uniformByInputs } from '../networks/initialise.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { checkLoss, checkSettings } from './checked-settings.ts';

/*
 * Soft actor-critic for discrete actions: Christodoulou, arXiv 1910.07207, after Haarnoja and others, arXiv 1812.05905: two
 * critics, the policy's expectation taken in full instead of sampled, the temperature learned to hold an entropy.
 *
 * Differences:
 * - valid actions only; the entropy to hold is a share of the logarithm of how many of them a state has, so it is 0 where
 *   there is no choice
 * - an episode that was cut off by time goes on in the target
 * - critics are updated first, then the policy against the new ones, then the temperature, all from one minibatch (CleanRL's
 *   sac_atari.py does the same); the paper leaves the order open
 */

/** Defaults are those of the paper's appendix where it names them, else of CleanRL's sac_atari.py at the size of vectors. */
export const defaultSacDiscrete = {
  seed: 0,
  hidden: [64, 64] as readonly number[],
  activation: 'relu' as 'relu' | 'tanh',
  policyRate: 3e-4,
  criticRate: 3e-4,
  /** Of the temperature; 0: it stays at the first one. */
  temperatureRate: 3e-4,
  firstTemperature: 1,
  /** Of the greatest entropy a state allows; 0.98 in the paper. Fewer actions want less: 0.98 of two is next to a coin. */
  targetEntropyShare: 0.98,
  /** CleanRL: 1e-4 for the optimisers. */
  adamEpsilon: 1e-4,
  batchSize: 64,
  bufferSize: 100_000,
  /** Steps at random before the first update. */
  learningStarts: 1000,
  gamma: 0.99,
  /** An update round after so many environment steps, of so many gradient steps. */
  trainEvery: 4,
  gradientSteps: 1,
  /** Share of the critics that their targets take over after each gradient step (tau). */
  targetShare: 0.005,
  /** n of the n-step return. */
  steps: 1,
  /** Global norm, critics and policy apart; 0: not clipped. */
  maxGradientNorm: 0,
  /** Parts of the observation that share the networks (nodes of a cluster); 1: none. */
  entities: 1,
};

export type SacDiscreteSettings = Readonly<typeof defaultSacDiscrete>;

export class SacDiscrete implements Agent {
  readonly settings: SacDiscreteSettings;
  readonly policy: NativeNetwork;
  readonly critics: readonly [NativeNetwork, NativeNetwork];
  readonly #targets: readonly [NativeNetwork, NativeNetwork];
  readonly #environments: EnvironmentBatch;
  readonly #policyOptimiser: NativeOptimiser;
  readonly #criticOptimiser: NativeOptimiser;
  readonly #categorical: NativeCategorical;
  readonly #replay: NativeReplay;
  readonly #batch: NativeTransitionBatch;
  readonly #update: NativeSacUpdate;
  readonly #random: RandomStream;
  readonly #observations: Float32Array;
  readonly #masks: Uint8Array;
  readonly #actions: Int32Array;
  readonly #logProbabilities: Float32Array;
  readonly #uniforms: Float64Array;
  readonly #rowUniforms: Float64Array;
  #logits = new Float32Array(0);
  #steps = 0;
  #updates = 0;
  /** Whether this object has made one of them: a restored one has no figures yet. */
  #learned = false;

  constructor(
    environments: EnvironmentBatch,
    settings: Partial<SacDiscreteSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultSacDiscrete, ...settings };
    checkSettings(this.settings, {
      counts: ['batchSize', 'bufferSize', 'trainEvery', 'gradientSteps', 'steps', 'entities'],
      shares: ['gamma', 'targetShare', 'targetEntropyShare'],
      amounts: [
        'policyRate',
        'criticRate',
        'temperatureRate',
        'firstTemperature',
        'adamEpsilon',
        'learningStarts',
        'maxGradientNorm',
      ],
    });
    const { seed, hidden, activation, batchSize, entities } = this.settings;
    const { count, observationSize, actions, masked } = environments;
    const [options] = actions;
    if (actions.length !== 1 || options! % entities !== 0 || observationSize % entities !== 0)
      throw errors.KISIM_E_LEARNING_SETTINGS(`${actions.length} choices an action, ${entities} entities`, {
        expected: 'one choice an action, and entities that divide its options and the observation',
      });
    this.#environments = environments;
    this.#random = new RandomStream(seed).fork('sac');
    const random = new RandomStream(seed).fork('weights');
    const inputs = observationSize / entities;
    const outputs = options! / entities;
    const network = () => new learner.Network({ inputs, hidden, outputs, activation });
    const begun = () => {
      const made = network();
      uniformByInputs(made, [inputs, ...hidden, outputs], random);
      return made;
    };
    this.policy = begun();
    this.critics = [begun(), begun()];
    this.#targets = [network(), network()];
    for (const i of [0, 1] as const) this.#targets[i].copyFrom(this.critics[i]);
    const adam = (networks: readonly NativeNetwork[]) =>
      new learner.Optimiser({ networks, kind: 'adam', epsilon: this.settings.adamEpsilon });
    this.#policyOptimiser = adam([this.policy]);
    this.#criticOptimiser = adam(this.critics);
    this.#categorical = new learner.Categorical({ actions });
    this.#replay = new learner.Replay({
      capacity: this.settings.bufferSize,
      inputs: observationSize,
      actions: options!,
      masks: masked,
      environments: count,
      steps: this.settings.steps,
      gamma: this.settings.gamma,
    });
    this.#batch = new learner.TransitionBatch({
      rows: batchSize,
      inputs: observationSize,
      actions: options!,
    });
    this.#update = new learner.SacUpdate({
      policy: this.policy,
      critics: this.critics,
      targets: this.#targets,
      policyOptimiser: this.#policyOptimiser,
      criticOptimiser: this.#criticOptimiser,
      rows: batchSize,
      actions: options!,
      entities,
      targetEntropyShare: this.settings.targetEntropyShare,
      logTemperature: ln(this.settings.firstTemperature),
    });
    this.#observations = new Float32Array(count * observationSize);
    this.#masks = new Uint8Array(count * options!);
    this.#actions = new Int32Array(count);
    this.#logProbabilities = new Float32Array(count);
    this.#uniforms = new Float64Array(count);
    this.#rowUniforms = new Float64Array(batchSize);
    environments.reset(seed);
  }

  get steps(): number {
    return this.#steps;
  }

  get figures(): Readonly<Record<string, number>> {
    if (!this.#learned) return {};
    const [criticLoss, actorLoss, temperatureLoss, entropy] = this.#update.statistics;
    return {
      criticLoss: criticLoss!,
      actorLoss: actorLoss!,
      temperatureLoss: temperatureLoss!,
      entropy: entropy!,
      temperature: exp(this.#update.temperature[0]!),
      updates: this.#updates,
    };
  }

  trainUntil(steps: number): void {
    while (this.#steps < steps) this.#advance();
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    this.#categorical.greedy(this.#logitsOf(observations, rows), masks, rows, actions);
  }

  save(): SavedState {
    return {
      algorithm: 'sac-discrete',
      settings: this.settings,
      steps: this.#steps,
      updates: this.#updates,
      random: this.#random.state,
      policy: this.policy.parameters.slice(),
      critic1: this.critics[0].parameters.slice(),
      critic2: this.critics[1].parameters.slice(),
      target1: this.#targets[0].parameters.slice(),
      target2: this.#targets[1].parameters.slice(),
      policyOptimiser: savedOptimiser(this.#policyOptimiser),
      criticOptimiser: savedOptimiser(this.#criticOptimiser),
      temperature: this.#update.temperature.slice(),
      replay: this.#replay.save(),
      environments: this.#environments.save(),
    };
  }

  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'sac-discrete');
    fields.same('settings', this.settings);
    fields.into('policy', this.policy.parameters);
    fields.into('critic1', this.critics[0].parameters);
    fields.into('critic2', this.critics[1].parameters);
    fields.into('target1', this.#targets[0].parameters);
    fields.into('target2', this.#targets[1].parameters);
    fields.into('temperature', this.#update.temperature);
    restoreOptimiser(this.#policyOptimiser, fields.fields('policyOptimiser'));
    restoreOptimiser(this.#criticOptimiser, fields.fields('criticOptimiser'));
    this.#replay.restore(fields.bytes('replay'));
    this.#environments.restore(fields.value('environments'));
    this.#random.restore(fields.random('random'));
    this.#steps = fields.number('steps');
    this.#updates = fields.number('updates');
  }

  #logitsOf(observations: Float32Array, rows: number): Float32Array {
    const { entities } = this.settings;
    const size = rows * entities * this.policy.outputs;
    if (this.#logits.length < size) this.#logits = new Float32Array(size);
    this.policy.forward(observations, rows * entities, this.#logits);
    return this.#logits;
  }

  /** One step of all environments by the policy as it is, and the updates due after it. */
  #advance(): void {
    const environments = this.#environments;
    const { count, masked } = environments;
    const { learningStarts, trainEvery, gradientSteps } = this.settings;
    this.#observations.set(environments.observations);
    if (masked) this.#masks.set(environments.masks);
    const masks = masked ? this.#masks : undefined;
    for (let i = 0; i < count; i++) this.#uniforms[i] = this.#random.next();
    const logits = this.#logitsOf(this.#observations, count);
    // At first at random: what all logits of 0 stand for.
    if (this.#steps < learningStarts) logits.fill(0);
    this.#categorical.sample(logits, masks, count, this.#uniforms, this.#actions, this.#logProbabilities);
    environments.step(this.#actions);
    this.#replay.add(
      this.#observations,
      masks,
      this.#actions,
      environments.rewards,
      environments.nextObservations,
      masked ? environments.nextMasks : undefined,
      environments.terminated,
      environments.truncated,
    );
    const before = this.#steps;
    this.#steps += count;
    if (this.#steps <= learningStarts) return;
    if (Math.floor(this.#steps / trainEvery) === Math.floor(before / trainEvery)) return;
    for (let i = 0; i < gradientSteps; i++) this.#learn();
  }

  #learn(): void {
    if (this.#replay.size === 0) return;
    const { policyRate, criticRate, temperatureRate, maxGradientNorm, targetShare } = this.settings;
    for (let i = 0; i < this.#rowUniforms.length; i++) this.#rowUniforms[i] = this.#random.next();
    this.#replay.sample(this.#batch, this.#rowUniforms, 0);
    const loss = this.#update.update(
      this.#batch,
      policyRate,
      criticRate,
      temperatureRate,
      maxGradientNorm === 0 ? Number.POSITIVE_INFINITY : maxGradientNorm,
    );
    checkLoss(loss, this.#steps);
    for (const i of [0, 1] as const) this.#targets[i].copyFrom(this.critics[i], targetShare);
    this.#updates++;
    this.#learned = true;
  }
}
