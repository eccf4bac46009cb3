import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../../src/native/addon.ts';

const addon = loadAddon();
const shape = { inputs: 3, hidden: [4], outputs: 2, activation: 'relu' } as const;
// biome-ignore lint/suspicious/noExplicitAny: what is wrong on purpose
type Wrong = any;
const wrong = (value: unknown): Wrong => value;

const says = (message: RegExp, name = 'TypeError') => ({ name, message });

test('arrays are checked for their type and length, and nothing is written then', () => {
  const network = new addon.Network(shape);
  const [inputs, outputs] = [new Float32Array(6), new Float32Array(4).fill(7)];
  for (const [call, message] of [
    [
      () => network.forward(wrong(new Float64Array(6)), 2, outputs),
      /^expected inputs to be a Float32Array, got a Float64Array$/,
    ],
    [
      () => network.forward(wrong([1, 2, 3]), 1, outputs),
      /^expected inputs to be a Float32Array, got an array$/,
    ],
    [() => network.forward(wrong(undefined), 1, outputs), /got undefined$/],
    [() => network.forward(wrong(new DataView(new ArrayBuffer(24))), 1, outputs), /got an object$/],
    [() => network.forward(inputs, 3, outputs), /^expected inputs to hold at least 9 entries, got 6$/],
    [
      () => network.forward(inputs, 2, outputs.subarray(1)),
      /^expected outputs to hold at least 4 entries, got 3$/,
    ],
    [
      () => network.forward(inputs, 0.5, outputs),
      /^expected rows to be a whole number from 0 to 2147483647, got 0\.5$/,
    ],
    [() => network.forward(inputs, -1, outputs), /got -1$/],
    [() => network.forward(inputs, Number.NaN, outputs), /got NaN$/],
    [() => network.forward(inputs, wrong('2'), outputs), /got '2'$/],
    [
      () => network.backward(inputs, outputs, 0, wrong(new Int32Array(6))),
      /inputGradients to be a Float32Array, got an Int32Array/,
    ],
    [
      () => network.backward(inputs, outputs, 0, undefined, wrong(1)),
      /accumulate to be true or false, got 1/,
    ],
  ] as const)
    assert.throws(call, says(message));
  assert.ok(outputs.every((value) => value === 7));
  assert.throws(
    () => network.backward(inputs, outputs, 2),
    /expected backward of the 0 rows of the last forward, got 2/,
  );
});

test('an array that was detached is too short, whoever detached it; native memory outlives its views', () => {
  const network = new addon.Network(shape);
  const inputs = new Float32Array(3);
  structuredClone(inputs.buffer, { transfer: [inputs.buffer] });
  assert.throws(() => network.forward(inputs, 1, new Float32Array(2)), /at least 3 entries, got 0/);
  const { parameters } = network;
  parameters.fill(1);
  try {
    (parameters.buffer as ArrayBuffer).transfer();
  } catch {
    // An engine may refuse; either way the network goes on.
  }
  const outputs = new Float32Array(2);
  network.forward(new Float32Array(3), 1, outputs);
  assert.deepEqual([...outputs], [5, 5]);
});

test('zero rows are no fault', () => {
  const network = new addon.Network(shape);
  const none = new Float32Array(0);
  network.forward(none, 0, none);
  network.gradients.fill(3);
  network.backward(none, none, 0, none);
  assert.ok(network.gradients.every((value) => value === 0));
  const categorical = new addon.Categorical({ actions: [3] });
  categorical.sample(none, undefined, 0, new Float64Array(0), new Int32Array(0), none);
  assert.equal(addon.losses.smoothL1(none, none, undefined, 0, 1, none), 0);
  new addon.Normaliser({ size: 2 }).apply(none, none, 0);
});

test('options are checked one by one', () => {
  for (const [options, message] of [
    [undefined, /^expected an object of options, got undefined$/],
    [{ ...shape, inputs: 0 }, /^expected inputs to be a whole number from 1 to 1048576, got 0$/],
    [
      { ...shape, hidden: [4, -1] },
      /^expected each of hidden to be a whole number from 1 to 1048576, got -1$/,
    ],
    [{ ...shape, hidden: 4 }, /^expected hidden to be an array of 0 to 1024 whole numbers, got 4$/],
    [{ ...shape, activation: 'gelu' }, /^expected activation to be 'relu' or 'tanh', got 'gelu'$/],
    [{ ...shape, instructionSet: 'mmx' }, /^expected instructionSet to be 'baseline'.*, got 'mmx'$/],
  ] as const)
    assert.throws(() => new addon.Network(wrong(options)), says(message));
  const network = new addon.Network(shape);
  for (const [options, message] of [
    [{ kind: 'sgd', networks: [network] }, /^expected kind to be 'adam' or 'rmsprop', got 'sgd'$/],
    [
      { kind: 'adam', networks: [] },
      /^expected networks to be an array of at least one Network, got an array$/,
    ],
    [{ kind: 'adam', networks: [{}] }, /^expected each of networks to be a Network, got an object$/],
    [
      { kind: 'adam', networks: [network, network] },
      /^expected each of networks once, got one of them twice$/,
    ],
    [
      { kind: 'adam', networks: [network], beta1: 1 },
      /^expected beta1 to be a number of at least 0 up to 0\.999999, got 1$/,
    ],
  ] as const)
    assert.throws(() => new addon.Optimiser(wrong(options)), says(message));
});

test('an object is never taken for one of another class', () => {
  const network = new addon.Network(shape);
  const optimiser = new addon.Optimiser({ kind: 'adam', networks: [network] });
  const other = new addon.Network(shape);
  const made = { online: network, target: other, optimiser, rows: 4, actions: 2, double: true };
  for (const [change, message] of [
    [{ online: optimiser }, /^expected online to be a Network, got an object$/],
    [{ online: Object.create(network) }, /^expected online to be a Network, got an object$/],
    [{ optimiser: network }, /^expected optimiser to be a Optimiser, got an object$/],
    [{ target: network }, /^expected target to be another network than online, got the same$/],
    [{ actions: 3 }, /^expected online to have 3 outputs over its entities, got 2$/],
    [
      { optimiser: new addon.Optimiser({ kind: 'adam', networks: [other] }) },
      /exactly the networks it is to train/,
    ],
    [{ quantiles: 2, loss: 'mean-squared' }, /^expected loss to be left out with quantiles/],
  ] as const)
    assert.throws(() => new addon.DqnUpdate(wrong({ ...made, ...change })), says(message));
  const update = new addon.DqnUpdate(made);
  assert.throws(
    () => update.update(wrong(network), 1e-3, 1),
    says(/^expected batch to be a TransitionBatch, got an object$/),
  );
  assert.throws(
    () => update.update(new addon.TransitionBatch({ rows: 5, inputs: 3, actions: 2 }), 1e-3, 1),
    says(/^expected batch to have at most 4 rows, 3 inputs and 2 actions, got 5, 3 and 2$/),
  );
  const batch = new addon.TransitionBatch({ rows: 4, inputs: 3, actions: 2 });
  batch.actions[3] = 2;
  const before = network.parameters.slice();
  assert.throws(
    () => update.update(batch, 1e-3, 1),
    says(/^row 3: expected a valid action, got 2$/, 'RangeError'),
  );
  assert.throws(
    () => update.update(batch, Number.NaN, 1),
    says(/^expected learningRate to be a number of at least 0, got NaN$/),
  );
  assert.deepEqual(network.parameters, before);
  assert.equal(optimiser.steps, 0);
});

test('a mask without a valid action and an action that is masked name their row', () => {
  const categorical = new addon.Categorical({ actions: [2, 3] });
  const logits = new Float32Array(10);
  const masks = Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
  const actions = new Int32Array(4);
  assert.throws(
    () => categorical.greedy(logits, masks, 2, actions),
    says(/^row 1: expected a valid action, got a mask without any$/, 'RangeError'),
  );
  masks[8] = 1;
  assert.throws(
    () => categorical.evaluate(logits, masks, 2, actions, new Float32Array(2), new Float32Array(2)),
    says(/^row 1: expected a valid action$/, 'RangeError'),
  );
});

test('a NaN in a network reaches the loss: nothing hides it', () => {
  const online = new addon.Network(shape);
  const target = new addon.Network(shape);
  const optimiser = new addon.Optimiser({ kind: 'adam', networks: [online] });
  const update = new addon.DqnUpdate({ online, target, optimiser, rows: 2, actions: 2, double: true });
  const batch = new addon.TransitionBatch({ rows: 2, inputs: 3, actions: 2 });
  online.parameters[0] = Number.NaN;
  assert.ok(Number.isNaN(update.update(batch, 1e-3, 1)));
});
