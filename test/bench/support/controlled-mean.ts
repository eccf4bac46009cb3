import { studentCritical } from '../../../src/util/statistics/student-t.ts';

export interface ControlledMean {
  readonly mean: number;
  /** Half the width of the interval, with the controls and without. */
  readonly half: number;
  readonly plainHalf: number;
}

/** Solves a symmetric positive definite system. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const factor = rows[j]![i]! / rows[i]![i]!;
      for (let k = i; k <= size; k++) rows[j]![k]! -= factor * rows[i]![k]!;
    }
  }
  const out: number[] = Array(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let left = rows[i]![size]!;
    for (let j = i + 1; j < size; j++) left -= rows[i]![j]! * out[j]!;
    out[i] = left / rows[i]![i]!;
  }
  return out;
}

/**
 * Mean of independent replications, corrected by what each saw of quantities whose true means are known (Lavenberg and
 * Welch, "A perspective on the use of control variables", Management Science 27, 1981): regression on the controls, with
 * the interval of a regression's value at their true means.
 *
 * @param controls deviations from the true means, one row a replication
 */
export function controlledMean(
  values: readonly number[],
  controls: readonly (readonly number[])[],
  confidence: number,
): ControlledMean {
  const count = values.length;
  const kinds = controls[0]!.length;
  const average = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / count;
  const mean = average(values);
  const means = Array.from({ length: kinds }, (_, k) => average(controls.map((row) => row[k]!)));
  const centred = controls.map((row) => row.map((value, k) => value - means[k]!));
  const products = (f: (row: readonly number[], i: number) => number) =>
    centred.reduce((sum, row, i) => sum + f(row, i), 0);
  const scatter = means.map((_, a) => means.map((_, b) => products((row) => row[a]! * row[b]!)));
  const slopes = solve(
    scatter,
    means.map((_, k) => products((row, i) => row[k]! * (values[i]! - mean))),
  );
  const fitted = (row: readonly number[]) => row.reduce((sum, value, k) => sum + slopes[k]! * value, 0);
  const residual = products((row, i) => (values[i]! - mean - fitted(row)) ** 2) / (count - kinds - 1);
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const leverage = means.reduce((sum, value, k) => sum + value * solve(scatter, means)[k]!, 0);
  return {
    mean: mean - fitted(means),
    half: studentCritical(confidence, count - kinds - 1) * Math.sqrt(residual * (1 / count + leverage)),
    plainHalf: studentCritical(confidence, count - 1) * Math.sqrt(total / count),
  };
}
