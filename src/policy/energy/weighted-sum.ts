import type { Decision } from './decision.ts';

/**
 * Scores of candidates: less the sum of weights times terms, one term after another in their order. Four at a time, so that sums stay
 * in registers; additions keep their order, and with it all their bits.
 *
 * @param terms positions in the term table
 * @param weights of the terms, in the same order
 */
export function scoreByTerms(
  { columns, stride, count }: Decision,
  terms: Int32Array,
  weights: Float64Array,
  out: Float64Array,
): void {
  for (let i = 0; i < count; i++) out[i] = 0;
  let t = 0;
  for (; t + 4 <= terms.length; t += 4) {
    const a = terms[t]! * stride;
    const b = terms[t + 1]! * stride;
    const c = terms[t + 2]! * stride;
    const d = terms[t + 3]! * stride;
    const first = weights[t]!;
    const second = weights[t + 1]!;
    const third = weights[t + 2]!;
    const fourth = weights[t + 3]!;
    for (let i = 0; i < count; i++)
      out[i] =
        out[i]! -
        first * columns[a + i]! -
        second * columns[b + i]! -
        third * columns[c + i]! -
        fourth * columns[d + i]!;
  }
  for (; t < terms.length; t++) {
    const from = terms[t]! * stride;
    const weight = weights[t]!;
    for (let i = 0; i < count; i++) out[i]! -= weight * columns[from + i]!;
  }
}
