/** A pivot that is so much smaller than the greatest of its matrix is taken for none. */
const SINGULAR = 1e-12;

/**
 * Solves A x = b by Gaussian elimination with partial pivoting (Golub and Van Loan, "Matrix computations", 3.4). Both arrays are
 * overwritten.
 *
 * @param matrix [n][n], row by row
 * @returns undefined where A is singular
 */
export function solveLinear(matrix: Float64Array, right: Float64Array): Float64Array | undefined {
  const n = right.length;
  const greatest = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k + 1; row < n; row++)
      if (Math.abs(matrix[row * n + k]!) > Math.abs(matrix[pivot * n + k]!)) pivot = row;
    if (!(Math.abs(matrix[pivot * n + k]!) > SINGULAR * greatest)) return undefined;
    if (pivot !== k) swapRows(matrix, right, n, pivot, k);
    const diagonal = matrix[k * n + k]!;
    for (let row = k + 1; row < n; row++) {
      const factor = matrix[row * n + k]! / diagonal;
      if (factor === 0) continue;
      for (let column = k; column < n; column++)
        matrix[row * n + column]! -= factor * matrix[k * n + column]!;
      right[row]! -= factor * right[k]!;
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = right[row]!;
    for (let column = row + 1; column < n; column++) sum -= matrix[row * n + column]! * right[column]!;
    right[row] = sum / matrix[row * n + row]!;
  }
  return right;
}

function swapRows(matrix: Float64Array, right: Float64Array, n: number, a: number, b: number): void {
  for (let column = 0; column < n; column++) {
    const kept = matrix[a * n + column]!;
    matrix[a * n + column] = matrix[b * n + column]!;
    matrix[b * n + column] = kept;
  }
  const kept = right[a]!;
  right[a] = right[b]!;
  right[b] = kept;
}
