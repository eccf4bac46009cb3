/** A binary heap's state; the order of entries does not depend on how the heap came to be. */
export interface SavedHeap {
  readonly ids: Int32Array;
  readonly keys: Float64Array;
}

/**
 * Times of events by the id of whom they befall: at most one for each id, which can be moved and taken back. Equal times
 * come in the order of ids.
 */
export class IndexedHeap {
  count = 0;
  readonly #keys: Float64Array;
  readonly #heap: Int32Array;
  /** Where each id lies in the heap, counted from 1; 0: not in it. */
  readonly #place: Int32Array;

  /** @param capacity ids are below it */
  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity);
    this.#heap = new Int32Array(capacity);
    this.#place = new Int32Array(capacity);
  }

  /** The earliest time; Infinity where there is none. */
  get nextKey(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.#keys[this.#heap[0]!]!;
  }

  /** Whom the earliest befalls; only where there is one. */
  get nextId(): number {
    return this.#heap[0]!;
  }

  has(id: number): boolean {
    return this.#place[id] !== 0;
  }

  /** Sets the time of an id, which may have one already. */
  set(id: number, key: number): void {
    const place = this.#place[id]!;
    if (place === 0) {
      this.#keys[id] = key;
      this.#up(this.count++, id);
      return;
    }
    const earlier = key < this.#keys[id]!;
    this.#keys[id] = key;
    if (earlier) this.#up(place - 1, id);
    else this.#down(place - 1, id);
  }

  /** Nothing happens where the id has none. */
  remove(id: number): void {
    const at = this.#place[id]! - 1;
    if (at < 0) return;
    this.#place[id] = 0;
    const last = this.#heap[--this.count]!;
    if (last === id) return;
    if (this.#before(last, id)) this.#up(at, last);
    else this.#down(at, last);
  }

  save(): SavedHeap {
    const ids = this.#heap.slice(0, this.count);
    return { ids, keys: Float64Array.from(ids, (id) => this.#keys[id]!) };
  }

  restore(saved: SavedHeap): void {
    this.#place.fill(0);
    this.count = 0;
    for (let i = 0; i < saved.ids.length; i++) this.set(saved.ids[i]!, saved.keys[i]!);
  }

  #before(a: number, b: number): boolean {
    const first = this.#keys[a]!;
    const second = this.#keys[b]!;
    return first < second || (first === second && a < b);
  }

  #up(at: number, id: number): void {
    const heap = this.#heap;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent]!;
      if (!this.#before(id, other)) break;
      heap[at] = other;
      this.#place[other] = at + 1;
      at = parent;
    }
    heap[at] = id;
    this.#place[id] = at + 1;
  }

  #down(at: number, id: number): void {
    const heap = this.#heap;
    const half = this.count >> 1;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < this.count && this.#before(heap[child + 1]!, heap[child]!)) child++;
      const other = heap[child]!;
      if (!this.#before(other, id)) break;
      heap[at] = other;
      this.#place[other] = at + 1;
      at = child;
    }
    heap[at] = id;
    this.#place[id] = at + 1;
  }
}
