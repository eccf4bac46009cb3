import type { NativeNetwork } from '../../native/network.ts';
import type { RandomStream } from '../../util/rng.ts';

/** Widths from the input to the output, as a network was made. */
export type LayerWidths = readonly number[];

/**
 * Orthogonal weights (Saxe, McClelland and Ganguli, arXiv 1312.6120), biases 0: `gains`, one a layer, as Stable-Baselines3 and
 * CleanRL have them: the square root of 2 for hidden layers, 0.01 for the head of a policy, 1 for that of a value.
 */
export function orthogonal(
  network: NativeNetwork,
  widths: LayerWidths,
  gains: readonly number[],
  random: RandomStream,
): void {
  eachLayer(network, widths, (weights, bias, inputs, outputs, layer) => {
    const short = Math.min(inputs, outputs);
    const long = Math.max(inputs, outputs);
    const basis = orthonormal(short, long, random);
    const gain = gains[layer]!;
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++)
        weights[i * outputs + o] = gain * (inputs < outputs ? basis[i]![o]! : basis[o]![i]!);
    bias.fill(0);
  });
}

/**
 * Uniform in -1 / sqrt(inputs) .. 1 / sqrt(inputs), weights and biases: what PyTorch's `Linear` begins with, and so the networks
 * of Stable-Baselines3's DQN.
 */
export function uniformByInputs(network: NativeNetwork, widths: LayerWidths, random: RandomStream): void {
  eachLayer(network, widths, (weights, bias, inputs) => {
    const bound = 1 / Math.sqrt(inputs);
    for (let i = 0; i < weights.length; i++) weights[i] = random.uniform(-bound, bound);
    for (let i = 0; i < bias.length; i++) bias[i] = random.uniform(-bound, bound);
  });
}

function eachLayer(
  network: NativeNetwork,
  widths: LayerWidths,
  fill: (weights: Float32Array, bias: Float32Array, inputs: number, outputs: number, layer: number) => void,
): void {
  let at = 0;
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    const inputs = widths[layer]!;
    const outputs = widths[layer + 1]!;
    const end = at + inputs * outputs;
    fill(
      network.parameters.subarray(at, end),
      network.parameters.subarray(end, end + outputs),
      inputs,
      outputs,
      layer,
    );
    at = end + outputs;
  }
  if (at !== network.parameters.length)
    throw new RangeError(`widths ${widths} make ${at} parameters, not ${network.parameters.length}`);
}

/**
 * `count` orthonormal vectors, uniform over all such sets: Gram and Schmidt's way over normal vectors, twice, which is what
 * rounding asks for (Giraud and others, "Rounding error analysis of the classical Gram-Schmidt", 2005).
 */
function orthonormal(count: number, size: number, random: RandomStream): readonly Float64Array[] {
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from({ length: size }, () => random.normal());
    for (let pass = 0; pass < 2; pass++)
      for (const other of vectors) {
        let product = 0;
        for (let j = 0; j < size; j++) product += vector[j]! * other[j]!;
        for (let j = 0; j < size; j++) vector[j]! -= product * other[j]!;
      }
    let square = 0;
    for (let j = 0; j < size; j++) square += vector[j]! * vector[j]!;
    const length = Math.sqrt(square);
    for (let j = 0; j < size; j++) vector[j]! /= length;
    vectors.push(vector);
  }
  return vectors;
}
