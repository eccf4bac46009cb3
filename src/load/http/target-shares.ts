/** How requests are divided among targets. May be changed while load runs: requests that come later are divided anew. */
export class TargetShares {
  readonly #until: Float64Array;

  /** @param weights of the targets, in their order */
  constructor(weights: readonly number[]) {
    this.#until = new Float64Array(weights.length);
    this.set(weights);
  }

  /** @throws RangeError for another number of weights, for one below 0, and where none is above 0 */
  set(weights: readonly number[]): void {
    const sum = weights.reduce((all, each) => all + each, 0);
    const areWeights = weights.every((weight) => weight >= 0) && sum > 0 && Number.isFinite(sum);
    if (weights.length !== this.#until.length || !areWeights)
      throw new RangeError(`weights ${weights.join(', ')} for ${this.#until.length} targets`);
    let until = 0;
    for (const [i, weight] of weights.entries()) {
      until += weight;
      this.#until[i] = until;
    }
  }

  get count(): number {
    return this.#until.length;
  }

  /** The target of a draw from 0 to below 1. */
  pick(draw: number): number {
    const last = this.#until.length - 1;
    const at = draw * this.#until[last]!;
    let i = 0;
    while (i < last && at >= this.#until[i]!) i++;
    return i;
  }
}
