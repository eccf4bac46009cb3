/** The batch pods of one node, the one that ends first on top; equal ends in the order of ids. Keys are shared by all nodes. */
export class PodHeap {
  count = 0;
  readonly #keys: Float64Array;
  #ids = new Int32Array(16);

  constructor(keys: Float64Array) {
    this.#keys = keys;
  }

  /** Only where there is one. */
  get first(): number {
    return this.#ids[0]!;
  }

  get ids(): Int32Array {
    return this.#ids.slice(0, this.count);
  }

  push(id: number): void {
    if (this.count === this.#ids.length) {
      const longer = new Int32Array(2 * this.count);
      longer.set(this.#ids);
      this.#ids = longer;
    }
    let at = this.count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = this.#ids[parent]!;
      if (!this.#before(id, other)) break;
      this.#ids[at] = other;
      at = parent;
    }
    this.#ids[at] = id;
  }

  /** Takes the first one away. */
  pop(): void {
    const ids = this.#ids;
    const id = ids[--this.count]!;
    const half = this.count >> 1;
    let at = 0;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < this.count && this.#before(ids[child + 1]!, ids[child]!)) child++;
      const other = ids[child]!;
      if (!this.#before(other, id)) break;
      ids[at] = other;
      at = child;
    }
    ids[at] = id;
  }

  #before(a: number, b: number): boolean {
    const first = this.#keys[a]!;
    const second = this.#keys[b]!;
    return first < second || (first === second && a < b);
  }
}
