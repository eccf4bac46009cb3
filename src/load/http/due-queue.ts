import type { Milliseconds } from '../../util/units.ts';

/** Requests that are due and have no connection yet, first in first out. */
export class DueQueue {
  #due: number[] = [];
  #targets: number[] = [];
  #head = 0;

  get length(): number {
    return this.#due.length - this.#head;
  }

  push(due: Milliseconds, target: number): void {
    this.#due.push(due);
    this.#targets.push(target);
  }

  /** When the first one was due; only where there is one. */
  get due(): Milliseconds {
    return this.#due[this.#head]!;
  }

  get target(): number {
    return this.#targets[this.#head]!;
  }

  shift(): void {
    this.#head++;
    if (this.#head < 1024 || this.#head * 2 < this.#due.length) return;
    this.#due = this.#due.slice(this.#head);
    this.#targets = this.#targets.slice(this.#head);
    this.#head = 0;
  }
}
