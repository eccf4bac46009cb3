/** Small dense symmetric matrices, row after row in one array; sizes of a dozen. */
export type Matrix = Float64Array;

/**
 * Inverse of a symmetric positive definite matrix by Cholesky's factors; undefined where it is not positive definite (to
 * rounding), as when a parameter has no data.
 */
export function inverseOf(matrix: Matrix, size: number): Matrix | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let m = 0; m < j; m++) sum -= lower[i * size + m]! * lower[j * size + m]!;
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum > 1e-12 * matrix[i * size + i]!) lower[i * size + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  const inverse = new Float64Array(size * size);
  const column = new Float64Array(size);
  for (let c = 0; c < size; c++) {
    for (let i = 0; i < size; i++) {
      let sum = i === c ? 1 : 0;
      for (let m = 0; m < i; m++) sum -= lower[i * size + m]! * column[m]!;
      column[i] = sum / lower[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = column[i]!;
      for (let m = i + 1; m < size; m++) sum -= lower[m * size + i]! * column[m]!;
      column[i] = sum / lower[i * size + i]!;
      inverse[i * size + c] = column[i]!;
    }
  }
  return inverse;
}

/**
 * x of at least 0 that minimises x'Gx / 2 - b'x, for a positive definite G: Lawson and Hanson, "Solving Least Squares
 * Problems" (1974), chapter 23, on the normal equations. Undefined where G is not positive definite, or not of numbers.
 */
export function nonNegativeMinimum(
  gram: Matrix,
  linear: Float64Array,
  size: number,
): Float64Array | undefined {
  if (!gram.every(Number.isFinite) || !linear.every(Number.isFinite)) return undefined;
  let x = new Float64Array(size);
  const free: number[] = [];
  const scale = Math.max(...linear.map(Math.abs), Number.MIN_VALUE);
  for (let round = 0; round < 3 * size; round++) {
    let entering = -1;
    let steepest = 1e-11 * scale;
    for (let i = 0; i < size; i++) {
      if (free.includes(i)) continue;
      let slope = linear[i]!;
      for (let j = 0; j < size; j++) slope -= gram[i * size + j]! * x[j]!;
      if (slope > steepest) {
        steepest = slope;
        entering = i;
      }
    }
    if (entering < 0) return x;
    free.push(entering);
    for (;;) {
      const target = minimumOver(free, gram, linear, size);
      if (target === undefined) return undefined;
      if (free.every((i) => target[i]! > 0)) {
        x = target;
        break;
      }
      // As far towards it as all stay at least 0. One of them always leaves, rounding or not, so that this ends.
      let step = 1;
      let blocking = -1;
      for (const i of free) {
        if (!(target[i]! <= 0)) continue;
        const share = x[i]! > 0 ? x[i]! / (x[i]! - target[i]!) : 0;
        if (blocking >= 0 && share >= step) continue;
        step = share;
        blocking = i;
      }
      if (blocking < 0) return undefined;
      for (const i of free) x[i] = x[i]! + step * (target[i]! - x[i]!);
      const leaving = free.filter(
        (i) => i === blocking || (target[i]! <= 0 && x[i]! <= 1e-12 * Math.abs(target[i]!) + 1e-300),
      );
      for (const i of leaving) {
        x[i] = 0;
        free.splice(free.indexOf(i), 1);
      }
      if (free.length === 0) break;
    }
  }
  return x;
}

/** The unconstrained minimum over some of the parameters, the others 0. */
function minimumOver(
  free: readonly number[],
  gram: Matrix,
  linear: Float64Array,
  size: number,
): Float64Array<ArrayBuffer> | undefined {
  const count = free.length;
  const part = new Float64Array(count * count);
  free.forEach((row, i) => {
    free.forEach((column, j) => {
      part[i * count + j] = gram[row * size + column]!;
    });
  });
  const inverse = inverseOf(part, count);
  if (inverse === undefined) return undefined;
  const x = new Float64Array(size);
  free.forEach((row, i) => {
    free.forEach((column, j) => {
      x[row] = x[row]! + inverse[i * count + j]! * linear[column]!;
    });
  });
  return x;
}
