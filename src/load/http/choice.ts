import type { RandomStream } from '../../util/rng.ts';
import type { TargetShares } from './target-shares.ts';

/** Draws targets in proportion to their shares. */
export class TargetChoice {
  readonly #shares: TargetShares;
  readonly #random: RandomStream;

  constructor(shares: TargetShares, random: RandomStream) {
    this.#shares = shares;
    this.#random = random;
  }

  /** Its index. */
  next(): number {
    return this.#shares.count === 1 ? 0 : this.#shares.pick(this.#random.next());
  }
}
