import { SavedFields, type SavedState, type SavedValue } from '../learning/saved-state.ts';

/** Requests that wait, first come, first served: when each came, and the draw of its work. A ring of fixed size. */
export class RequestQueue {
  readonly #arrivals: Float64Array;
  readonly #draws: Float64Array;
  #head = 0;
  #length = 0;

  constructor(limit: number) {
    this.#arrivals = new Float64Array(limit);
    this.#draws = new Float64Array(limit);
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length === this.#arrivals.length;
  }

  /** Of a queue that is not empty. */
  get firstArrival(): number {
    return this.#arrivals[this.#head]!;
  }

  get firstDraw(): number {
    return this.#draws[this.#head]!;
  }

  clear(): void {
    this.#head = 0;
    this.#length = 0;
  }

  /** Into a queue that is not full. */
  push(arrival: number, draw: number): void {
    let at = this.#head + this.#length++;
    if (at >= this.#arrivals.length) at -= this.#arrivals.length;
    this.#arrivals[at] = arrival;
    this.#draws[at] = draw;
  }

  /** When the first one came, which is in the queue no longer. */
  shift(): number {
    const arrival = this.#arrivals[this.#head]!;
    this.#head = this.#head + 1 === this.#arrivals.length ? 0 : this.#head + 1;
    this.#length--;
    return arrival;
  }

  save(): SavedState {
    return {
      arrivals: this.#arrivals.slice(),
      draws: this.#draws.slice(),
      head: this.#head,
      length: this.#length,
    };
  }

  restore(saved: SavedValue): void {
    const fields = new SavedFields(saved, 'queue.');
    fields.into('arrivals', this.#arrivals);
    fields.into('draws', this.#draws);
    this.#head = fields.number('head');
    this.#length = fields.number('length');
  }
}
