import type { Nanoseconds } from '../../util/units.ts';

/**
 * What the coordinator and a thread tell each other, without messages: each word has one writer. Amounts are nanoseconds
 * of CPU time, or bytes.
 */
export class ThreadWords {
  readonly #words: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(5 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.#words = new BigInt64Array(memory);
  }

  get memory(): SharedArrayBuffer {
    return this.#words.buffer as SharedArrayBuffer;
  }

  /** So much in all may be done; written by the coordinator, who wakes the thread. */
  get granted(): number {
    return Number(Atomics.load(this.#words, 0));
  }
  set granted(amount: number) {
    Atomics.store(this.#words, 0, BigInt(Math.round(amount)));
    Atomics.notify(this.#words, 0);
  }

  /** So much in all has been done; written by the thread. */
  get done(): number {
    return Number(Atomics.load(this.#words, 1));
  }
  set done(amount: number) {
    Atomics.store(this.#words, 1, BigInt(Math.round(amount)));
  }

  /** So much in all has been confirmed by the peer; written by the thread that sends. */
  get confirmed(): number {
    return Number(Atomics.load(this.#words, 2));
  }
  set confirmed(amount: number) {
    Atomics.store(this.#words, 2, BigInt(Math.round(amount)));
  }

  /** When to let go even where nobody says so, by the clock that is never set back; written by the coordinator. */
  set lastNanoseconds(nanoseconds: Nanoseconds) {
    Atomics.store(this.#words, 4, BigInt(Math.round(nanoseconds)));
  }

  /** Whether all is to be let go. */
  isOver(nowNanoseconds: Nanoseconds): boolean {
    const last = Atomics.load(this.#words, 4);
    return Atomics.load(this.#words, 3) !== 0n || (last !== 0n && nowNanoseconds >= last);
  }
  end(): void {
    Atomics.store(this.#words, 3, 1n);
    // Wakes the thread, which waits for this word to change.
    this.granted = this.granted + 1;
  }

  /** Blocks the thread until more is granted than it knows of, or for so long. */
  waitForMore(known: number, milliseconds: number): void {
    Atomics.wait(this.#words, 0, BigInt(Math.round(known)), milliseconds);
  }
}
