import type { NativeLearner } from '../../native/learner.ts';
import type { NativeNetwork } from '../../native/network.ts';
import type { RandomStream } from '../../util/rng.ts';
import { errors } from '../errors.ts';
import { uniformByInputs } from './initialise.ts';

export interface QNetworkShape {
  readonly observationSize: number;
  readonly actions: number;
  readonly hidden: readonly number[];
  readonly activation: 'relu' | 'tanh';
  readonly dueling: boolean;
  /** Quantiles an action; 0: expected values. */
  readonly quantiles: number;
  /** Parts of the observation that share the network, each with actions / entities actions of its own; 1: none. */
  readonly entities: number;
}

/** The online and the target network of a DQN, and the action that the online one holds best. */
export class QNetwork {
  readonly online: NativeNetwork;
  readonly target: NativeNetwork;
  readonly #shape: QNetworkShape;
  readonly #rowOutputs: number;
  #outputs = new Float32Array(0);

  constructor(learner: NativeLearner, shape: QNetworkShape, random: RandomStream) {
    const { observationSize, actions, hidden, activation, dueling, quantiles, entities } = shape;
    if (observationSize % entities !== 0 || actions % entities !== 0 || (dueling && entities > 1))
      throw errors.KISIM_E_LEARNING_SETTINGS(`${entities} entities, dueling ${dueling}`, {
        expected: `entities that divide ${observationSize} numbers and ${actions} actions, and 1 where dueling`,
      });
    const inputs = observationSize / entities;
    this.#rowOutputs = (actions + (dueling ? 1 : 0)) * Math.max(1, quantiles);
    const outputs = this.#rowOutputs / entities;
    this.#shape = shape;
    this.online = new learner.Network({ inputs, hidden, outputs, activation });
    this.target = new learner.Network({ inputs, hidden, outputs, activation });
    uniformByInputs(this.online, [inputs, ...hidden, outputs], random);
    this.target.copyFrom(this.online);
  }

  /** The valid action of the greatest value of each row, the first of equals. */
  greedy(observations: Float32Array, masks: Uint8Array | undefined, rows: number, actions: Int32Array): void {
    const { entities, dueling, quantiles } = this.#shape;
    const options = this.#shape.actions;
    const size = this.#rowOutputs;
    if (this.#outputs.length < rows * size) this.#outputs = new Float32Array(rows * size);
    const outputs = this.#outputs;
    this.online.forward(observations, rows * entities, outputs);
    const width = Math.max(1, quantiles);
    // Q = V + A - mean(A): what is greatest in A is greatest in Q.
    const first = dueling ? width : 0;
    for (let row = 0; row < rows; row++) {
      let best = -1;
      let greatest = 0;
      for (let option = 0; option < options; option++) {
        if (masks !== undefined && masks[row * options + option] === 0) continue;
        let value = 0;
        const at = row * size + first + option * width;
        for (let q = 0; q < width; q++) value += outputs[at + q]!;
        if (best >= 0 && !(value > greatest)) continue;
        best = option;
        greatest = value;
      }
      if (best < 0) throw errors.KISIM_E_LEARNING_ENVIRONMENT(`no valid action in row ${row}`);
      actions[row] = best;
    }
  }
}
