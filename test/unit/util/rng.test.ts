import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../src/util/rng.ts';

test('the generator is xoshiro128**: its first outputs from state 1, 2, 3, 4', () => {
  const stream = new RandomStream([1, 2, 3, 4]);
  // Worked out by hand from the authors' definition.
  assert.deepEqual(
    [stream.bits32(), stream.bits32(), stream.bits32(), stream.bits32()],
    [11520, 0, 5927040, 70819200],
  );
});

test('a saved state goes on with the same numbers', () => {
  const stream = new RandomStream(7);
  for (let i = 0; i < 10; i++) stream.normal();
  const resumed = new RandomStream(stream.state);
  assert.deepEqual(
    Array.from({ length: 20 }, () => stream.next()),
    Array.from({ length: 20 }, () => resumed.next()),
  );
});

test('a fork draws its own numbers, and leaves those of its parent alone', () => {
  const alone = new RandomStream(3);
  const forked = new RandomStream(3);
  const arrivals = forked.fork('arrivals');
  const sizes = forked.fork('sizes');
  const drawn = [arrivals.next(), sizes.next()];
  assert.notEqual(drawn[0], drawn[1]);
  assert.equal(forked.next(), alone.next());
  assert.equal(new RandomStream(3).fork('arrivals').next(), drawn[0]);
});

function moments(draw: () => number, count = 200_000): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(squares / count - mean * mean) };
}

test('the distributions have their means and deviations', () => {
  const stream = new RandomStream(11);
  // Four standard errors of the mean of 200,000 draws with deviation one.
  const margin = 4 / Math.sqrt(200_000);
  const normal = moments(() => stream.normal());
  assert.ok(Math.abs(normal.mean) < margin && Math.abs(normal.deviation - 1) < margin);
  const exponential = moments(() => stream.exponential(3));
  assert.ok(Math.abs(exponential.mean - 3) < 3 * margin && Math.abs(exponential.deviation - 3) < 9 * margin);
  const logarithms = moments(() => Math.log(stream.logNormal(5, 0.3)));
  assert.ok(
    Math.abs(logarithms.mean - Math.log(5)) < margin && Math.abs(logarithms.deviation - 0.3) < margin,
  );
  const uniform = moments(() => stream.uniform(2, 4));
  assert.ok(Math.abs(uniform.mean - 3) < margin);
});

test('integers fill their range evenly, weights are kept, and a weight of zero is never drawn', () => {
  const stream = new RandomStream(5);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, `${counts}`);
  const drawn = [0, 0, 0, 0];
  for (let i = 0; i < 40_000; i++) drawn[stream.weighted([0, 1, 3, 0])]!++;
  assert.equal(drawn[0], 0);
  assert.equal(drawn[3], 0);
  assert.ok(Math.abs(drawn[1]! - 10_000) < 400);
  assert.throws(() => stream.integer(0), RangeError);
});

test('a shuffle keeps all items and depends on the seed alone', () => {
  const items = () => Array.from({ length: 50 }, (_, i) => i);
  const first = new RandomStream(1).shuffle(items());
  assert.deepEqual(new RandomStream(1).shuffle(items()), first);
  assert.notDeepEqual(new RandomStream(2).shuffle(items()), first);
  assert.deepEqual(
    [...first].sort((a, b) => a - b),
    items(),
  );
});
