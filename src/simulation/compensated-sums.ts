export interface SavedSums {
  readonly sums: Float64Array;
  readonly lost: Float64Array;
}

/**
 * A column of running sums that do not lose small terms beside great ones: Neumaier's variant of Kahan's summation
 * ("Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974).
 */
export class CompensatedSums {
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;

  constructor(size: number) {
    this.#sums = new Float64Array(size);
    this.#lost = new Float64Array(size);
  }

  add(at: number, term: number): void {
    const old = this.#sums[at]!;
    const sum = old + term;
    this.#lost[at]! += Math.abs(old) >= Math.abs(term) ? old - sum + term : term - sum + old;
    this.#sums[at] = sum;
  }

  value(at: number): number {
    return this.#sums[at]! + this.#lost[at]!;
  }

  /** Sum over the column, as exact as its parts. */
  total(): number {
    const total = new CompensatedSums(1);
    for (let at = 0; at < this.#sums.length; at++) {
      total.add(0, this.#sums[at]!);
      total.add(0, this.#lost[at]!);
    }
    return total.value(0);
  }

  save(): SavedSums {
    return { sums: this.#sums.slice(), lost: this.#lost.slice() };
  }

  restore(saved: SavedSums): void {
    this.#sums.set(saved.sums);
    this.#lost.set(saved.lost);
  }
}
