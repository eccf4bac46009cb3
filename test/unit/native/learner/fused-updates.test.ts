import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../../src/native/addon.ts';
import type { NativeNetwork, NativeOptimiser } from '../../../../src/native/network.ts';
import { RandomStream } from '../../../../src/util/rng.ts';
import { dqnProblem, ppoProblem, randomNetwork } from '../../../support/training-problems.ts';

const addon = loadAddon();
const { losses } = addon;

/** A network and optimiser of the same state, for the composition of the parts. */
function twin(sizes: readonly number[], activation: 'relu' | 'tanh', of: NativeNetwork): NativeNetwork {
  const network = randomNetwork(sizes, activation, new RandomStream(0));
  network.copyFrom(of);
  return network;
}

function equal(a: Float32Array, b: Float32Array, what: string) {
  assert.equal(a.length, b.length);
  for (let i = 0; i < a.length; i++)
    assert.ok(Math.abs(a[i]! - b[i]!) <= 1e-6, `${what}[${i}]: ${a[i]} is not ${b[i]}`);
}

const adam = (...networks: NativeNetwork[]): NativeOptimiser =>
  new addon.Optimiser({ kind: 'adam', networks, epsilon: 1e-5 });

test('the DQN update equals forward, targets, loss, backward and step one by one', () => {
  const sizes = [7, 19, 5];
  const rows = 23;
  const { online, target, batch, update } = dqnProblem(sizes, rows, 4);
  const own = twin(sizes, 'relu', online);
  const optimiser = adam(own);
  for (let step = 0; step < 5; step++) {
    const loss = update.update(batch, 1e-2, 0.5);
    const [onlineNext, targetNext, values] = [0, 0, 0].map(() => new Float32Array(rows * 5)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    own.forward(batch.nextObservations, rows, onlineNext);
    target.forward(batch.nextObservations, rows, targetNext);
    const targets = new Float32Array(rows);
    losses.dqnTargets(
      onlineNext,
      targetNext,
      batch.nextMasks,
      batch.rewards,
      batch.discounts,
      rows,
      5,
      targets,
      new Int32Array(rows),
    );
    own.forward(batch.observations, rows, values);
    const taken = Float32Array.from({ length: rows }, (_, row) => values[row * 5 + batch.actions[row]!]!);
    const slopes = new Float32Array(rows);
    const ownLoss = losses.smoothL1(taken, targets, batch.weights, rows, 1, slopes);
    const gradients = new Float32Array(rows * 5);
    for (let row = 0; row < rows; row++) gradients[row * 5 + batch.actions[row]!] = slopes[row]!;
    own.backward(batch.observations, gradients, rows);
    const norm = optimiser.clip(0.5);
    optimiser.step(1e-2);
    assert.ok(Math.abs(loss - ownLoss) < 1e-6 && Math.abs(update.statistics[1]! - norm) < 1e-6);
    equal(
      batch.errors,
      taken.map((value, i) => value - targets[i]!),
      'errors',
    );
    equal(online.parameters, own.parameters, 'parameters');
  }
});

test('the dueling quantile DQN update equals its parts', () => {
  const [actions, quantiles, rows] = [3, 5, 11];
  const sizes = [4, 16, (1 + actions) * quantiles];
  const random = new RandomStream(8);
  const online = randomNetwork(sizes, 'relu', random);
  const target = randomNetwork(sizes, 'relu', random);
  const own = twin(sizes, 'relu', online);
  const update = new addon.DqnUpdate({
    online,
    target,
    optimiser: adam(online),
    rows,
    actions,
    double: true,
    dueling: true,
    quantiles,
  });
  const batch = new addon.TransitionBatch({ rows, inputs: 4, actions });
  for (const array of [batch.observations, batch.nextObservations, batch.rewards])
    for (let i = 0; i < array.length; i++) array[i] = random.normal();
  batch.discounts.fill(0.9);
  for (let row = 0; row < rows; row++) {
    batch.actions[row] = random.integer(actions);
    batch.nextMasks[row * actions + random.integer(actions)] = 0;
  }
  const loss = update.update(batch, 1e-2, Number.POSITIVE_INFINITY);

  const streams = new Float32Array(rows * sizes[2]!);
  const quantileValues = (network: NativeNetwork, observations: Float32Array) => {
    const values = new Float32Array(rows * actions * quantiles);
    network.forward(observations, rows, streams);
    losses.duelingForward(streams, rows, actions, quantiles, values);
    return values;
  };
  const nextOnline = quantileValues(own, batch.nextObservations);
  const nextTarget = quantileValues(target, batch.nextObservations);
  const values = quantileValues(own, batch.observations);
  const taken = new Float32Array(rows * quantiles);
  const goals = new Float32Array(rows * quantiles);
  for (let row = 0; row < rows; row++) {
    const sum = (action: number) => {
      const from = (row * actions + action) * quantiles;
      return nextOnline.subarray(from, from + quantiles).reduce((total, value) => total + value, 0);
    };
    const valid = [0, 1, 2].filter((action) => batch.nextMasks[row * actions + action] === 1);
    const best = valid.reduce((a, b) => (sum(b) > sum(a) ? b : a));
    for (let i = 0; i < quantiles; i++) {
      taken[row * quantiles + i] = values[(row * actions + batch.actions[row]!) * quantiles + i]!;
      goals[row * quantiles + i] =
        batch.rewards[row]! + 0.9 * nextTarget[(row * actions + best) * quantiles + i]!;
    }
  }
  const slopes = new Float32Array(rows * quantiles);
  const ownLoss = losses.quantileHuber(taken, goals, batch.weights, rows, quantiles, quantiles, true, slopes);
  assert.ok(Math.abs(loss - ownLoss) < 1e-6);
  const valueGradients = new Float32Array(rows * actions * quantiles);
  for (let row = 0; row < rows; row++)
    valueGradients.set(
      slopes.subarray(row * quantiles, (row + 1) * quantiles),
      (row * actions + batch.actions[row]!) * quantiles,
    );
  const streamGradients = new Float32Array(streams.length);
  losses.duelingBackward(valueGradients, rows, actions, quantiles, streamGradients);
  own.backward(batch.observations, streamGradients, rows);
  equal(online.gradients, own.gradients, 'gradients');
});

test('the conservative penalty raises the actions of the data over the other valid ones', () => {
  const { online, optimiser, target, batch } = dqnProblem([3, 16, 4], 32, 5);
  const values = () => {
    const result = new Float32Array(32 * 4);
    online.forward(batch.observations, 32, result);
    return result;
  };
  batch.masks.fill(1);
  const penalty = () => {
    const logs = new Float32Array(32 * 4);
    new addon.Categorical({ actions: [4] }).logProbabilities(values(), undefined, 32, logs);
    let sum = 0;
    for (let row = 0; row < 32; row++) sum -= logs[row * 4 + batch.actions[row]!]!;
    return sum / 32;
  };
  const update = new addon.DqnUpdate({
    online,
    target,
    optimiser,
    rows: 32,
    actions: 4,
    double: true,
    conservative: 2,
  });
  const before = penalty();
  update.update(batch, 1e-3, Number.POSITIVE_INFINITY);
  assert.ok(Math.abs(update.statistics[3]! - 2 * before) < 1e-5);
  for (let i = 0; i < 100; i++) update.update(batch, 1e-3, Number.POSITIVE_INFINITY);
  assert.ok(penalty() < before * 0.8);
});

test('the PPO update equals its parts, and one row is not normalised', () => {
  const sizes = [6, 17, 5];
  const rows = 29;
  const { policy, value, rollout, indices, update } = ppoProblem(sizes, rows, 6);
  const ownPolicy = twin(sizes, 'tanh', policy);
  const ownValue = twin([6, 17, 1], 'tanh', value);
  const optimiser = adam(ownPolicy, ownValue);
  for (const count of [rows, 1]) {
    assert.ok(update.update(rollout, indices, 0, count, 1e-2, 0.2, 0.3, 0.01, 0.5, Number.POSITIVE_INFINITY));
    const order = [...indices.subarray(0, count)];
    const gathered = <T extends Float32Array | Int32Array | Uint8Array>(array: T, width: number): T => {
      const result = new (array.constructor as new (length: number) => T)(count * width);
      for (const [to, from] of order.entries())
        result.set(array.subarray(from * width, (from + 1) * width), to * width);
      return result;
    };
    const observations = gathered(rollout.observations, 6);
    const logits = new Float32Array(count * 5);
    const values = new Float32Array(count);
    ownPolicy.forward(observations, count, logits);
    ownValue.forward(observations, count, values);
    const logitGradients = new Float32Array(count * 5);
    const valueGradients = new Float32Array(count);
    const result = losses.ppo({
      rows: count,
      actions: [5],
      logits,
      masks: gathered(rollout.masks, 5),
      chosen: gathered(rollout.actions, 1),
      oldLogProbabilities: gathered(rollout.logProbabilities, 1),
      advantages: gathered(rollout.advantages, 1),
      values,
      oldValues: gathered(rollout.values, 1),
      returns: gathered(rollout.returns, 1),
      normaliseAdvantages: count > 1,
      valueLoss: 'greatest',
      clip: 0.2,
      valueClip: 0.3,
      valueCoefficient: 0.5,
      entropyCoefficient: 0.01,
      logitGradients,
      valueGradients,
    });
    assert.ok(Math.abs(result.loss - update.statistics[0]!) < 1e-6);
    assert.ok(Math.abs(result.approximateKl - update.statistics[4]!) < 1e-6);
    ownPolicy.backward(observations, logitGradients, count);
    ownValue.backward(observations, valueGradients, count);
    optimiser.step(1e-2, 0.5);
    equal(policy.parameters, ownPolicy.parameters, 'policy');
    equal(value.parameters, ownValue.parameters, 'value');
  }
});

test('a PPO update above the limit of the KL does not step', () => {
  const { policy, optimiser, rollout, indices, update } = ppoProblem([4, 8, 3], 16, 7);
  const before = policy.parameters.slice();
  assert.equal(update.update(rollout, indices, 0, 16, 1e-2, 0.2, 0.2, 0, 0.5, 1e-9), false);
  assert.deepEqual(policy.parameters, before);
  assert.equal(optimiser.steps, 0);
  assert.equal(update.statistics[7], 0);
});

test('several choices a row: the PPO update raises what was better than expected', () => {
  const random = new RandomStream(9);
  const policy = randomNetwork([3, 16, 7], 'tanh', random);
  const value = randomNetwork([3, 1], 'tanh', random);
  const rows = 64;
  const rollout = new addon.Rollout({
    steps: rows,
    environments: 1,
    inputs: 3,
    valueInputs: 0,
    actions: [4, 3],
  });
  const categorical = new addon.Categorical({ actions: [4, 3] });
  const logits = new Float32Array(rows * 7);
  const logs = new Float32Array(rows);
  for (let i = 0; i < rows * 3; i++) rollout.observations[i] = random.normal();
  policy.forward(rollout.observations, rows, logits);
  const uniforms = Float64Array.from({ length: rows * 2 }, () => random.next());
  categorical.sample(logits, undefined, rows, uniforms, rollout.actions, rollout.logProbabilities);
  // Only the second choice counts: option 2 is good.
  for (let row = 0; row < rows; row++) rollout.advantages[row] = rollout.actions[row * 2 + 1] === 2 ? 1 : -1;
  const update = new addon.PpoUpdate({
    policy,
    value,
    optimiser: adam(policy, value),
    rows,
    actions: [4, 3],
    normaliseAdvantages: false,
    valueLoss: 'squared',
    valueCoefficient: 0,
  });
  const indices = Int32Array.from({ length: rows }, (_, i) => i);
  for (let i = 0; i < 20; i++) update.update(rollout, indices, 0, rows, 3e-3, 0.2, 0.2, 0, 10, 1e9);
  policy.forward(rollout.observations, rows, logits);
  categorical.evaluate(logits, undefined, rows, rollout.actions, logs, new Float32Array(rows));
  const mean = (good: boolean) => {
    const picked = [...rollout.advantages.keys()].filter((row) => rollout.advantages[row]! > 0 === good);
    return picked.reduce((sum, row) => sum + logs[row]! - rollout.logProbabilities[row]!, 0) / picked.length;
  };
  assert.ok(mean(true) > 0.05 && mean(false) < -0.02, `${mean(true)} ${mean(false)}`);
});

test('the A2C update equals its parts', () => {
  const random = new RandomStream(10);
  const [sizes, rows] = [[5, 12, 4], 20];
  const policy = randomNetwork(sizes, 'tanh', random);
  const value = randomNetwork([5, 12, 1], 'tanh', random);
  const [ownPolicy, ownValue] = [twin(sizes, 'tanh', policy), twin([5, 12, 1], 'tanh', value)];
  const rmsprop = (...networks: NativeNetwork[]) =>
    new addon.Optimiser({ kind: 'rmsprop', style: 'tensorflow', networks });
  const rollout = new addon.Rollout({ steps: 5, environments: 4, inputs: 5, valueInputs: 0, actions: [4] });
  for (const array of [rollout.observations, rollout.advantages, rollout.returns])
    for (let i = 0; i < array.length; i++) array[i] = random.normal();
  for (let row = 0; row < rows; row++) rollout.actions[row] = random.integer(4);
  const update = new addon.A2cUpdate({
    policy,
    value,
    optimiser: rmsprop(policy, value),
    rows,
    actions: [4],
    normaliseAdvantages: false,
    valueCoefficient: 0.25,
  });
  const loss = update.update(rollout, 1e-2, 0.02, 0.5);

  const logits = new Float32Array(rows * 4);
  const values = new Float32Array(rows);
  ownPolicy.forward(rollout.observations, rows, logits);
  ownValue.forward(rollout.observations, rows, values);
  const categorical = new addon.Categorical({ actions: [4] });
  const [logs, entropies, result] = [rows, rows, rows * 4].map((n) => new Float32Array(n)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  categorical.evaluate(logits, undefined, rows, rollout.actions, logs, entropies);
  categorical.gradient(
    logits,
    undefined,
    rows,
    rollout.actions,
    rollout.advantages.map((a) => -a / rows),
    new Float32Array(rows).fill(-0.02 / rows),
    result,
  );
  const valueGradients = new Float32Array(rows);
  const valueLoss = losses.meanSquared(values, rollout.returns, undefined, rows, valueGradients);
  const mean = (of: (row: number) => number) =>
    Array.from({ length: rows }, (_, i) => of(i)).reduce((a, b) => a + b) / rows;
  const ownLoss =
    -mean((i) => rollout.advantages[i]! * logs[i]!) + 0.25 * valueLoss - 0.02 * mean((i) => entropies[i]!);
  assert.ok(Math.abs(loss - ownLoss) < 1e-6);
  ownPolicy.backward(rollout.observations, result, rows);
  ownValue.backward(
    rollout.observations,
    valueGradients.map((g) => 0.25 * g),
    rows,
  );
  rmsprop(ownPolicy, ownValue).step(1e-2, 0.5);
  equal(policy.parameters, ownPolicy.parameters, 'policy');
  equal(value.parameters, ownValue.parameters, 'value');
});

test('the SAC update: critics first, then the policy against the new critics, then the temperature', () => {
  const random = new RandomStream(11);
  const [sizes, rows, actions] = [[4, 16, 3], 21, 3];
  const [policy, ...rest] = [0, 1, 2, 3, 4].map(() => randomNetwork(sizes, 'relu', random));
  const [q1, q2, t1, t2] = rest as [NativeNetwork, NativeNetwork, NativeNetwork, NativeNetwork];
  const own = [policy!, q1, q2].map((network) => twin(sizes, 'relu', network)) as [
    NativeNetwork,
    NativeNetwork,
    NativeNetwork,
  ];
  const batch = new addon.TransitionBatch({ rows, inputs: 4, actions });
  for (const array of [batch.observations, batch.nextObservations, batch.rewards])
    for (let i = 0; i < array.length; i++) array[i] = random.normal();
  for (let row = 0; row < rows; row++) {
    batch.actions[row] = random.integer(actions);
    batch.discounts[row] = random.next() < 0.2 ? 0 : 0.95;
    batch.masks[row * actions + ((batch.actions[row]! + 1) % actions)] = 0;
    batch.nextMasks[row * actions + random.integer(actions)] = 0;
  }
  const update = new addon.SacUpdate({
    policy: policy!,
    critics: [q1, q2],
    targets: [t1, t2],
    policyOptimiser: adam(policy!),
    criticOptimiser: adam(q1, q2),
    rows,
    actions,
    targetEntropyShare: 0.9,
    logTemperature: -1,
  });
  update.update(batch, 1e-2, 2e-2, 3e-3, Number.POSITIVE_INFINITY);

  const out = (network: NativeNetwork, observations: Float32Array) => {
    const values = new Float32Array(rows * actions);
    network.forward(observations, rows, values);
    return values;
  };
  const composed = () => {
    const written = [0, 1, 2].map(() => new Float32Array(rows * actions)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const result = losses.sacDiscrete({
      rows,
      actions,
      logits: out(own[0], batch.observations),
      masks: batch.masks,
      nextLogits: out(own[0], batch.nextObservations),
      nextMasks: batch.nextMasks,
      critic1: out(own[1], batch.observations),
      critic2: out(own[2], batch.observations),
      nextTarget1: out(t1, batch.nextObservations),
      nextTarget2: out(t2, batch.nextObservations),
      rewards: batch.rewards,
      discounts: batch.discounts,
      chosen: batch.actions,
      logTemperature: -1,
      targetEntropyShare: 0.9,
      targets: new Float32Array(rows),
      critic1Gradients: written[0],
      critic2Gradients: written[1],
      logitGradients: written[2],
    });
    return { result, written };
  };
  const before = composed();
  for (const i of [1, 2] as const) {
    out(own[i], batch.observations);
    own[i].backward(batch.observations, before.written[i - 1]!, rows);
  }
  adam(own[1], own[2]).step(2e-2);
  const after = composed();
  out(own[0], batch.observations);
  own[0].backward(batch.observations, after.written[2], rows);
  adam(own[0]).step(1e-2);
  assert.ok(Math.abs(update.statistics[0]! - before.result.criticLoss) < 1e-6);
  assert.ok(Math.abs(update.statistics[1]! - after.result.actorLoss) < 1e-6);
  equal(q1.parameters, own[1].parameters, 'first critic');
  equal(q2.parameters, own[2].parameters, 'second critic');
  equal(policy!.parameters, own[0].parameters, 'policy');
  // Adam's first step is the rate against the sign of the gradient.
  const expected = -1 - 3e-3 * Math.sign(after.result.temperatureLoss);
  assert.ok(Math.abs(update.temperature[0]! - expected) < 1e-6 && update.temperature[3] === 1);
});

test('a network shared over entities equals the same network on rows of its own', () => {
  const random = new RandomStream(12);
  const [entities, rows] = [6, 9];
  const online = randomNetwork([4, 8, 1], 'relu', random);
  const target = randomNetwork([4, 8, 1], 'relu', random);
  const batch = new addon.TransitionBatch({ rows, inputs: 4 * entities, actions: entities });
  for (const array of [batch.observations, batch.nextObservations, batch.rewards])
    for (let i = 0; i < array.length; i++) array[i] = random.normal();
  for (let row = 0; row < rows; row++) batch.actions[row] = random.integer(entities);
  const values = new Float32Array(rows * entities);
  online.forward(batch.observations, rows * entities, values);
  const update = new addon.DqnUpdate({
    online,
    target,
    optimiser: adam(online),
    rows,
    actions: entities,
    entities,
    double: true,
  });
  update.update(batch, 1e-3, 10);
  // No discounts: the error is the value taken less the reward.
  equal(
    batch.errors,
    batch.errors.map((_, row) => values[row * entities + batch.actions[row]!]! - batch.rewards[row]!),
    'errors',
  );
});

test('the widest kernels and AVX2 give the same bits; the baseline agrees to rounding', () => {
  const after = addon.instructionSets().map((set) => {
    const dqn = dqnProblem([9, 40, 33, 6], 37, 13, set);
    const ppo = ppoProblem([9, 40, 33, 6], 37, 13, set);
    for (let i = 0; i < 10; i++) {
      dqn.update.update(dqn.batch, 1e-3, 1);
      ppo.update.update(ppo.rollout, ppo.indices, 0, 37, 1e-3, 0.2, 0.2, 0.01, 0.5, Number.POSITIVE_INFINITY);
    }
    return Float32Array.of(...dqn.online.parameters, ...ppo.policy.parameters, ...ppo.value.parameters);
  });
  const [baseline, ...fused] = after as [Float32Array, ...Float32Array[]];
  for (const other of fused) {
    assert.deepEqual(other, fused[0]);
    const greatest = other.reduce((most, value, i) => Math.max(most, Math.abs(value - baseline[i]!)), 0);
    assert.ok(greatest < 2e-5, `${greatest}`);
  }
});
