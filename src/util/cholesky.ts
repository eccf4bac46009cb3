/**
 * Solves A x = b for a symmetric positive definite A, of which the lower half is read (row by row, n x n).
 *
 * @throws RangeError where A is not positive definite
 *
 * @example
 * choleskySolve(Float64Array.of(4, 0, 2, 5), Float64Array.of(8, 8)); // [1.5, 1]
 */
export function choleskySolve(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  if (matrix.length !== n * n) throw new RangeError(`${matrix.length} entries for ${n} unknowns`);
  const lower = matrix.slice();
  for (let j = 0; j < n; j++) {
    let pivot = lower[j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= lower[j * n + k]! ** 2;
    if (!(pivot > 0)) throw new RangeError(`not positive definite at ${j}`);
    const root = Math.sqrt(pivot);
    lower[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let sum = lower[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = sum / root;
    }
  }
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  return x;
}
