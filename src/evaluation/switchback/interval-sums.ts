import type { Milliseconds } from '../../util/units.ts';

/** What a window holds of amounts that are known by intervals. */
export interface WindowSum {
  readonly amount: number;
  /** How much of the window is known. */
  readonly covered: Milliseconds;
}

/** Amounts over intervals that follow each other, each spread evenly over its own; what lies between them is unknown. */
export class IntervalSums {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** Sums of all intervals before. */
  readonly #amount: number[] = [0];
  readonly #covered: number[] = [0];

  /** Intervals come in order; one that begins before the end of the last is refused. */
  add(from: Milliseconds, to: Milliseconds, amount: number): void {
    if (!(to > from) || from < (this.#to.at(-1) ?? Number.NEGATIVE_INFINITY))
      throw new RangeError(`the interval from ${from} to ${to} is empty or out of order`);
    this.#from.push(from);
    this.#to.push(to);
    this.#amount.push(this.#amount.at(-1)! + amount);
    this.#covered.push(this.#covered.at(-1)! + to - from);
  }

  between(from: Milliseconds, to: Milliseconds): WindowSum {
    const [low, high] = [this.#until(from), this.#until(to)];
    return { amount: high.amount - low.amount, covered: high.covered - low.covered };
  }

  #until(time: Milliseconds): WindowSum {
    // The first interval that begins at this time or later.
    let low = 0;
    let high = this.#from.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#from[middle]! < time) low = middle + 1;
      else high = middle;
    }
    const last = low - 1;
    if (last < 0) return { amount: 0, covered: 0 };
    const [from, to] = [this.#from[last]!, this.#to[last]!];
    const share = Math.min(1, (time - from) / (to - from));
    return {
      amount: this.#amount[last]! + share * (this.#amount[last + 1]! - this.#amount[last]!),
      covered: this.#covered[last]! + share * (to - from),
    };
  }
}
