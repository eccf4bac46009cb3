import { exp } from '../../util/portable-math.ts';
import { optionsOf } from '../environment.ts';
import { errors } from '../errors.ts';
import { MASKED_VALUE, type NetworkDescription } from './network-format.ts';
import { checkNetwork } from './network-graph.ts';

/**
 * Runs a described network, one observation at a time, in float64 and plain arithmetic: the same bits on every machine, which
 * native kernels and onnxruntime do not promise, and without a wait. For the small networks of decisions that are seldom;
 * some microseconds for two layers of 64.
 */
export class PortableNetwork {
  readonly description: NetworkDescription;
  /** [options] of the last observation: logits or action values, MASKED_VALUE where masked. */
  readonly values: Float64Array;
  readonly #widths: readonly number[];
  readonly #input: Float64Array;
  readonly #layers: readonly Float64Array[];

  /** @throws KISIM_E_LEARNING_MODEL */
  constructor(description: NetworkDescription) {
    checkNetwork(description);
    const { network, actions, entities } = description;
    this.description = description;
    this.values = new Float64Array(optionsOf(actions));
    this.#widths = [network.inputs, ...network.hidden, network.outputs];
    this.#input = new Float64Array(network.inputs * entities);
    this.#layers = this.#widths.map((width) => new Float64Array(width));
  }

  get observationSize(): number {
    return this.#input.length;
  }

  /**
   * The greatest option of each choice, the first of equals.
   *
   * @param observation [observationSize], finite
   * @param mask [options], 1 where an option may be chosen; only where the network is masked
   * @param action [choices], written
   * @throws KISIM_E_LEARNING_ENVIRONMENT where an observation is not finite or nothing may be chosen
   */
  act(observation: ArrayLike<number>, mask: ArrayLike<number> | undefined, action: Int32Array): void {
    const { actions, masked } = this.description;
    this.#forward(observation);
    const { values } = this;
    let at = 0;
    for (let choice = 0; choice < actions.length; choice++) {
      const end = at + actions[choice]!;
      let best = -1;
      for (let option = at; option < end; option++) {
        if (masked && mask![option] === 0) values[option] = MASKED_VALUE;
        else if (best < 0 || values[option]! > values[best]!) best = option;
      }
      if (best < 0) throw errors.KISIM_E_LEARNING_ENVIRONMENT(`no valid option for choice ${choice}`);
      action[choice] = best - at;
      at = end;
    }
  }

  #forward(observation: ArrayLike<number>): void {
    const { network, entities, dueling, quantiles, scaling } = this.description;
    const input = this.#input;
    for (let i = 0; i < input.length; i++) {
      const value = observation[i]!;
      if (!Number.isFinite(value))
        throw errors.KISIM_E_LEARNING_ENVIRONMENT(`an observation with ${value} at place ${i}`);
      if (scaling === undefined) input[i] = value;
      else {
        const scaled = (value - scaling.mean[i]!) / scaling.deviation[i]!;
        // The network is given float32, as in training.
        input[i] = Math.fround(Math.min(Math.max(scaled, -scaling.clip), scaling.clip));
      }
    }
    const width = Math.max(1, quantiles);
    const { values } = this;
    const own = network.outputs / width;
    for (let entity = 0; entity < entities; entity++) {
      const first = this.#layers[0]!;
      for (let i = 0; i < first.length; i++) first[i] = input[entity * first.length + i]!;
      this.#dense();
      const outputs = this.#layers[this.#layers.length - 1]!;
      // Quantiles count by their mean; the value of a dueling network comes first.
      const skipped = dueling ? 1 : 0;
      for (let o = skipped; o < own; o++)
        values[entity * own + o - skipped] = meanOf(outputs, o * width, width);
      if (!dueling) continue;
      let sum = 0;
      for (let o = 0; o < values.length; o++) sum += values[o]!;
      const offset = meanOf(outputs, 0, width) - sum / values.length;
      for (let o = 0; o < values.length; o++) values[o]! += offset;
    }
  }

  #dense(): void {
    const { parameters, activation } = this.description.network;
    const widths = this.#widths;
    let at = 0;
    for (let layer = 0; layer + 1 < widths.length; layer++) {
      const [inputs, outputs] = [widths[layer]!, widths[layer + 1]!];
      const from = this.#layers[layer]!;
      const to = this.#layers[layer + 1]!;
      const bias = at + inputs * outputs;
      for (let o = 0; o < outputs; o++) to[o] = parameters[bias + o]!;
      for (let i = 0; i < inputs; i++) {
        const value = from[i]!;
        const row = at + i * outputs;
        for (let o = 0; o < outputs; o++) to[o]! += value * parameters[row + o]!;
      }
      if (layer + 2 < widths.length)
        for (let o = 0; o < outputs; o++)
          to[o] = activation === 'relu' ? Math.max(0, to[o]!) : hyperbolicTangent(to[o]!);
      at = bias + outputs;
    }
  }
}

function meanOf(values: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i]!;
  return sum / count;
}

/** By the portable exponential; near 0 as good as the float32 that the networks are trained in. */
function hyperbolicTangent(x: number): number {
  return 1 - 2 / (exp(2 * x) + 1);
}
