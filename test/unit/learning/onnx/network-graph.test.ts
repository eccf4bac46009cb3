import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dqn } from '../../../../src/learning/algorithms/dqn.ts';
import { Ppo } from '../../../../src/learning/algorithms/ppo.ts';
import { optionsOf } from '../../../../src/learning/environment.ts';
import { InvalidActions } from '../../../../src/learning/environments/invalid-actions.ts';
import { networkOf } from '../../../../src/learning/onnx/agent-network.ts';
import { MASKED_VALUE, type NetworkDescription } from '../../../../src/learning/onnx/network-format.ts';
import { networkGraph } from '../../../../src/learning/onnx/network-graph.ts';
import { PortableNetwork } from '../../../../src/learning/onnx/portable-network.ts';
import { readNetworkModel } from '../../../../src/learning/onnx/read-network.ts';
import { VectorEnvironment } from '../../../../src/learning/vector-environment.ts';
import { loadAddon } from '../../../../src/native/addon.ts';
import { writeOnnx } from '../../../../src/util/onnx/write-model.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { flags, floats, onnxSession } from '../../../support/onnx-session.ts';

const ROWS = 9;
const TOLERANCE = 1e-5;

type Shape = Omit<NetworkDescription, 'network' | 'scaling'> & {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly activation: 'relu' | 'tanh';
  readonly scaled: boolean;
};

const shapes: Readonly<Record<string, Shape>> = {
  'three choices, scaled': {
    inputs: 10,
    hidden: [16, 16],
    activation: 'tanh',
    actions: [5, 5, 3],
    masked: true,
    entities: 1,
    dueling: false,
    quantiles: 0,
    scaled: true,
  },
  'dueling quantiles': {
    inputs: 7,
    hidden: [32],
    activation: 'relu',
    actions: [6],
    masked: true,
    entities: 1,
    dueling: true,
    quantiles: 5,
    scaled: false,
  },
  'shared over entities, scaled': {
    inputs: 4,
    hidden: [8, 8],
    activation: 'relu',
    actions: [10],
    masked: false,
    entities: 5,
    dueling: false,
    quantiles: 0,
    scaled: true,
  },
  'one linear layer': {
    inputs: 3,
    hidden: [],
    activation: 'relu',
    actions: [2],
    masked: false,
    entities: 1,
    dueling: false,
    quantiles: 0,
    scaled: false,
  },
};

function drawn({ inputs, hidden, activation, scaled, ...rest }: Shape, random: RandomStream) {
  const { actions, dueling, quantiles, entities } = rest;
  const outputs = ((optionsOf(actions) + (dueling ? 1 : 0)) * Math.max(1, quantiles)) / entities;
  const native = new (loadAddon().Network)({ inputs, hidden, outputs, activation });
  for (let i = 0; i < native.parameters.length; i++) native.parameters[i] = 0.5 * random.normal();
  const size = inputs * entities;
  const description: NetworkDescription = {
    ...rest,
    network: { inputs, hidden, outputs, activation, parameters: native.parameters.slice() },
    ...(scaled
      ? {
          scaling: {
            mean: Float64Array.from({ length: size }, () => 100 * random.normal()),
            deviation: Float64Array.from({ length: size }, () => random.uniform(0.1, 20)),
            clip: 10,
          },
        }
      : {}),
  };
  return { native, description };
}

/** What the native network makes of observations, by the formulas of the papers. */
function expected(
  native: ReturnType<typeof drawn>['native'],
  { scaling, actions, entities, dueling, quantiles, masked }: NetworkDescription,
  observations: Float32Array,
  mask: Uint8Array,
): Float32Array {
  const size = native.inputs * entities;
  const given = observations.map((value, i) => {
    if (scaling === undefined) return value;
    const scaled = (value - scaling.mean[i % size]!) / scaling.deviation[i % size]!;
    return Math.min(Math.max(scaled, -scaling.clip), scaling.clip);
  });
  const raw = new Float32Array(ROWS * entities * native.outputs);
  native.forward(given, ROWS * entities, raw);
  const options = optionsOf(actions);
  const width = Math.max(1, quantiles);
  const columns = options + (dueling ? 1 : 0);
  const mean = (from: number, count: number, of: Float32Array) =>
    of.subarray(from, from + count).reduce((sum, value) => sum + value, 0) / count;
  const values = new Float32Array(ROWS * options);
  for (let row = 0; row < ROWS; row++) {
    const heads = Float32Array.from({ length: columns }, (_, c) =>
      mean((row * columns + c) * width, width, raw),
    );
    for (let o = 0; o < options; o++) {
      const value = dueling ? heads[0]! + heads[o + 1]! - mean(1, options, heads) : heads[o]!;
      values[row * options + o] = masked && mask[row * options + o] === 0 ? MASKED_VALUE : value;
    }
  }
  return values;
}

/** Of each row and choice, one option at least may be chosen. */
function drawnMask(actions: readonly number[], random: RandomStream): Uint8Array {
  const rows = Array.from({ length: ROWS }, () =>
    actions.flatMap((count) => {
      const kept = random.integer(count);
      return Array.from({ length: count }, (_, o) => (o === kept ? 1 : random.integer(2)));
    }),
  );
  return Uint8Array.from(rows.flat());
}

function greatest(values: ArrayLike<number>, from: number, actions: readonly number[]): number[] {
  let at = from;
  return actions.map((count) => {
    let best = 0;
    for (let o = 1; o < count; o++) if (values[at + o]! > values[at + best]!) best = o;
    at += count;
    return best;
  });
}

for (const [name, shape] of Object.entries(shapes))
  test(`${name}: onnxruntime and the portable network give what the native network gives`, async () => {
    const random = new RandomStream(3);
    const { native, description } = drawn(shape, random);
    const { actions, masked, entities } = description;
    const size = native.inputs * entities;
    const options = optionsOf(actions);
    const observations = Float32Array.from({ length: ROWS * size }, () =>
      shape.scaled ? 150 * random.normal() : random.normal(),
    );
    const mask = drawnMask(actions, random);
    const wanted = expected(native, description, observations, mask);

    const session = await onnxSession(networkGraph(name, description, { 'kisimd.kind': 'test' }));
    const out = await session.run({
      observation: floats(observations, [ROWS, size]),
      ...(masked ? { mask: flags(mask, [ROWS, options]) } : {}),
    });
    await session.release();
    const values = out['values']!.data as Float32Array;
    const chosen = Array.from(out['actions']!.data as BigInt64Array, Number);

    const portable = new PortableNetwork(description);
    const action = new Int32Array(actions.length);
    for (let row = 0; row < ROWS; row++) {
      portable.act(
        observations.subarray(row * size, (row + 1) * size),
        masked ? mask.subarray(row * options, (row + 1) * options) : undefined,
        action,
      );
      const best = greatest(wanted, row * options, actions);
      assert.deepEqual([...action], best);
      assert.deepEqual(chosen.slice(row * actions.length, (row + 1) * actions.length), best);
      for (let o = 0; o < options; o++) {
        const value = wanted[row * options + o]!;
        const limit = TOLERANCE * Math.max(1, Math.abs(value));
        assert.ok(Math.abs(values[row * options + o]! - value) <= limit);
        assert.ok(Math.abs(portable.values[o]! - value) <= limit);
      }
    }
  });

for (const [name, shape] of Object.entries(shapes))
  test(`${name}: a written model is read back bit by bit`, () => {
    const { description } = drawn(shape, new RandomStream(4));
    const metadata = { 'kisimd.kind': 'test', other: 'x' };
    const read = readNetworkModel(writeOnnx(networkGraph(name, description, metadata)), 'file');
    assert.deepEqual(read, { description, metadata });
  });

test('a model whose graph does not say what its metadata say is refused', () => {
  const { description } = drawn(shapes['dueling quantiles']!, new RandomStream(5));
  const model = networkGraph('x', description, {});
  const relu = model.nodes.findIndex(({ op }) => op === 'Relu');
  const nodes = model.nodes.with(relu, { ...model.nodes[relu]!, op: 'Tanh' });
  assert.throws(() => readNetworkModel(writeOnnx({ ...model, nodes }), 'm.onnx'), {
    code: 'KISIM_E_LEARNING_MODEL',
    message: /m\.onnx: a graph that is not what its metadata say/,
  });
  assert.throws(() => readNetworkModel(writeOnnx({ ...model, metadata: {} }), 'm.onnx'), {
    code: 'KISIM_E_LEARNING_MODEL',
  });
  assert.throws(
    () => readNetworkModel(writeOnnx({ ...model, metadata: { 'kisimd.network': '{"inputs":0}' } }), 'm.onnx'),
    { code: 'KISIM_E_LEARNING_MODEL' },
  );
});

test('parts that do not fit together, weights that are no numbers and observations that are none are refused', () => {
  const { description } = drawn(shapes['three choices, scaled']!, new RandomStream(6));
  const { network } = description;
  const broken: readonly NetworkDescription[] = [
    { ...description, actions: [5, 5, 4] },
    { ...description, network: { ...network, parameters: network.parameters.slice(1) } },
    { ...description, network: { ...network, parameters: network.parameters.map(() => Number.NaN) } },
    { ...description, dueling: true },
    { ...description, scaling: { ...description.scaling!, mean: new Float64Array(3) } },
    { ...description, scaling: { ...description.scaling!, deviation: new Float64Array(10) } },
  ];
  for (const each of broken)
    assert.throws(() => new PortableNetwork(each), { code: 'KISIM_E_LEARNING_MODEL' });
  const portable = new PortableNetwork(description);
  const mask = new Uint8Array(13).fill(1);
  const observation = new Float32Array(10);
  observation[4] = Number.NaN;
  assert.throws(() => portable.act(observation, mask, new Int32Array(3)), {
    code: 'KISIM_E_LEARNING_ENVIRONMENT',
  });
  assert.throws(() => portable.act(new Float32Array(10), mask.fill(0), new Int32Array(3)), {
    code: 'KISIM_E_LEARNING_ENVIRONMENT',
  });
});

test('what agents have learned acts the same when exported: PPO with its normaliser, DQN with its heads', () => {
  const task = { actions: [6], invalid: [3] };
  const make = () => new VectorEnvironment(Array.from({ length: 4 }, () => new InvalidActions(task)));
  const agents = [
    new Ppo(make(), { rolloutSteps: 32, minibatch: 32, hidden: [16], normaliseObservations: true, seed: 2 }),
    new Dqn(make(), { hidden: [16], bufferSize: 500, dueling: true, quantiles: 3, seed: 2 }),
  ];
  for (const agent of agents) {
    agent.trainUntil(400);
    const environment = new InvalidActions(task);
    const { observationSize: size } = environment;
    const network = new PortableNetwork(networkOf(agent, environment));
    const random = new RandomStream(8);
    const observations = Float32Array.from({ length: ROWS * size }, () => random.normal());
    const mask = drawnMask(environment.actions, random);
    const wanted = new Int32Array(ROWS * environment.actions.length);
    agent.act(observations, mask, ROWS, wanted);
    const action = new Int32Array(environment.actions.length);
    const options = optionsOf(environment.actions);
    for (let row = 0; row < ROWS; row++) {
      network.act(
        observations.subarray(row * size, (row + 1) * size),
        mask.subarray(row * options, (row + 1) * options),
        action,
      );
      assert.deepEqual(action, wanted.subarray(row * action.length, (row + 1) * action.length));
    }
  }
});
