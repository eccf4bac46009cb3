import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choleskySolve } from '../../../src/util/cholesky.ts';
import { RandomStream } from '../../../src/util/rng.ts';

test('what is found solves the equations', () => {
  const random = new RandomStream(1);
  for (const n of [1, 2, 7, 30]) {
    const factor = Float64Array.from({ length: n * n }, () => random.normal());
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        matrix[i * n + j] = i === j ? 0.1 : 0;
        for (let k = 0; k < n; k++) matrix[i * n + j]! += factor[i * n + k]! * factor[j * n + k]!;
      }
    const x = Float64Array.from({ length: n }, () => random.normal());
    const right = Float64Array.from({ length: n }, (_, i) =>
      x.reduce((sum, each, j) => sum + matrix[i * n + j]! * each, 0),
    );
    const found = choleskySolve(matrix, right);
    for (let i = 0; i < n; i++) assert.ok(Math.abs(found[i]! - x[i]!) < 1e-8, `${n}: ${found[i]} vs ${x[i]}`);
  }
});

test('only the lower half is read', () => {
  const [x, y] = choleskySolve(Float64Array.of(4, Number.NaN, 2, 5), Float64Array.of(8, 8));
  assert.deepEqual([x, y], [1.5, 1]);
});

test('a matrix that is not positive definite is refused, and so is one of another size', () => {
  assert.throws(() => choleskySolve(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1)), /positive definite/);
  assert.throws(() => choleskySolve(Float64Array.of(Number.NaN), Float64Array.of(1)), /positive definite/);
  assert.throws(() => choleskySolve(Float64Array.of(1, 0), Float64Array.of(1)), RangeError);
});
