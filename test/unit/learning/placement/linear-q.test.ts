import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinearQ } from '../../../../src/learning/placement/linear-q.ts';
import { solveLinear } from '../../../../src/learning/placement/solve-linear.ts';
import { RandomStream } from '../../../../src/util/rng.ts';

test('a system of equations is solved, rows in any order', () => {
  const solution = solveLinear(Float64Array.of(0, 2, 1, 1, 1, 1, 3, 0, 2), Float64Array.of(7, 6, 9));
  const [x, y, z] = solution!;
  for (const [left, right] of [
    [2 * y! + z!, 7],
    [x! + y! + z!, 6],
    [3 * x! + 2 * z!, 9],
  ] as const)
    assert.ok(Math.abs(left - right) < 1e-12);
});

test('a singular system has no solution', () => {
  assert.equal(solveLinear(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 2)), undefined);
});

/** Two states that follow each other by chance, two actions that pay differently; features are one for each pair. */
function chain(lambda: number): Float64Array {
  const gamma = 0.8;
  const random = new RandomStream(4);
  const q = new LinearQ(4);
  const features = new Float64Array(4);
  for (let episode = 0; episode < 40; episode++) {
    q.beginEpisode();
    for (let step = 0; step < 500; step++) {
      const pair = random.integer(4);
      features.fill(0);
      features[pair] = 1;
      q.add(features, pair + 1, gamma, lambda);
    }
    q.endEpisode();
  }
  return q.residual(new Float64Array(4), new Float64Array(4));
}

for (const lambda of [0, 0.9])
  test(`values of a chain are those of Bellman's equation, lambda ${lambda}`, () => {
    // Q(pair) = reward + gamma * V, V the mean of Q: rewards 1 to 4 have the mean 2.5, V = 12.5.
    chain(lambda).forEach((value, pair) => {
      assert.ok(Math.abs(value - (pair + 1 + 0.8 * 12.5)) < 0.4, `${pair}: ${value}`);
    });
  });

test('a guess that is right needs nothing, and a great ridge keeps a wrong one', () => {
  const q = new LinearQ(2);
  for (let i = 0; i < 50; i++) {
    q.beginEpisode();
    q.add(Float64Array.of(1, i % 5), 3 + 2 * (i % 5), 1, 1);
    q.endEpisode();
  }
  const none = new Float64Array(2);
  for (const value of q.residual(Float64Array.of(3, 2), none)) assert.ok(Math.abs(value) < 1e-9);
  for (const value of q.residual(none, Float64Array.of(1e9, 1e9))) assert.ok(Math.abs(value) < 1e-6);
  const [constant, slope] = q.residual(none, none);
  assert.ok(Math.abs(constant! - 3) < 1e-9 && Math.abs(slope! - 2) < 1e-9);
});

test('what was saved goes on with the same bits', () => {
  const fill = (q: LinearQ, from: number) => {
    for (let i = from; i < from + 20; i++) {
      q.beginEpisode();
      for (let k = 0; k < 3; k++) q.add(Float64Array.of(1, i, k), i * k, 0.9, 0.5);
      q.earn(1);
      q.endEpisode();
    }
  };
  const whole = new LinearQ(3);
  fill(whole, 0);
  whole.forget(0.5);
  fill(whole, 20);
  const first = new LinearQ(3);
  fill(first, 0);
  const second = new LinearQ(3);
  second.restore(JSON.parse(JSON.stringify(first.save())));
  second.forget(0.5);
  fill(second, 20);
  assert.deepEqual(second.save(), whole.save());
});
