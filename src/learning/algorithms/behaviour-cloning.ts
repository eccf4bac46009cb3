import { loadAddon } from '../../native/addon.ts';
import type { NativeLearner } from '../../native/learner.ts';
import type { NativeCategorical } from '../../native/losses.ts';
import type { NativeNetwork, NativeOptimiser } from '../../native/network.ts';
import { RandomStream } from '../../util/rng.ts';
import { type Agent, type Schedule, scheduled } from '../agent.ts';
import { type EnvironmentShape, optionsOf } from '../environment.ts';
import { errors } from '../errors.ts';
import { orthogonal } from '../networks/initialise.ts';
import { restoreOptimiser, savedOptimiser } from '../networks/saved-parts.ts';
import { SavedFields, type SavedState } from '../saved-state.ts';
import { shuffleIndices } from '../shuffle-indices.ts';
import { checkActions } from './checked-actions.ts';
import { checkLoss, checkSettings } from './checked-settings.ts';

/*
 * Behaviour cloning: Pomerleau, "ALVINN: an autonomous land vehicle in a neural network", 1988: decisions of somebody who knows
 * (a rule, a search ahead) are learned as a classification, by the greatest likelihood.
 *
 * Differences:
 * - rows may have weights, such as what a decision was worth (advantage-weighted regression: Peng and others, arXiv 1910.00177)
 * - invalid options have probability 0 and no gradient; several choices an action are independent
 * - an entropy bonus at choice, as in the `imitation` library
 */

/** Decisions of somebody else. */
export interface DecisionRows {
  readonly rows: number;
  /** [rows][observationSize] */
  readonly observations: Float32Array;
  /** [rows][sum of options], if and only if the shape is masked. */
  readonly masks?: Uint8Array;
  /** [rows][choices] */
  readonly actions: Int32Array;
  /** At least 0; all 1 where left out. */
  readonly weights?: Float32Array;
}

/** Rates and sizes after the `imitation` library's bc.py (batch 32, Adam 1e-3, entropy 1e-3); greater batches use a core better. */
export const defaultBehaviourCloning = {
  seed: 0,
  /** Gradient steps of the whole training, which schedules run over. */
  totalSteps: 10_000,
  hidden: [64, 64] as readonly number[],
  activation: 'tanh' as 'relu' | 'tanh',
  learningRate: 1e-3 as Schedule,
  adamEpsilon: 1e-8,
  batchSize: 128,
  entropyCoefficient: 1e-3,
  /** Global norm of the gradients; 0: not clipped. */
  maxGradientNorm: 0,
  /** Parts of the observation that share the network (nodes of a cluster); 1: none. */
  entities: 1,
};

export type BehaviourCloningSettings = Readonly<typeof defaultBehaviourCloning>;

/** One step is one gradient step; rows come in an order of their own in each pass. */
export class BehaviourCloning implements Agent {
  readonly settings: BehaviourCloningSettings;
  readonly policy: NativeNetwork;
  readonly #data: DecisionRows;
  readonly #shape: EnvironmentShape;
  readonly #options: number;
  readonly #optimiser: NativeOptimiser;
  readonly #categorical: NativeCategorical;
  readonly #random: RandomStream;
  readonly #order: Int32Array;
  readonly #batch: Required<DecisionRows>;
  readonly #logProbabilities: Float32Array;
  readonly #entropies: Float32Array;
  readonly #forLogProbability: Float32Array;
  readonly #forEntropy: Float32Array;
  readonly #gradients: Float32Array;
  #logits = new Float32Array(0);
  #next = 0;
  #steps = 0;
  #loss = Number.NaN;

  constructor(
    shape: EnvironmentShape,
    data: DecisionRows,
    settings: Partial<BehaviourCloningSettings> = {},
    learner: NativeLearner = loadAddon(),
  ) {
    this.settings = { ...defaultBehaviourCloning, ...settings };
    checkSettings(this.settings, {
      counts: ['totalSteps', 'batchSize', 'entities'],
      shares: [],
      amounts: ['learningRate', 'adamEpsilon', 'entropyCoefficient', 'maxGradientNorm'],
    });
    const { seed, hidden, activation, batchSize, entities, adamEpsilon } = this.settings;
    const { observationSize, actions } = shape;
    const width = optionsOf(actions);
    if (observationSize % entities !== 0 || width % entities !== 0)
      throw errors.KISIM_E_LEARNING_SETTINGS(`${entities} entities`, {
        expected: `entities that divide ${observationSize} numbers and ${width} actions`,
      });
    checkRows(shape, data);
    this.#data = data;
    this.#shape = shape;
    this.#options = width;
    const inputs = observationSize / entities;
    const outputs = width / entities;
    this.policy = new learner.Network({ inputs, hidden, outputs, activation });
    orthogonal(
      this.policy,
      [inputs, ...hidden, outputs],
      [...hidden.map(() => Math.SQRT2), 0.01],
      new RandomStream(seed).fork('weights'),
    );
    this.#optimiser = new learner.Optimiser({
      networks: [this.policy],
      kind: 'adam',
      epsilon: adamEpsilon,
    });
    this.#categorical = new learner.Categorical({ actions });
    this.#random = new RandomStream(seed).fork('order');
    this.#order = Int32Array.from({ length: data.rows }, (_, row) => row);
    this.#next = data.rows;
    this.#batch = {
      rows: batchSize,
      observations: new Float32Array(batchSize * observationSize),
      masks: new Uint8Array(batchSize * width).fill(1),
      actions: new Int32Array(batchSize * actions.length),
      weights: new Float32Array(batchSize),
    };
    this.#logProbabilities = new Float32Array(batchSize);
    this.#entropies = new Float32Array(batchSize);
    this.#forLogProbability = new Float32Array(batchSize);
    this.#forEntropy = new Float32Array(batchSize);
    this.#gradients = new Float32Array(batchSize * width);
  }

  get steps(): number {
    return this.#steps;
  }

  get figures(): Readonly<Record<string, number>> {
    return this.#steps === 0 ? {} : { loss: this.#loss };
  }

  trainUntil(steps: number): void {
    while (this.#steps < steps) this.#learn();
  }

  act(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    this.#categorical.greedy(this.#logitsOf(observations, rows), masks, rows, actions);
  }

  /** Of rows that were held back: mean of -log p (by weight), and share of the decisions that the clone makes too. */
  evaluate(data: DecisionRows): { readonly loss: number; readonly agreement: number } {
    checkRows(this.#shape, data);
    const { rows, observations, masks, actions, weights } = data;
    const logits = this.#logitsOf(observations, rows);
    const logProbabilities = new Float32Array(rows);
    const chosen = new Int32Array(actions.length);
    this.#categorical.evaluate(logits, masks, rows, actions, logProbabilities, new Float32Array(rows));
    this.#categorical.greedy(logits, masks, rows, chosen);
    const choices = this.#shape.actions.length;
    let loss = 0;
    let weight = 0;
    let same = 0;
    for (let row = 0; row < rows; row++) {
      const share = weights === undefined ? 1 : weights[row]!;
      loss -= share * logProbabilities[row]!;
      weight += share;
      let agrees = 1;
      for (let i = row * choices; i < (row + 1) * choices; i++) if (chosen[i] !== actions[i]) agrees = 0;
      same += agrees;
    }
    return { loss: loss / weight, agreement: same / rows };
  }

  save(): SavedState {
    return {
      algorithm: 'behaviour-cloning',
      settings: this.settings,
      steps: this.#steps,
      loss: this.#loss,
      next: this.#next,
      order: this.#order.slice(),
      random: this.#random.state,
      policy: this.policy.parameters.slice(),
      optimiser: savedOptimiser(this.#optimiser),
    };
  }

  /** On the same rows as those it was saved on. */
  restore(saved: SavedState): void {
    const fields = new SavedFields(saved);
    fields.same('algorithm', 'behaviour-cloning');
    fields.same('settings', this.settings);
    fields.into('order', this.#order);
    fields.into('policy', this.policy.parameters);
    restoreOptimiser(this.#optimiser, fields.fields('optimiser'));
    this.#random.restore(fields.random('random'));
    this.#steps = fields.number('steps');
    this.#loss = fields.number('loss');
    this.#next = fields.number('next');
  }

  #logitsOf(observations: Float32Array, rows: number): Float32Array {
    const { entities } = this.settings;
    if (this.#logits.length < rows * this.#options) this.#logits = new Float32Array(rows * this.#options);
    this.policy.forward(observations, rows * entities, this.#logits);
    return this.#logits;
  }

  /** Loss = -sum w log p / sum w - coefficient * mean entropy. */
  #learn(): void {
    const { learningRate, totalSteps, entropyCoefficient, maxGradientNorm, batchSize, entities } =
      this.settings;
    const weight = this.#fill();
    const { observations, actions, weights } = this.#batch;
    const masks = this.#shape.masked ? this.#batch.masks : undefined;
    const logits = this.#logitsOf(observations, batchSize);
    this.#categorical.evaluate(logits, masks, batchSize, actions, this.#logProbabilities, this.#entropies);
    this.#loss = 0;
    for (let row = 0; row < batchSize; row++) {
      const share = weight > 0 ? weights[row]! / weight : 0;
      this.#forLogProbability[row] = -share;
      this.#forEntropy[row] = -entropyCoefficient / batchSize;
      this.#loss -=
        share * this.#logProbabilities[row]! + (entropyCoefficient / batchSize) * this.#entropies[row]!;
    }
    checkLoss(this.#loss, this.#steps);
    this.#categorical.gradient(
      logits,
      masks,
      batchSize,
      actions,
      this.#forLogProbability,
      this.#forEntropy,
      this.#gradients,
    );
    this.policy.backward(observations, this.#gradients, batchSize * entities);
    const rate = scheduled(learningRate, this.#steps / totalSteps);
    if (maxGradientNorm === 0) this.#optimiser.step(rate);
    else this.#optimiser.step(rate, maxGradientNorm);
    this.#steps++;
  }

  /** The next rows in the order of this pass; a new order where it ends. Returns the sum of their weights. */
  #fill(): number {
    const { observationSize, actions, masked } = this.#shape;
    const { observations, masks, actions: chosen, weights } = this.#data;
    const batch = this.#batch;
    let sum = 0;
    for (let row = 0; row < batch.rows; row++) {
      if (this.#next === this.#order.length) {
        shuffleIndices(this.#order, this.#random);
        this.#next = 0;
      }
      const from = this.#order[this.#next++]!;
      copyRow(observations, from, batch.observations, row, observationSize);
      copyRow(chosen, from, batch.actions, row, actions.length);
      if (masked) copyRow(masks!, from, batch.masks, row, this.#options);
      const weight = weights === undefined ? 1 : weights[from]!;
      batch.weights[row] = weight;
      sum += weight;
    }
    return sum;
  }
}

function copyRow<T extends Float32Array | Int32Array | Uint8Array>(
  from: T,
  row: number,
  to: T,
  toRow: number,
  size: number,
): void {
  for (let i = 0; i < size; i++) to[toRow * size + i] = from[row * size + i]!;
}

function checkRows(shape: EnvironmentShape, data: DecisionRows): void {
  const { observationSize, actions, masked } = shape;
  const { rows, observations, masks, weights } = data;
  const right =
    rows >= 1 &&
    observations.length === rows * observationSize &&
    data.actions.length === rows * actions.length &&
    (masks === undefined) === !masked &&
    (masks === undefined || masks.length === rows * optionsOf(actions)) &&
    (weights === undefined || (weights.length === rows && weights.every((weight) => weight >= 0)));
  if (!right)
    throw errors.KISIM_E_LEARNING_DATA(
      `${rows} rows with ${observations.length} numbers of observations, ${masks?.length ?? 'no'} of masks, ${data.actions.length} actions`,
    );
  checkActions(shape, data);
}
