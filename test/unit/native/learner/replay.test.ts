import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../../src/native/addon.ts';
import type { NativeReplay, ReplayOptions } from '../../../../src/native/replay.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

const addon = loadAddon();
const options: ReplayOptions = {
  capacity: 8,
  inputs: 2,
  actions: 3,
  masks: true,
  environments: 1,
  steps: 1,
  gamma: 0.9,
};

/** Adds a transition whose observation and reward tell its number. */
function add(replay: NativeReplay, number: number, ends: { terminated?: boolean; truncated?: boolean } = {}) {
  const masks = Uint8Array.of(1, number % 2, 1);
  replay.add(
    Float32Array.of(number, -number),
    masks,
    Int32Array.of(number % 2 === 0 ? 0 : 1),
    Float32Array.of(number),
    Float32Array.of(number + 0.5, 0),
    masks,
    Uint8Array.of(ends.terminated ? 1 : 0),
    Uint8Array.of(ends.truncated ? 1 : 0),
  );
}
const spread = (rows: number) => Float64Array.from({ length: rows }, (_, i) => (i + 0.5) / rows);

test('the oldest transition is overwritten, and every row keeps its own fields together', () => {
  const replay = new addon.Replay(options);
  for (let i = 1; i <= 11; i++) add(replay, i);
  assert.equal(replay.size, 8);
  const batch = new addon.TransitionBatch({ rows: 8, inputs: 2, actions: 3 });
  replay.sample(batch, spread(8), 1);
  assert.deepEqual(
    [...batch.rewards].sort((a, b) => a - b),
    [4, 5, 6, 7, 8, 9, 10, 11],
  );
  for (let row = 0; row < 8; row++) {
    const number = batch.rewards[row]!;
    assert.deepEqual([...batch.observations.subarray(row * 2, row * 2 + 2)], [number, -number]);
    assert.equal(batch.nextObservations[row * 2], number + 0.5);
    assert.equal(batch.actions[row], number % 2);
    assert.deepEqual([...batch.nextMasks.subarray(row * 3, row * 3 + 3)], [1, number % 2, 1]);
    assert.equal(batch.weights[row], 1);
  }
});

test('environments keep their n-step returns apart', () => {
  const replay = new addon.Replay({ ...options, masks: false, environments: 2, steps: 2, capacity: 16 });
  const step = (rewards: number[], terminated: number[]) =>
    replay.add(
      new Float32Array(4),
      undefined,
      new Int32Array(2),
      Float32Array.from(rewards),
      new Float32Array(4),
      undefined,
      Uint8Array.from(terminated),
      new Uint8Array(2),
    );
  step([1, 10], [0, 0]);
  step([2, 20], [1, 0]);
  step([4, 40], [0, 0]);
  const batch = new addon.TransitionBatch({ rows: 4, inputs: 2, actions: 3 });
  assert.equal(replay.size, 4);
  replay.sample(batch, spread(4), 1);
  const close = (a: ArrayLike<number>, b: number[]) =>
    b.forEach((value, i) => {
      assert.ok(Math.abs(a[i]! - value) < 1e-5, `${Array.from(a)}`);
    });
  // The first ends with its second step; the second goes on.
  close(batch.rewards, [1 + 0.9 * 2, 2, 10 + 0.9 * 20, 20 + 0.9 * 40]);
  close(batch.discounts, [0, 0, 0.81, 0.81]);
});

test('prioritised: new ones have the greatest priority, draws are stratified, weights undo the shares', () => {
  const replay = new addon.Replay({ ...options, prioritised: { alpha: 0.5, epsilon: 1e-3 } });
  for (let i = 0; i < 4; i++) add(replay, i);
  const batch = new addon.TransitionBatch({ rows: 4, inputs: 2, actions: 3 });
  replay.sample(batch, spread(4), 0.7);
  assert.deepEqual([...batch.indices], [0, 1, 2, 3], 'equal priorities, one stratum each');
  assert.deepEqual([...batch.weights], [1, 1, 1, 1]);
  batch.errors.set([-9, 0, 1, 4]);
  replay.prioritise(batch);
  const expected = [-9, 0, 1, 4].map((error) => Math.sqrt(Math.abs(error) + 1e-3));
  expected.forEach((priority, i) => {
    assert.ok(Math.abs(replay.priority(i) - priority) < 1e-9);
  });
  add(replay, 4);
  assert.equal(replay.priority(4), replay.priority(0), 'as great as the greatest seen');

  const total = [0, 1, 2, 3, 4].reduce((sum, i) => sum + replay.priority(i), 0);
  const random = new RandomStream(1);
  const counts = new Float64Array(5);
  const rounds = 5000;
  for (let round = 0; round < rounds; round++) {
    replay.sample(
      batch,
      Float64Array.from({ length: 4 }, () => random.next()),
      0.7,
    );
    let greatest = 0;
    for (const index of batch.indices) {
      counts[index]! += 1 / (4 * rounds);
      greatest = Math.max(greatest, (5 * (replay.priority(index) / total)) ** -0.7);
    }
    for (const [row, index] of batch.indices.entries())
      assert.ok(
        Math.abs(batch.weights[row]! - (5 * (replay.priority(index) / total)) ** -0.7 / greatest) < 1e-5,
      );
  }
  for (let i = 0; i < 5; i++)
    assert.ok(Math.abs(counts[i]! - replay.priority(i) / total) < 0.01, `${i}: ${counts[i]}`);
});

test('a replay goes on from its saved bytes bit for bit; others are refused and change nothing', () => {
  const made = { ...options, steps: 3, capacity: 6, prioritised: { alpha: 0.6, epsilon: 1e-6 } };
  const replay = new addon.Replay(made);
  for (let i = 0; i < 12; i++) add(replay, i, { truncated: i % 5 === 4 });
  const saved = replay.save();
  const copy = new addon.Replay(made);
  copy.restore(saved);
  for (const each of [replay, copy]) for (let i = 20; i < 24; i++) add(each, i, { terminated: i === 22 });
  assert.deepEqual(copy.save(), replay.save());
  const now = copy.save();
  for (const bytes of [saved.subarray(0, saved.length - 1), new Uint8Array(0), new Uint8Array(saved.length)])
    assert.throws(() => copy.restore(bytes), {
      name: 'RangeError',
      message: /bytes of a replay of the same options/,
    });
  assert.throws(() => new addon.Replay({ ...made, gamma: 0.8 }).restore(saved), /same options/);
  assert.deepEqual(copy.save(), now);
});

test('what cannot be sampled or set says so', () => {
  const replay = new addon.Replay(options);
  const batch = new addon.TransitionBatch({ rows: 2, inputs: 2, actions: 3 });
  assert.throws(
    () => replay.sample(batch, spread(2), 1),
    /expected a replay to sample from, got an empty one/,
  );
  add(replay, 1);
  assert.throws(
    () => replay.sample(batch, Float64Array.of(0, 1), 1),
    /^RangeError: row 1: expected a uniform number/,
  );
  assert.throws(() => replay.prioritise(batch), /expected a prioritised replay/);
  const other = new addon.TransitionBatch({ rows: 2, inputs: 5, actions: 3 });
  assert.throws(
    () => replay.sample(other, spread(2), 1),
    /expected batch to have 2 inputs and 3 actions, got 5 and 3/,
  );
  const plain = new addon.Replay({ ...options, masks: false });
  assert.throws(
    () => add(plain, 1),
    /expected masks to be undefined, as this replay keeps no masks, got a Uint8Array/,
  );
  const prioritised = new addon.Replay({ ...options, prioritised: { alpha: 1, epsilon: 1e-6 } });
  add(prioritised, 1);
  prioritised.sample(batch, spread(2), 1);
  batch.errors[1] = Number.NaN;
  assert.throws(() => prioritised.prioritise(batch), /finite errors/);
});
