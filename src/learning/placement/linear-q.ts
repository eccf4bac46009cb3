import { solveLinear } from './solve-linear.ts';

export interface SavedLinearQ {
  readonly matrix: readonly number[];
  readonly right: readonly number[];
  readonly squares: readonly number[];
  readonly samples: number;
}

/**
 * Least-squares temporal differences for action values, LSTDQ(lambda): Lagoudakis and Parr, "Least-squares policy
 * iteration", JMLR 4 (2003), with eligibility traces as in Boyan, "Technical update: least-squares temporal difference
 * learning", Machine Learning 49 (2002). It finds the fixed point that a linear Q-network under DQN's targets wanders about, without
 * a learning rate:
 *
 *   z_t = lambda_t gamma_t z_(t-1) + phi_t,   A = sum z_t (phi_t - gamma phi_(t+1))',   b = sum z_t r_t,   theta = A^-1 b
 *
 * Discounts are by time, and may differ from step to step. No allocation per sample.
 */
export class LinearQ {
  readonly size: number;
  readonly #matrix: Float64Array;
  readonly #right: Float64Array;
  readonly #squares: Float64Array;
  readonly #trace: Float64Array;
  readonly #last: Float64Array;
  readonly #difference: Float64Array;
  readonly #used: Int32Array;
  #reward = 0;
  #hasLast = false;
  #samples = 0;

  constructor(size: number) {
    this.size = size;
    this.#matrix = new Float64Array(size * size);
    this.#right = new Float64Array(size);
    this.#squares = new Float64Array(size);
    this.#trace = new Float64Array(size);
    this.#last = new Float64Array(size);
    this.#difference = new Float64Array(size);
    this.#used = new Int32Array(size);
  }

  get samples(): number {
    return this.#samples;
  }

  /** The trace of an episode has nothing to do with the one before. */
  beginEpisode(): void {
    this.#trace.fill(0);
    this.#hasLast = false;
  }

  /**
   * One decision.
   *
   * @param features of the state and the action that was taken
   * @param reward what the action earns at once
   * @param discount gamma between the decision before and this one
   * @param decay lambda between the same two
   */
  add(features: Float64Array, reward: number, discount: number, decay: number): void {
    if (this.#hasLast) this.#finish(features, discount);
    const shrink = this.#hasLast ? discount * decay : 0;
    for (let i = 0; i < this.size; i++) {
      const feature = features[i]!;
      this.#trace[i] = shrink * this.#trace[i]! + feature;
      this.#squares[i]! += feature * feature;
      this.#last[i] = feature;
    }
    this.#reward = reward;
    this.#hasLast = true;
  }

  /** What the decision before has earned since. */
  earn(reward: number): void {
    this.#reward += reward;
  }

  /** Nothing comes after the last decision. */
  endEpisode(): void {
    if (this.#hasLast) this.#finish(undefined, 0);
    this.#hasLast = false;
  }

  /** What was seen so far counts for so much less. */
  forget(share: number): void {
    for (const array of [this.#matrix, this.#right, this.#squares])
      for (let i = 0; i < array.length; i++) array[i]! *= share;
    this.#samples *= share;
  }

  /**
   * What is to be added to a guess of the weights. Features are scaled to a mean square of 1 before the ridge is added, which draws
   * towards the guess; those that were never other than 0 are left alone.
   *
   * @param guess [size]
   * @param ridges [size], in units of one sample's squares, times the number of samples
   */
  residual(guess: Float64Array, ridges: Float64Array): Float64Array {
    const { size } = this;
    const residual = new Float64Array(size);
    const seen = Int32Array.from({ length: size }, (_, i) => i).filter((i) => this.#squares[i]! > 0);
    const scale = Float64Array.from(seen, (i) => Math.sqrt(this.#samples / this.#squares[i]!));
    const n = seen.length;
    const matrix = new Float64Array(n * n);
    const right = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      const from = seen[row]! * size;
      let explained = 0;
      for (let i = 0; i < size; i++) explained += this.#matrix[from + i]! * guess[i]!;
      right[row] = (this.#right[seen[row]!]! - explained) * scale[row]!;
      for (let column = 0; column < n; column++)
        matrix[row * n + column] = this.#matrix[from + seen[column]!]! * scale[row]! * scale[column]!;
      matrix[row * n + row]! += ridges[seen[row]!]! * this.#samples;
    }
    const solution = solveLinear(matrix, right);
    if (solution === undefined) return residual;
    for (let row = 0; row < n; row++) residual[seen[row]!] = solution[row]! * scale[row]!;
    return residual;
  }

  /** Between two episodes. */
  save(): SavedLinearQ {
    return {
      matrix: [...this.#matrix],
      right: [...this.#right],
      squares: [...this.#squares],
      samples: this.#samples,
    };
  }

  restore(saved: SavedLinearQ): void {
    this.#matrix.set(saved.matrix);
    this.#right.set(saved.right);
    this.#squares.set(saved.squares);
    this.#samples = saved.samples;
    this.beginEpisode();
  }

  /** The decision before is complete once it is known what follows. */
  #finish(next: Float64Array | undefined, discount: number): void {
    const { size } = this;
    const difference = this.#difference;
    const used = this.#used;
    let count = 0;
    for (let i = 0; i < size; i++) {
      const value = this.#last[i]! - (next === undefined ? 0 : discount * next[i]!);
      difference[i] = value;
      // Most terms of types of nodes are 0.
      if (value !== 0) used[count++] = i;
    }
    for (let row = 0; row < size; row++) {
      const trace = this.#trace[row]!;
      if (trace === 0) continue;
      this.#right[row]! += trace * this.#reward;
      const from = row * size;
      for (let k = 0; k < count; k++) {
        const column = used[k]!;
        this.#matrix[from + column]! += trace * difference[column]!;
      }
    }
    this.#samples++;
  }
}
