/** Why a model gave no answer. */
export type NoAnswer = 'starting' | 'late' | 'failed' | 'not-a-number';

/** What runs a model: one question at a time, answered before the call returns. */
export interface ScorerEngine {
  /**
   * Writes the score of candidate i to `out[i]`; greater is better.
   *
   * @param columns term t of candidate i at t x stride + i
   * @returns undefined where all is well
   */
  score(columns: Float64Array, stride: number, count: number, out: Float64Array): NoAnswer | undefined;
  /** Above 0: the pod waits. A number, or why there is none. */
  wait(terms: Float64Array): number | NoAnswer;
}
