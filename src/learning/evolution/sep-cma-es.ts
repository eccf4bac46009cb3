import { exp, ln } from '../../util/portable-math.ts';
import { type RandomState, RandomStream } from '../../util/rng.ts';

/*
 * Separable CMA-ES: Ros and Hansen, "A simple modification in CMA-ES achieving linear time and space complexity", PPSN
 * 2008; constants as in Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), table 1.
 *
 * Differences from the tutorial:
 * - only variances are adapted, no covariances; their learning rates are (n + 2) / 3 times greater, as in the paper
 * - no restart, no stopping rule and no bounds: who uses it decides how many generations there are
 * - weights of the worse half are 0 (no active update)
 */

export interface SepCmaEsOptions {
  /** Where the search begins. */
  readonly mean: Float64Array;
  /** Standard deviation of each coordinate in the first generation. */
  readonly deviations: Float64Array;
  /** Points of a generation; 4 + floor(3 ln n) where left out. */
  readonly population?: number;
  readonly seed: number;
}

/** Everything that the next generation depends on, as JSON. */
export interface SavedSepCmaEs {
  readonly generation: number;
  readonly sigma: number;
  readonly mean: readonly number[];
  readonly variances: readonly number[];
  readonly sigmaPath: readonly number[];
  readonly path: readonly number[];
  readonly random: RandomState;
}

/**
 * Looks for the least of a function of some tens of numbers that is known only by trying, and noisily.
 *
 * @example
 * const search = new SepCmaEs({ mean: new Float64Array(2), deviations: Float64Array.of(1, 1), seed: 1 });
 * for (let i = 0; i < 100; i++) {
 *   const points = search.ask();
 *   search.tell(points.map(([x, y]) => (x! - 3) ** 2 + y! ** 2));
 * }
 * search.mean; // about [3, 0]
 */
export class SepCmaEs {
  readonly mean: Float64Array;
  readonly #n: number;
  readonly #population: number;
  /** Of the better half, greatest first; their sum is 1. */
  readonly #weights: Float64Array;
  readonly #effective: number;
  readonly #sigmaRate: number;
  readonly #sigmaDamping: number;
  readonly #pathRate: number;
  readonly #rankOneRate: number;
  readonly #rankMuRate: number;
  readonly #expectedLength: number;
  readonly #variances: Float64Array;
  readonly #sigmaPath: Float64Array;
  readonly #path: Float64Array;
  readonly #random: RandomStream;
  readonly #points: Float64Array[];
  #sigma = 1;
  #generation = 0;

  constructor({ mean, deviations, population, seed }: SepCmaEsOptions) {
    const n = mean.length;
    if (n === 0 || deviations.length !== n)
      throw new RangeError(`${n} coordinates and ${deviations.length} deviations`);
    this.#n = n;
    this.#population = population ?? 4 + Math.floor(3 * ln(n));
    if (!Number.isInteger(this.#population) || this.#population < 4)
      throw new RangeError(`a population of ${this.#population}: at least 4`);
    this.mean = Float64Array.from(mean);
    this.#variances = deviations.map((deviation) => deviation * deviation);
    this.#sigmaPath = new Float64Array(n);
    this.#path = new Float64Array(n);
    this.#random = new RandomStream(seed).fork('sep-cma-es');
    this.#points = Array.from({ length: this.#population }, () => new Float64Array(n));

    const parents = Math.floor(this.#population / 2);
    const raw = Float64Array.from({ length: parents }, (_, i) => ln((this.#population + 1) / 2) - ln(i + 1));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    this.#weights = raw.map((weight) => weight / sum);
    this.#effective = 1 / this.#weights.reduce((total, weight) => total + weight * weight, 0);
    const mu = this.#effective;
    this.#sigmaRate = (mu + 2) / (n + mu + 5);
    this.#sigmaDamping = 1 + 2 * Math.max(0, Math.sqrt((mu - 1) / (n + 1)) - 1) + this.#sigmaRate;
    this.#pathRate = (4 + mu / n) / (n + 4 + (2 * mu) / n);
    const faster = (n + 2) / 3;
    const rankOne = 2 / ((n + 1.3) ** 2 + mu);
    this.#rankOneRate = Math.min(1, faster * rankOne);
    this.#rankMuRate = Math.min(
      1 - this.#rankOneRate,
      faster * Math.min(1 - rankOne, (2 * (mu - 2 + 1 / mu)) / ((n + 2) ** 2 + mu)),
    );
    this.#expectedLength = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  }

  get generation(): number {
    return this.#generation;
  }

  get population(): number {
    return this.#population;
  }

  /** Overall step; 1 at the beginning. */
  get sigma(): number {
    return this.#sigma;
  }

  /** The points to try, in no order; the same arrays each time, to be left as they are until `tell`. */
  ask(): readonly Float64Array[] {
    for (const point of this.#points)
      for (let i = 0; i < this.#n; i++)
        point[i] = this.mean[i]! + this.#sigma * Math.sqrt(this.#variances[i]!) * this.#random.normal();
    return this.#points;
  }

  /**
   * What the points of the last `ask` are worth, in its order; less is better. Of equal ones the first counts as better; NaN
   * is worse than all else.
   */
  tell(costs: readonly number[]): void {
    if (costs.length !== this.#population)
      throw new RangeError(`${costs.length} costs for ${this.#population} points`);
    const cost = (i: number) => (Number.isNaN(costs[i]!) ? Number.POSITIVE_INFINITY : costs[i]!);
    const order = costs.map((_, i) => i).sort((a, b) => Math.sign(cost(a) - cost(b)) || a - b);
    this.#generation++;
    const { mean } = this;
    const [n, mu, sigma] = [this.#n, this.#effective, this.#sigma];
    const [cs, cc, c1, cmu] = [this.#sigmaRate, this.#pathRate, this.#rankOneRate, this.#rankMuRate];
    const before = mean.slice();
    mean.fill(0);
    for (const [rank, weight] of this.#weights.entries()) {
      const point = this.#points[order[rank]!]!;
      for (let i = 0; i < n; i++) mean[i]! += weight * point[i]!;
    }
    let length = 0;
    for (let i = 0; i < n; i++) {
      const step = (mean[i]! - before[i]!) / (sigma * Math.sqrt(this.#variances[i]!));
      this.#sigmaPath[i] = (1 - cs) * this.#sigmaPath[i]! + Math.sqrt(cs * (2 - cs) * mu) * step;
      length += this.#sigmaPath[i]! ** 2;
    }
    length = Math.sqrt(length);
    const unbiased = length / Math.sqrt(1 - (1 - cs) ** (2 * this.#generation));
    const isSteady = unbiased < (1.4 + 2 / (n + 1)) * this.#expectedLength;
    for (let i = 0; i < n; i++) {
      const step = (mean[i]! - before[i]!) / sigma;
      this.#path[i] = (1 - cc) * this.#path[i]! + (isSteady ? Math.sqrt(cc * (2 - cc) * mu) * step : 0);
      const lost = isSteady ? 0 : c1 * cc * (2 - cc);
      let variance = (1 - c1 - cmu + lost) * this.#variances[i]! + c1 * this.#path[i]! ** 2;
      for (const [rank, weight] of this.#weights.entries()) {
        const away = (this.#points[order[rank]!]![i]! - before[i]!) / sigma;
        variance += cmu * weight * away * away;
      }
      this.#variances[i] = variance;
    }
    this.#sigma *= exp((cs / this.#sigmaDamping) * (length / this.#expectedLength - 1));
  }

  /** Between `tell` and the next `ask`. */
  save(): SavedSepCmaEs {
    return {
      generation: this.#generation,
      sigma: this.#sigma,
      mean: [...this.mean],
      variances: [...this.#variances],
      sigmaPath: [...this.#sigmaPath],
      path: [...this.#path],
      random: this.#random.state,
    };
  }

  restore(saved: SavedSepCmaEs): void {
    if (saved.mean.length !== this.#n)
      throw new RangeError(`${saved.mean.length} coordinates were saved, not ${this.#n}`);
    this.#generation = saved.generation;
    this.#sigma = saved.sigma;
    this.mean.set(saved.mean);
    this.#variances.set(saved.variances);
    this.#sigmaPath.set(saved.sigmaPath);
    this.#path.set(saved.path);
    this.#random.restore(saved.random);
  }
}
