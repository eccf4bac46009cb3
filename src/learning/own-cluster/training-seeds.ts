import type { RandomStream } from '../../util/rng.ts';
import { TRAINING } from './acceptance-gate.ts';

/** The workloads that a training draws from: all come up equally often, in an order that is drawn anew each time. */
export class TrainingSeeds {
  readonly #count: number;
  readonly #random: RandomStream;
  #left: number[] = [];

  /** @param random what orders are drawn by; its state is for the owner to save */
  constructor(count: number, random: RandomStream) {
    this.#count = count;
    this.#random = random;
  }

  /** What is left of the present order. */
  get left(): readonly number[] {
    return this.#left;
  }

  /** @param count no more than there are; an order with fewer left is dropped */
  draw(count: number): readonly number[] {
    if (this.#left.length < count)
      this.#left = this.#random.shuffle(Array.from({ length: this.#count }, (_, i) => TRAINING + i));
    return this.#left.splice(0, count);
  }

  restore(left: readonly number[]): void {
    this.#left = [...left];
  }
}
