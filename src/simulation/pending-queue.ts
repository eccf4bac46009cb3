import type { Plan } from './plan.ts';

export const NOT_PENDING = 0;
/** Nowhere to go: looked at again when something is freed. */
export const UNFIT = 1;
/** Its policy chose to wait. */
export const WAITING = 2;

export interface SavedQueue {
  readonly ids: Int32Array;
  readonly states: Uint8Array;
  readonly leastCpu: number;
  readonly leastMemory: number;
}

/** Pods that have arrived and run nowhere, in the order of their arrival. Linked, so that any of them may leave. */
export class PendingQueue {
  unfit = 0;
  waiting = 0;
  /** No unfit pod asks for less. May be lower than the least asked for; `setLeast` corrects it. */
  leastCpu = Number.POSITIVE_INFINITY;
  leastMemory = Number.POSITIVE_INFINITY;
  first = -1;
  readonly #plan: Plan;
  readonly #state: Uint8Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  #last = -1;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#state = new Uint8Array(plan.count);
    this.#next = new Int32Array(plan.count);
    this.#previous = new Int32Array(plan.count);
  }

  get count(): number {
    return this.unfit + this.waiting;
  }

  state(pod: number): number {
    return this.#state[pod]!;
  }

  /** The one behind; -1 behind the last. */
  next(pod: number): number {
    return this.#next[pod]!;
  }

  /** Puts a pod at the end (pods come in the order of their ids), or changes why it waits. */
  mark(pod: number, state: typeof UNFIT | typeof WAITING): void {
    const old = this.#state[pod]!;
    if (old === NOT_PENDING) {
      this.#previous[pod] = this.#last;
      this.#next[pod] = -1;
      if (this.#last < 0) this.first = pod;
      else this.#next[this.#last] = pod;
      this.#last = pod;
    } else this.#count(old, -1);
    this.#state[pod] = state;
    this.#count(state, 1);
    if (state === WAITING) return;
    this.leastCpu = Math.min(this.leastCpu, this.#plan.cpuMilli[pod]!);
    this.leastMemory = Math.min(this.leastMemory, this.#plan.memoryBytes[pod]!);
  }

  /** Nothing happens where it is not here. */
  remove(pod: number): void {
    const state = this.#state[pod]!;
    if (state === NOT_PENDING) return;
    this.#count(state, -1);
    this.#state[pod] = NOT_PENDING;
    const next = this.#next[pod]!;
    const previous = this.#previous[pod]!;
    if (previous < 0) this.first = next;
    else this.#next[previous] = next;
    if (next < 0) this.#last = previous;
    else this.#previous[next] = previous;
  }

  /** The least that unfit pods ask for, after all of them were looked at. */
  setLeast(cpuMilli: number, memoryBytes: number): void {
    this.leastCpu = cpuMilli;
    this.leastMemory = memoryBytes;
  }

  save(): SavedQueue {
    const ids: number[] = [];
    for (let pod = this.first; pod >= 0; pod = this.#next[pod]!) ids.push(pod);
    return {
      ids: Int32Array.from(ids),
      states: Uint8Array.from(ids, (pod) => this.#state[pod]!),
      leastCpu: this.leastCpu,
      leastMemory: this.leastMemory,
    };
  }

  restore(saved: SavedQueue): void {
    saved.ids.forEach((pod, i) => {
      this.mark(pod, saved.states[i] === UNFIT ? UNFIT : WAITING);
    });
    this.setLeast(saved.leastCpu, saved.leastMemory);
  }

  #count(state: number, by: 1 | -1): void {
    if (state === UNFIT) this.unfit += by;
    else this.waiting += by;
  }
}
