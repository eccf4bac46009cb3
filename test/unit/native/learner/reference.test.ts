import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAddon } from '../../../../src/native/addon.ts';

// Expected numbers in float64, from an independent autograd and from the formulas; see test/golden/learning/README.md.
const reference = JSON.parse(
  readFileSync(new URL('../../../golden/learning/reference.json', import.meta.url), 'utf8'),
);
const addon = loadAddon();
const { losses } = addon;

const f32 = (values: readonly (number | readonly number[])[]) => Float32Array.from(values.flat() as number[]);
const i32 = (values: readonly (number | readonly number[])[]) => Int32Array.from(values.flat() as number[]);
const u8 = (values: readonly (number | readonly number[])[]) => Uint8Array.from(values.flat() as number[]);

function close(
  actual: ArrayLike<number> | number,
  expected: readonly (number | readonly number[])[] | number,
  what = '',
) {
  const a = typeof actual === 'number' ? [actual] : Array.from(actual);
  const e = typeof expected === 'number' ? [expected] : (expected.flat(9) as number[]);
  assert.equal(a.length, e.length, what);
  for (let i = 0; i < e.length; i++)
    assert.ok(
      Math.abs(a[i]! - e[i]!) <= 1e-6 + 1e-5 * Math.abs(e[i]!),
      `${what}[${i}]: ${a[i]} is not ${e[i]}`,
    );
}

/** A network whose parameters are exactly `count` numbers: one linear layer of count - 1 inputs and one output. */
function parametersOf(count: number) {
  return new addon.Network({ inputs: count - 1, hidden: [], outputs: 1, activation: 'relu' });
}

test('Adam, with either epsilon', () => {
  const { inputs, expected } = reference.adam;
  for (const { eps, after } of expected) {
    const network = parametersOf(4);
    network.parameters.set(inputs.param);
    const optimiser = new addon.Optimiser({ kind: 'adam', networks: [network], epsilon: eps });
    for (const [step, gradients] of inputs.grads_per_step.entries()) {
      network.gradients.set(gradients);
      optimiser.step(inputs.lr);
      close(network.parameters, after[step].param, `eps ${eps}, step ${step + 1}`);
      close(optimiser.firstMoments, after[step].exp_avg);
      close(optimiser.secondMoments, after[step].exp_avg_sq);
    }
    assert.equal(optimiser.steps, 3);
  }
});

test('RMSprop in the styles of torch and of TensorFlow', () => {
  const { inputs, expected } = reference.rmsprop;
  for (const { variant, after } of expected) {
    const network = parametersOf(4);
    network.parameters.set(inputs.param);
    const optimiser = new addon.Optimiser({
      kind: 'rmsprop',
      networks: [network],
      style: variant === 'torch' ? 'torch' : 'tensorflow',
      alpha: inputs.alpha,
      epsilon: inputs.eps,
    });
    for (const [step, gradients] of inputs.grads_per_step.entries()) {
      network.gradients.set(gradients);
      optimiser.step(inputs.lr);
      close(network.parameters, after[step].param, `${variant}, step ${step + 1}`);
      close(optimiser.secondMoments, after[step].square_avg);
    }
  }
});

test('the clip of the global norm, over all networks of an optimiser', () => {
  const { inputs, expected } = reference.clip_grad_norm;
  const first = parametersOf(2);
  const second = parametersOf(2);
  first.gradients.set(inputs.grads[0].flat());
  second.gradients.set(inputs.grads[1].flat());
  const optimiser = new addon.Optimiser({ kind: 'adam', networks: [first, second] });
  close(optimiser.clip(inputs.max_norm), expected.norm);
  close(first.gradients, expected.clipped[0]);
  close(second.gradients.subarray(0, 1), expected.clipped[1]);
  close(optimiser.clip(100), inputs.max_norm);
  close(first.gradients, expected.clipped[0], 'a norm within the limit is left as it is');
});

test('smooth L1 with and without weights', () => {
  const { inputs, expected } = reference.smooth_l1;
  const gradients = new Float32Array(6);
  for (const { beta, weights, mean_loss, grad } of expected) {
    const given = weights === null ? undefined : f32(weights);
    const loss = losses.smoothL1(f32(inputs.pred), f32(inputs.target), given, 6, beta, gradients);
    close(loss, mean_loss);
    close(gradients, grad);
  }
});

test('the mean squared error and its gradient', () => {
  const gradients = new Float32Array(2);
  close(losses.meanSquared(f32([1, 3]), f32([0, 1]), f32([1, 0.5]), 2, gradients), (1 + 0.5 * 4) / 2);
  close(gradients, [1, 1]);
});

test('generalised advantages over terminated and truncated episodes', () => {
  const { inputs, expected } = reference.gae;
  const rollout = new addon.Rollout({ steps: 5, environments: 1, inputs: 1, valueInputs: 0, actions: [2] });
  rollout.rewards.set(inputs.rewards);
  rollout.values.set(inputs.values);
  rollout.terminated.set(inputs.terminated);
  rollout.truncated.set(inputs.truncated);
  // What the final observation of an episode is worth counts only where it was truncated.
  rollout.finalValues.fill(1e6);
  for (const [step, value] of Object.entries(inputs.terminal_values))
    rollout.finalValues[Number(step)] = value as number;
  for (const { gamma, gae_lambda, advantages, returns } of expected) {
    rollout.computeAdvantages(f32([inputs.last_value]), gamma, gae_lambda);
    close(rollout.advantages, advantages);
    close(rollout.returns, returns);
  }
});

test('the masked categorical: log-probabilities, entropy and gradients', () => {
  const { inputs, expected } = reference.masked_categorical;
  const categorical = new addon.Categorical({ actions: [4] });
  const logits = f32(inputs.logits);
  const masks = u8(inputs.mask);
  const actions = i32(inputs.actions);
  const logs = new Float32Array(4);
  const entropies = new Float32Array(4);
  categorical.evaluate(logits, masks, 4, actions, logs, entropies);
  close(logs, expected.log_prob);
  close(entropies, expected.entropy);
  const table = new Float32Array(16);
  categorical.logProbabilities(logits, masks, 4, table);
  close(table.map(Math.exp), expected.probs);
  assert.ok(table.every((log, i) => (log === Number.NEGATIVE_INFINITY) === (masks[i] === 0)));
  const gradient = new Float32Array(16);
  categorical.gradient(logits, masks, 4, actions, f32(inputs.coef_logp), f32(inputs.coef_entropy), gradient);
  close(gradient, expected.grad_logits_of_sum_coef);
});

test('the double and the plain target with masks of the next state', () => {
  const { inputs, expected } = reference.double_dqn_target;
  const discounts = f32(inputs.terminated.map((over: number) => (over ? 0 : inputs.gamma)));
  const targets = new Float32Array(4);
  const chosen = new Int32Array(4);
  const online = f32(inputs.q_online_next);
  const target = f32(inputs.q_target_next);
  const masks = u8(inputs.next_mask);
  losses.dqnTargets(online, target, masks, f32(inputs.rewards), discounts, 4, 3, targets, chosen);
  close(targets, expected.target_double);
  assert.deepEqual([...chosen], expected.argmax);
  losses.dqnTargets(target, target, masks, f32(inputs.rewards), discounts, 4, 3, targets, chosen);
  close(targets, expected.target_vanilla_masked);
});

test('n-step returns stop at the first end, with the steps really summed', () => {
  const { inputs, expected } = reference.n_step;
  for (const { n, rows } of expected) {
    const replay = new addon.Replay({
      capacity: 16,
      inputs: 1,
      actions: 2,
      masks: false,
      environments: 1,
      steps: n,
      gamma: inputs.gamma,
    });
    for (let t = 0; t < 6; t++)
      replay.add(
        f32([t]),
        undefined,
        i32([t % 2]),
        f32([inputs.rewards[t]]),
        f32([100 + t]),
        undefined,
        u8([inputs.terminated[t]]),
        u8([inputs.truncated[t]]),
      );
    assert.equal(replay.size, n === 1 ? 6 : 5);
    replay.flush();
    assert.equal(replay.size, 6);
    const batch = new addon.TransitionBatch({ rows: 6, inputs: 1, actions: 2 });
    replay.sample(
      batch,
      Float64Array.from({ length: 6 }, (_, i) => (i + 0.5) / 6),
      1,
    );
    for (const [i, row] of rows.entries()) {
      assert.equal(batch.observations[i], row.start);
      assert.equal(batch.actions[i], row.start % 2);
      close(batch.rewards[i]!, row.ret);
      close(batch.discounts[i]!, row.bootstrap * row.discount);
      assert.equal(batch.nextObservations[i], 100 + row.last);
    }
  }
});

const valueLosses = { unclipped: 'squared', sb3: 'clipped', cleanrl: 'greatest' } as const;

test("PPO's loss in all its forms", () => {
  const { inputs, expected } = reference.ppo_loss;
  for (const one of expected) {
    const logitGradients = new Float32Array(12);
    const valueGradients = new Float32Array(4);
    const result = losses.ppo({
      rows: 4,
      actions: [3],
      logits: f32(inputs.logits),
      chosen: i32(inputs.actions),
      oldLogProbabilities: f32(inputs.old_log_prob),
      advantages: f32(inputs.advantages),
      values: f32(inputs.values),
      oldValues: f32(inputs.old_values),
      returns: f32(inputs.returns),
      normaliseAdvantages: one.normalize_advantage,
      valueLoss: valueLosses[one.value_mode as keyof typeof valueLosses],
      clip: inputs.clip,
      valueClip: inputs.clip_vf,
      valueCoefficient: inputs.vf_coef,
      entropyCoefficient: inputs.ent_coef,
      logitGradients,
      valueGradients,
    });
    const what = `${one.value_mode}, normalised ${one.normalize_advantage}`;
    close(result.policyLoss, one.policy_loss, what);
    close(result.valueLoss, one.value_loss, what);
    close(result.entropy, one.entropy, what);
    close(result.loss, one.loss, what);
    close(result.approximateKl, one.approx_kl_k3, what);
    close(result.clipFraction, one.clip_fraction, what);
    close(logitGradients, one.grad_logits, what);
    close(valueGradients, one.grad_values, what);
  }
});

test('the quantile loss, summed over quantiles or not', () => {
  const { inputs, expected } = reference.qr_dqn_loss;
  for (const { sum_over_quantiles, loss, grad } of expected) {
    const gradients = new Float32Array(8);
    const got = losses.quantileHuber(
      f32(inputs.current_quantiles),
      f32(inputs.target_quantiles),
      undefined,
      2,
      4,
      3,
      sum_over_quantiles,
      gradients,
    );
    close(got, loss);
    close(gradients, grad);
  }
});

test('the losses of discrete soft actor-critic', () => {
  const { inputs, expected } = reference.sac_discrete;
  const targets = new Float32Array(2);
  const [critic1Gradients, critic2Gradients, logitGradients] = [6, 6, 6].map((n) => new Float32Array(n)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const result = losses.sacDiscrete({
    rows: 2,
    actions: 3,
    logits: f32(inputs.logits),
    masks: u8(inputs.mask),
    nextLogits: f32(inputs.logits_next),
    nextMasks: u8(inputs.mask_next),
    critic1: f32(inputs.q1),
    critic2: f32(inputs.q2),
    nextTarget1: f32(inputs.target_q1_next),
    nextTarget2: f32(inputs.target_q2_next),
    rewards: f32(inputs.rewards),
    discounts: f32(inputs.terminated.map((over: number) => (over ? 0 : inputs.gamma))),
    chosen: i32(inputs.actions),
    logTemperature: inputs.log_alpha,
    targetEntropyShare: 0.98,
    targets,
    critic1Gradients,
    critic2Gradients,
    logitGradients,
  });
  close(targets, expected.critic_target);
  close(result.criticLoss, expected.critic_loss);
  close(critic1Gradients, expected.grad_q1);
  close(critic2Gradients, expected.grad_q2);
  close(result.actorLoss, expected.actor_loss);
  close(logitGradients, expected.grad_logits);
  close(result.entropy, (expected.entropy[0] + expected.entropy[1]) / 2);
  close(result.temperatureLoss, expected.temperature_loss_exp_form);
});

test('a whole DQN step: targets, gradients before the clip, parameters after Adam', () => {
  const { inputs, expected } = reference.full_dqn_step;
  const shape = { inputs: 2, hidden: [3], outputs: 2, activation: 'relu' } as const;
  const online = new addon.Network(shape);
  const target = new addon.Network(shape);
  // The reference has weights [outputs][inputs], the addon [inputs][outputs].
  const across = (w: number[][]) => w[0]!.map((_, i) => w.map((row) => row[i]!));
  const laidOut = (w1: number[][], b1: number[], w2: number[][], b2: number[]) =>
    f32([across(w1).flat(), b1, across(w2).flat(), b2]);
  online.parameters.set(laidOut(inputs.W1, inputs.b1, inputs.W2, inputs.b2));
  target.parameters.set(laidOut(inputs.target_W1, inputs.b1, inputs.W2, inputs.b2));
  const optimiser = new addon.Optimiser({ kind: 'adam', networks: [online], epsilon: inputs.eps });
  const update = new addon.DqnUpdate({ online, target, optimiser, rows: 3, actions: 2, double: true });
  const batch = new addon.TransitionBatch({ rows: 3, inputs: 2, actions: 2 });
  batch.observations.set(inputs.x.flat());
  batch.nextObservations.set(inputs.x_next.flat());
  batch.actions.set(inputs.actions);
  batch.rewards.set(inputs.rewards);
  batch.discounts.set(inputs.terminated.map((over: number) => (over ? 0 : inputs.gamma)));
  batch.nextMasks.set(inputs.next_mask.flat());
  batch.weights.set(inputs.per_weights);
  close(update.update(batch, inputs.lr, inputs.max_norm), expected.loss);
  close(batch.errors, expected.td_error);
  close(update.statistics[1]!, expected.grad_norm);
  const [w1, b1, w2, b2] = expected.grads;
  close(online.gradients, [...laidOut(w1, b1, w2, b2)], 'gradients');
  const [p1, c1, p2, c2] = expected.params_after;
  close(online.parameters, [...laidOut(p1, c1, p2, c2)], 'parameters');
});
