import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../../src/native/addon.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

const addon = loadAddon();

test('mean and variance over batches of any size equal those over all rows', () => {
  const random = new RandomStream(1);
  const normaliser = new addon.Normaliser({ size: 2, clip: 5 });
  const all: number[][] = [];
  for (const rows of [1, 0, 7, 300]) {
    const values = new Float32Array(rows * 2);
    for (let row = 0; row < rows; row++) {
      values[row * 2] = 1000 + random.normal();
      values[row * 2 + 1] = 0.01 * random.normal();
      all.push([values[row * 2]!, values[row * 2 + 1]!]);
    }
    normaliser.update(values, rows);
  }
  assert.equal(normaliser.state[0], all.length);
  const given = Float32Array.of(1001, 0.02, 1e9, -1e9);
  const got = new Float32Array(4);
  normaliser.apply(given, got, 2);
  for (const column of [0, 1]) {
    const mean = all.reduce((sum, row) => sum + row[column]!, 0) / all.length;
    const variance = all.reduce((sum, row) => sum + (row[column]! - mean) ** 2, 0) / all.length;
    assert.ok(Math.abs(got[column]! - (given[column]! - mean) / Math.sqrt(variance + 1e-8)) < 1e-4);
  }
  assert.deepEqual([...got.subarray(2)], [5, -5]);
});

test('a saved state goes on, in place', () => {
  const first = new addon.Normaliser({ size: 3 });
  first.update(Float32Array.of(1, 2, 3, 5, 6, 9), 2);
  const second = new addon.Normaliser({ size: 3 });
  second.state.set(first.state);
  const values = Float32Array.of(1, 1, 1);
  const same = new Float32Array(3);
  first.apply(values, same, 1);
  second.apply(values, values, 1);
  assert.deepEqual(values, same);
});

test('rewards are divided by the deviation of the discounted return, which an end begins anew', () => {
  const normaliser = new addon.RewardNormaliser({ environments: 2, gamma: 0.5, clip: 100 });
  const rewards = Float32Array.of(1, 3);
  normaliser.apply(rewards, Uint8Array.of(0, 1));
  // Returns 1 and 3: variance 1.
  assert.ok(Math.abs(rewards[0]! - 1) < 1e-6 && Math.abs(rewards[1]! - 3) < 1e-6);
  const next = Float32Array.of(1, 1);
  normaliser.apply(next, Uint8Array.of(0, 0));
  assert.deepEqual([...normaliser.state.subarray(3)], [1.5, 1]);
  const returns = [1, 3, 1.5, 1];
  const mean = returns.reduce((a, b) => a + b) / 4;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
  assert.ok(Math.abs(next[0]! - 1 / Math.sqrt(variance + 1e-8)) < 1e-5);
});
