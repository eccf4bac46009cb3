import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../src/native/addon.ts';
import type { NativeRollout } from '../../../src/native/rollout.ts';

/*
 * Generalised advantages and n-step returns where both are known in closed form, after Stable-Baselines3's tests/test_gae.py and
 * tests/test_n_step_replay.py.
 */

const { Rollout, Replay, TransitionBatch } = loadAddon();

function rolloutOf(steps: number, fill: (rollout: NativeRollout) => void): NativeRollout {
  const rollout = new Rollout({ steps, environments: 1, inputs: 1, valueInputs: 0, actions: [2] });
  rollout.rewards.fill(1);
  fill(rollout);
  return rollout;
}

const near = (found: Float32Array, expected: (i: number) => number) =>
  found.forEach((value, i) => {
    assert.ok(
      Math.abs(value - expected(i)) <= 1e-5 * (1 + Math.abs(expected(i))),
      `${i}: ${value}, not ${expected(i)}`,
    );
  });

for (const gamma of [1, 0.99])
  for (const lambda of [1, 0.9]) {
    test(`advantages of an episode of ones that ends (gamma ${gamma}, lambda ${lambda})`, () => {
      for (const episodes of [1, 3]) {
        const length = 20;
        const rollout = rolloutOf(length * episodes, ({ terminated }) => {
          for (let end = length - 1; end < terminated.length; end += length) terminated[end] = 1;
        });
        rollout.computeAdvantages(Float32Array.of(1000), gamma, lambda);
        const discount = gamma * lambda;
        const sum = (left: number) => (discount === 1 ? left : (1 - discount ** left) / (1 - discount));
        near(rollout.advantages, (i) => sum(length - (i % length)));
        near(rollout.returns, (i) => sum(length - (i % length)));
      }
    });
  }

test('with values that are right no advantage is left, whether an episode ends or is cut off', () => {
  const gamma = 0.9;
  const length = 6;
  const cut = rolloutOf(2 * length, ({ truncated, values, finalValues }) => {
    truncated[length - 1] = 1;
    values.fill(10);
    finalValues.fill(10);
  });
  cut.computeAdvantages(Float32Array.of(10), gamma, 0.95);
  near(cut.advantages, () => 0);
  near(cut.returns, () => 10);
  const ended = rolloutOf(length, ({ terminated, values }) => {
    terminated[length - 1] = 1;
    for (let i = 0; i < length; i++) values[i] = (1 - gamma ** (length - i)) / (1 - gamma);
  });
  ended.computeAdvantages(Float32Array.of(5), gamma, 0.95);
  near(ended.advantages, () => 0);
});

test('returns of n steps of ones: (1 - gamma^k) / (1 - gamma), with the k steps there are', () => {
  const gamma = 0.9;
  for (const steps of [1, 2, 3, 5]) {
    for (const end of ['terminated', 'truncated'] as const) {
      const length = 4;
      const replay = new Replay({
        capacity: 64,
        inputs: 1,
        actions: 2,
        masks: false,
        environments: 1,
        steps,
        gamma,
      });
      const zero = Uint8Array.of(0);
      for (let i = 0; i < 3 * length; i++) {
        const ends = Uint8Array.of(i % length === length - 1 ? 1 : 0);
        replay.add(
          Float32Array.of(i),
          undefined,
          Int32Array.of(0),
          Float32Array.of(1),
          Float32Array.of(i + 1),
          undefined,
          end === 'terminated' ? ends : zero,
          end === 'truncated' ? ends : zero,
        );
      }
      assert.equal(replay.size, 3 * length);
      const rows = 200;
      const batch = new TransitionBatch({ rows, inputs: 1, actions: 2 });
      replay.sample(
        batch,
        Float64Array.from({ length: rows }, (_, i) => (i + 0.5) / rows),
        0,
      );
      const seen = new Set<number>();
      for (let row = 0; row < rows; row++) {
        const first = batch.observations[row]!;
        seen.add(first);
        const left = length - (first % length);
        const k = Math.min(steps, left);
        assert.ok(Math.abs(batch.rewards[row]! - (1 - gamma ** k) / (1 - gamma)) < 1e-6);
        assert.equal(batch.nextObservations[row], first + k);
        const discount = end === 'terminated' && k === left ? 0 : gamma ** k;
        assert.ok(Math.abs(batch.discounts[row]! - discount) < 1e-6, `${first}: ${batch.discounts[row]}`);
      }
      assert.equal(seen.size, 3 * length, 'every transition is drawn');
    }
  }
});
