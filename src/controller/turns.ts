import type { HeldPod } from './held-pod.ts';

/** First in, first out. */
class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** Whose turn it is. Pods that must be freed go first, and have room of their own beside those that are decided. */
export class Turns {
  readonly #toDecide = new Fifo<HeldPod>();
  readonly #toFree = new Fifo<HeldPod>();

  get toDecide(): number {
    return this.#toDecide.size;
  }

  add(held: HeldPod): void {
    held.state = 'queued';
    (held.freeBecause === undefined ? this.#toDecide : this.#toFree).push(held);
  }

  /**
   * @param inFlight writes on their way
   * @param most of those for decisions; twice as many with those that free
   */
  next(inFlight: number, most: number): HeldPod | undefined {
    while (inFlight < 2 * most) {
      const held = this.#toFree.shift();
      if (held === undefined) break;
      if (held.state === 'queued') return held;
    }
    while (inFlight < most) {
      const held = this.#toDecide.shift();
      if (held === undefined) break;
      // One that has to be freed by now is in the other line.
      if (held.state === 'queued' && held.freeBecause === undefined) return held;
    }
    return undefined;
  }
}
