import type { Milliseconds } from '../util/units.ts';
import type { LoopTime } from './ports.ts';

/** Node's timers overflow above it. */
const LONGEST_TIMER: Milliseconds = 2 ** 31 - 1;

interface Due {
  readonly key: string;
  readonly at: Milliseconds;
}

/**
 * Calls for every key when its time has come, by the monotonic clock and with one timer in all. Each key has one time; what it
 * calls may set keys again.
 */
export class DeadlineKeeper {
  readonly #time: LoopTime;
  readonly #due: (key: string) => void;
  /** When each key is due: entries of the heap that say otherwise are out of date. */
  readonly #at = new Map<string, Milliseconds>();
  /** Binary heap by time. */
  #heap: Due[] = [];
  #timer: { readonly at: Milliseconds; readonly cancel: () => void } | undefined;

  constructor(time: LoopTime, due: (key: string) => void) {
    this.#time = time;
    this.#due = due;
  }

  get size(): number {
    return this.#at.size;
  }

  /** @param at monotonic milliseconds; replaces the time that the key had */
  set(key: string, at: Milliseconds): void {
    if (this.#at.get(key) === at) return;
    this.#at.set(key, at);
    this.#push({ key, at });
    this.#arm();
  }

  clear(key: string): void {
    if (!this.#at.delete(key)) return;
    // Times that were taken back are otherwise dropped only when they come.
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#at.size) this.#compact();
    this.#arm();
  }

  clearAll(): void {
    this.#at.clear();
    this.#heap = [];
    this.#arm();
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.#time.monotonicMilliseconds();
    try {
      for (let first = this.#first(); first !== undefined && first.at <= now; first = this.#first()) {
        this.#pop();
        this.#at.delete(first.key);
        this.#due(first.key);
      }
    } finally {
      // Whatever one key does, the others keep their time.
      this.#arm();
    }
  }

  #arm(): void {
    const first = this.#first();
    if (first?.at === this.#timer?.at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (first === undefined) return;
    const wait = Math.min(LONGEST_TIMER, Math.max(0, first.at - this.#time.monotonicMilliseconds()));
    this.#timer = { at: first.at, cancel: this.#time.after(wait, () => this.#fire()) };
  }

  /** The first entry that is still true. */
  #first(): Due | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || this.#at.get(first.key) === first.at) return first;
      this.#pop();
    }
  }

  #compact(): void {
    this.#heap = [];
    for (const [key, at] of this.#at) this.#push({ key, at });
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.at <= due.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
