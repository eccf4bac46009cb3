import { loadAddon } from '../../src/native/addon.ts';
import type { InstructionSet, NativeNetwork } from '../../src/native/network.ts';
import { RandomStream } from '../../src/util/rng.ts';

/** A network with normal weights of variance 1 / inputs and small biases. */
export function randomNetwork(
  sizes: readonly number[],
  activation: 'relu' | 'tanh',
  random: RandomStream,
  instructionSet?: InstructionSet,
): NativeNetwork {
  const { Network } = loadAddon();
  const network = new Network({
    inputs: sizes[0]!,
    hidden: sizes.slice(1, -1),
    outputs: sizes.at(-1)!,
    activation,
    ...(instructionSet === undefined ? {} : { instructionSet }),
  });
  let offset = 0;
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer]!, sizes[layer + 1]!];
    for (let i = 0; i < inputs * outputs; i++)
      network.parameters[offset++] = random.normal() / Math.sqrt(inputs);
    for (let i = 0; i < outputs; i++) network.parameters[offset++] = 0.1 * random.normal();
  }
  return network;
}

const normals = (array: Float32Array, random: RandomStream, scale = 1) => {
  for (let i = 0; i < array.length; i++) array[i] = scale * random.normal();
};

/** Masks with at least one valid action a row, and in `chosen` a valid action of each. */
function randomMasks(masks: Uint8Array, chosen: Int32Array, actions: number, random: RandomStream) {
  for (let row = 0; row < chosen.length; row++) {
    chosen[row] = random.integer(actions);
    for (let j = 0; j < actions; j++)
      masks[row * actions + j] = j === chosen[row] || random.next() < 0.7 ? 1 : 0;
  }
}

/** Everything a double-DQN update works on, drawn from a seed. */
export function dqnProblem(sizes: readonly number[], rows: number, seed: number, set?: InstructionSet) {
  const addon = loadAddon();
  const random = new RandomStream(seed);
  const actions = sizes.at(-1)!;
  const online = randomNetwork(sizes, 'relu', random, set);
  const target = randomNetwork(sizes, 'relu', random, set);
  const optimiser = new addon.Optimiser({ kind: 'adam', networks: [online], epsilon: 1e-5 });
  const batch = new addon.TransitionBatch({ rows, inputs: sizes[0]!, actions });
  normals(batch.observations, random);
  normals(batch.nextObservations, random);
  normals(batch.rewards, random);
  randomMasks(batch.nextMasks, batch.actions, actions, random);
  for (let i = 0; i < rows; i++) {
    batch.discounts[i] = random.next() < 0.1 ? 0 : 0.99;
    batch.weights[i] = random.uniform(0.2, 1);
  }
  const update = new addon.DqnUpdate({ online, target, optimiser, rows, actions, double: true });
  return { online, target, optimiser, batch, update };
}

/** Everything a PPO update works on, drawn from a seed; the minibatch is the whole rollout, in a drawn order. */
export function ppoProblem(sizes: readonly number[], rows: number, seed: number, set?: InstructionSet) {
  const addon = loadAddon();
  const random = new RandomStream(seed);
  const actions = sizes.at(-1)!;
  const policy = randomNetwork(sizes, 'tanh', random, set);
  const value = randomNetwork([...sizes.slice(0, -1), 1], 'tanh', random, set);
  const optimiser = new addon.Optimiser({ kind: 'adam', networks: [policy, value], epsilon: 1e-5 });
  const rollout = new addon.Rollout({
    steps: rows,
    environments: 1,
    inputs: sizes[0]!,
    valueInputs: 0,
    actions: [actions],
  });
  normals(rollout.observations, random);
  randomMasks(rollout.masks, rollout.actions, actions, random);
  const { advantages, values, returns, logProbabilities } = rollout;
  normals(advantages, random);
  normals(values, random, 0.5);
  for (let i = 0; i < rows; i++) returns[i] = advantages[i]! + values[i]!;
  // Old log-probabilities near the present ones, so that some ratios are within the clip and some are not.
  const categorical = new addon.Categorical({ actions: [actions] });
  const logits = new Float32Array(rows * actions);
  policy.forward(rollout.observations, rows, logits);
  const entropies = new Float32Array(rows);
  categorical.evaluate(logits, rollout.masks, rows, rollout.actions, logProbabilities, entropies);
  for (let i = 0; i < rows; i++) logProbabilities[i]! += 0.2 * random.normal();
  const indices = Int32Array.from(random.shuffle(Array.from({ length: rows }, (_, i) => i)));
  const update = new addon.PpoUpdate({
    policy,
    value,
    optimiser,
    rows,
    actions: [actions],
    normaliseAdvantages: true,
    valueLoss: 'greatest',
    valueCoefficient: 0.5,
  });
  return { policy, value, optimiser, rollout, indices, update };
}
