import type { RandomStream } from '../../util/rng.ts';
import type { LoadTarget } from './target.ts';

/** Draws targets in proportion to their weights. */
export class TargetChoice {
  readonly #targets: readonly LoadTarget[];
  readonly #random: RandomStream;
  readonly #until: Float64Array;

  constructor(targets: readonly LoadTarget[], random: RandomStream) {
    this.#targets = targets;
    this.#random = random;
    this.#until = new Float64Array(targets.length);
    let sum = 0;
    for (const [i, { weight }] of targets.entries()) {
      sum += weight;
      this.#until[i] = sum;
    }
  }

  /** Its index. */
  next(): number {
    const last = this.#targets.length - 1;
    if (last === 0) return 0;
    const at = this.#random.next() * this.#until[last]!;
    let i = 0;
    while (i < last && at >= this.#until[i]!) i++;
    return i;
  }
}
