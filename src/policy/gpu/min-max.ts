/**
 * Stretches whole scores to 0 ... 100, in whole numbers as Kubernetes has them: (score - least) x 100 / (greatest -
 * least), truncated.
 *
 * @param whenEqual what all get where all are equal
 */
export function minMax(whenEqual: number): (out: Float64Array, count: number) => void {
  return (out, count) => {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const score = out[i]!;
      if (score < least) least = score;
      if (score > greatest) greatest = score;
    }
    const range = greatest - least;
    for (let i = 0; i < count; i++)
      out[i] = range === 0 ? whenEqual : Math.trunc(((out[i]! - least) * 100) / range);
  };
}
