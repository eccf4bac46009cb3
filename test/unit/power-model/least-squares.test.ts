import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inverseOf, nonNegativeMinimum } from '../../../src/power-model/least-squares.ts';

const size = 4;
/** A'A + a little of the identity. */
const positiveDefinite = fc
  .array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: size * size, maxLength: size * size })
  .map((a) =>
    Float64Array.from({ length: size * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      let sum = i === j ? 0.1 : 0;
      for (let m = 0; m < size; m++) sum += a[m * size + i]! * a[m * size + j]!;
      return sum;
    }),
  );
const vector = fc
  .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: size, maxLength: size })
  .map((values) => Float64Array.from(values));

test('a matrix times its inverse is the identity', () => {
  fc.assert(
    fc.property(positiveDefinite, (matrix) => {
      const inverse = inverseOf(matrix, size)!;
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          let sum = 0;
          for (let m = 0; m < size; m++) sum += matrix[i * size + m]! * inverse[m * size + j]!;
          assert.ok(Math.abs(sum - (i === j ? 1 : 0)) < 1e-9);
        }
    }),
  );
});

test('a singular matrix has no inverse', () => {
  assert.equal(inverseOf(Float64Array.of(1, 1, 1, 1), 2), undefined);
  assert.equal(inverseOf(Float64Array.of(1, 2, 2, 1), 2), undefined);
});

test('the minimum over numbers of at least 0 fulfils the conditions of Karush, Kuhn and Tucker', () => {
  fc.assert(
    fc.property(positiveDefinite, vector, (gram, linear) => {
      const x = nonNegativeMinimum(gram, linear, size)!;
      for (let i = 0; i < size; i++) {
        let slope = -linear[i]!;
        for (let j = 0; j < size; j++) slope += gram[i * size + j]! * x[j]!;
        assert.ok(x[i]! >= 0);
        if (x[i]! > 0) assert.ok(Math.abs(slope) < 1e-7, `slope ${slope} at ${x[i]}`);
        else assert.ok(slope > -1e-7, `slope ${slope} at 0`);
      }
    }),
    { numRuns: 500 },
  );
});

test('it ends where what enters is worth less than the smallest number', () => {
  const gram = Float64Array.of(0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 4.1, 0, 0, 0, 0, 4.1);
  const x = nonNegativeMinimum(gram, Float64Array.of(-5.4e-323, 4e-323, 1e-323, 8.4e-323), size)!;
  assert.deepEqual([x[0], x[2]], [0, 0]);
  assert.ok(x[1]! > 0 && x[3]! > 0);
});

test('what is not a number has no minimum', () => {
  const gram = Float64Array.of(1, 0, 0, 1);
  assert.equal(nonNegativeMinimum(gram, Float64Array.of(1, Number.POSITIVE_INFINITY), 2), undefined);
});
