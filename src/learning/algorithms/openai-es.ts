import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeCategorical } from '../../native/losses.ts';
import type { NativeNetwork, NativeOptimiser } from '../../native/network.ts';
import { RandomStream } from '../../util/rng.ts';
import { type Agent, type Schedule, scheduled } from '../agent.ts';
import { type EnvironmentBatch, optionsOf } from '../environment.ts';
import { errors } from '../errors.ts';
import { orthogonal } from '../networks/initialise.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { checkSettings } from './checked-settings.ts';

/*
 * Evolution strategies on whole episodes: Salimans and others, arXiv 1703.03864: the gradient of a policy's smoothed return
 * from mirrored noise on its weights, returns replaced by centred ranks, followed by Adam with weight decay.
 *
 * Differences:
 * - common random numbers: all candidates of a generation play the same episodes, each environment one, so that their
 *   differences are theirs and not the episodes'
 * - actions are the most probable valid ones, no noise is added to them and no virtual batch normalisation is needed
 * - one process: the noise is drawn, not looked up in a shared table
 */

/** After the paper and openai/evolution-strategies-starter (humanoid.json), with smaller generations for smaller tasks. */
export const defaultOpenAiEs = {
  seed: 0,
  /** Environment steps of the whole training, which the schedule runs over. */
  totalSteps: 1_000_000,
  hidden: [] as readonly number[],
  activation: 'tanh' as 'relu' | 'tanh',
  /** Pairs of mirrored candidates in a generation. */
  pairs: 16,
  /** Deviation of the noise on the weights; the starter has 0.02, for far greater networks and generations. */
  sigma: 0.1,
  /** The starter has 0.01. */
  learningRate: 0.05 as Schedule,
  /** Of the weights, added to the gradient. */
  weightDecay: 0.005,
  /** Parts of the observation that share the network (nodes of a cluster); 1: none. */
  entities: 1,
};

export type OpenAiEsSettings = Readonly<typeof defaultOpenAiEs>;

export class OpenAiEs implements Agent {
  readonly settings: OpenAiEsSettings;
  readonly policy: NativeNetwork;
  readonly #environments: EnvironmentBatch;
  readonly #optimiser: NativeOptimiser;
  readonly #categorical: NativeCategorical;
  readonly #random: RandomStream;
  /** [pairs][parameters] */
  readonly #noise: Float32Array;
  readonly #mean: Float32Array;
  readonly #returns: Float64Array;
  readonly #over: Uint8Array;
  readonly #actions: Int32Array;
  #logits = new Float32Array(0);
  #steps = 0;
  #generation = 0;

  constructor(
    environments: EnvironmentBatch,
    settings: Partial<OpenAiEsSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultOpenAiEs, ...settings };
    checkSettings(this.settings, {
      counts: ['totalSteps', 'pairs', 'entities'],
      shares: [],
      amounts: ['sigma', 'learningRate', 'weightDecay'],
    });
    const { seed, hidden, activation, pairs, sigma, entities } = this.settings;
    const { count, observationSize, actions } = environments;
    const width = optionsOf(actions);
    if (sigma === 0 || observationSize % entities !== 0 || width % entities !== 0)
      throw errors.KISIM_E_LEARNING_SETTINGS(`sigma ${sigma}, ${entities} entities`, {
        expected: 'sigma above 0, and entities that divide observation and options',
      });
    this.#environments = environments;
    const inputs = observationSize / entities;
    const outputs = width / entities;
    this.policy = new learner.Network({ inputs, hidden, outputs, activation });
    orthogonal(
      this.policy,
      [inputs, ...hidden, outputs],
      [...hidden.map(() => Math.SQRT2), 0.01],
      new RandomStream(seed).fork('weights'),
    );
    this.#optimiser = new learner.Optimiser({ networks: [this.policy], kind: 'adam' });
    this.#categorical = new learner.Categorical({ actions });
    this.#random = new RandomStream(seed).fork('noise');
    this.#noise = new Float32Array(pairs * this.policy.parameters.length);
    this.#mean = new Float32Array(this.policy.parameters.length);
    this.#returns = new Float64Array(2 * pairs);
    this.#over = new Uint8Array(count);
    this.#actions = new Int32Array(count * actions.length);
  }

  get steps(): number {
    return this.#steps;
  }

  get figures(): Readonly<Record<string, number>> {
    if (this.#generation === 0) return {};
    let sum = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (const value of this.#returns) {
      sum += value;
      best = Math.max(best, value);
    }
    return { generation: this.#generation, meanReturn: sum / this.#returns.length, bestReturn: best };
  }

  trainUntil(steps: number): void {
    while (this.#steps < steps) this.#generationOfCandidates();
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    const { entities } = this.settings;
    const size = rows * entities * this.policy.outputs;
    if (this.#logits.length < size) this.#logits = new Float32Array(size);
    this.policy.forward(observations, rows * entities, this.#logits);
    this.#categorical.greedy(this.#logits, masks, rows, actions);
  }

  save(): SavedState {
    return {
      algorithm: 'openai-es',
      settings: this.settings,
      steps: this.#steps,
      generation: this.#generation,
      random: this.#random.state,
      policy: this.policy.parameters.slice(),
      optimiser: savedOptimiser(this.#optimiser),
      returns: this.#returns.slice(),
    };
  }

  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'openai-es');
    fields.same('settings', this.settings);
    fields.into('policy', this.policy.parameters);
    fields.into('returns', this.#returns);
    restoreOptimiser(this.#optimiser, fields.fields('optimiser'));
    this.#random.restore(fields.random('random'));
    this.#steps = fields.number('steps');
    this.#generation = fields.number('generation');
  }

  #generationOfCandidates(): void {
    const { pairs, sigma, learningRate, totalSteps, weightDecay } = this.settings;
    const { parameters, gradients } = this.policy;
    const size = parameters.length;
    this.#mean.set(parameters);
    const episodes = this.#random.integer(2 ** 31);
    for (let i = 0; i < this.#noise.length; i++) this.#noise[i] = this.#random.normal();
    for (let pair = 0; pair < pairs; pair++)
      for (const side of [0, 1]) {
        const signed = side === 0 ? sigma : -sigma;
        for (let i = 0; i < size; i++)
          parameters[i] = this.#mean[i]! + signed * this.#noise[pair * size + i]!;
        this.#returns[2 * pair + side] = this.#play(episodes);
      }
    // Ascent on the smoothed return: 1 / (n sigma) sum of shaped return times noise; the optimiser descends.
    const shaped = centredRanks(this.#returns);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let pair = 0; pair < pairs; pair++)
        sum += (shaped[2 * pair]! - shaped[2 * pair + 1]!) * this.#noise[pair * size + i]!;
      gradients[i] = -sum / (2 * pairs * sigma) + weightDecay * this.#mean[i]!;
    }
    parameters.set(this.#mean);
    this.#optimiser.step(scheduled(learningRate, this.#steps / totalSteps));
    this.#generation++;
  }

  /** Mean return of one episode in each environment, with the policy as it is. */
  #play(seed: number): number {
    const environments = this.#environments;
    const { count, observations, masks, masked, terminated, truncated } = environments;
    environments.reset(seed);
    this.#over.fill(0);
    let sum = 0;
    for (let left = count; left > 0; ) {
      this.act(observations, masked ? masks : undefined, count, this.#actions);
      environments.step(this.#actions);
      this.#steps += count;
      for (let i = 0; i < count; i++) {
        if (this.#over[i] === 1 || (terminated[i] === 0 && truncated[i] === 0)) continue;
        this.#over[i] = 1;
        sum += environments.endedReturns[i]!;
        left--;
      }
    }
    return sum / count;
  }
}

/** Ranks from -0.5 for the least to 0.5 for the greatest; equals share the mean of theirs. */
function centredRanks(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++;
    for (let i = from; i <= to; i++) ranks[order[i]!] = (from + to) / 2 / (values.length - 1) - 0.5;
    from = to + 1;
  }
  return ranks;
}
