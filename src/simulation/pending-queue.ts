import type { Plan } from './plan.ts';

export const NOT_PENDING = 0;
/** Nowhere to go: looked at again when something is freed. */
export const UNFIT = 1;
/** Its policy chose to wait. */
export const WAITING = 2;
/** Held back by an admission, which alone lets it go. */
export const HELD = 3;

export type PendingState = typeof UNFIT | typeof WAITING | typeof HELD;

export interface SavedQueue {
  readonly ids: Int32Array;
  readonly states: Uint8Array;
}

/** Pods are looked at by blocks of ids, of which most can be passed over as a whole. */
const BLOCK_BITS = 6;

/** Pods that have arrived and run nowhere, in the order of their arrival, which is that of their ids. */
export class PendingQueue {
  unfit = 0;
  waiting = 0;
  held = 0;
  readonly blocks: number;
  readonly #plan: Plan;
  readonly #state: Uint8Array;
  readonly #unfitIn: Uint8Array;
  readonly #waitingIn: Uint8Array;
  /** No unfit pod of a block asks for less. May be lower than the least asked for, until the block is looked through. */
  readonly #leastCpu: Float64Array;
  readonly #leastMemory: Float64Array;
  #firstBlock: number;
  #lastBlock = -1;

  constructor(plan: Plan) {
    this.blocks = ((plan.count - 1) >> BLOCK_BITS) + 1;
    this.#plan = plan;
    this.#state = new Uint8Array(plan.count);
    this.#unfitIn = new Uint8Array(this.blocks);
    this.#waitingIn = new Uint8Array(this.blocks);
    this.#leastCpu = new Float64Array(this.blocks).fill(Number.POSITIVE_INFINITY);
    this.#leastMemory = new Float64Array(this.blocks).fill(Number.POSITIVE_INFINITY);
    this.#firstBlock = this.blocks;
  }

  get count(): number {
    return this.unfit + this.waiting + this.held;
  }

  /** The pod that has waited longest; -1 where none does. */
  get first(): number {
    return this.count === 0 ? -1 : this.#state.findIndex((state) => state !== NOT_PENDING);
  }

  state(pod: number): number {
    return this.#state[pod]!;
  }

  /** Adds a pod, or changes why it waits. */
  mark(pod: number, state: PendingState): void {
    this.remove(pod);
    const block = pod >> BLOCK_BITS;
    this.#state[pod] = state;
    this.#count(state, block, 1);
    if (block < this.#firstBlock) this.#firstBlock = block;
    if (block > this.#lastBlock) this.#lastBlock = block;
    if (state !== UNFIT) return;
    this.#leastCpu[block] = Math.min(this.#leastCpu[block]!, this.#plan.cpuMilli[pod]!);
    this.#leastMemory[block] = Math.min(this.#leastMemory[block]!, this.#plan.memoryBytes[pod]!);
  }

  /** Nothing happens where it is not here. */
  remove(pod: number): void {
    const state = this.#state[pod]!;
    if (state === NOT_PENDING) return;
    this.#state[pod] = NOT_PENDING;
    this.#count(state, pod >> BLOCK_BITS, -1);
  }

  /**
   * Looks at pods in the order of their arrival.
   *
   * @param asksWaiting whether at those that chose to wait, too
   * @param mayFit whether something that asks for so much could fit; `undefined`: all unfit pods are looked at
   * @param look may mark or remove the pod that it is given, and add none; false: that is all for now
   * @param from the first pod to look at
   * @returns the pod at which `look` said false, -1 where it never did
   */
  forEach(
    asksWaiting: boolean,
    mayFit: ((cpuMilli: number, memoryBytes: number) => boolean) | undefined,
    look: (pod: number) => boolean,
    from = 0,
  ): number {
    while (this.#firstBlock <= this.#lastBlock && this.#isEmpty(this.#firstBlock)) this.#firstBlock++;
    for (let block = Math.max(this.#firstBlock, from >> BLOCK_BITS); block <= this.#lastBlock; block++) {
      const asks = asksWaiting && this.#waitingIn[block]! > 0;
      const looks =
        this.#unfitIn[block]! > 0 &&
        (mayFit === undefined || mayFit(this.#leastCpu[block]!, this.#leastMemory[block]!));
      if (!looks && !asks) continue;
      const stopped = this.#lookThrough(block, asks, looks, mayFit, look, from);
      if (stopped >= 0) return stopped;
    }
    return -1;
  }

  save(): SavedQueue {
    const ids: number[] = [];
    this.#state.forEach((state, pod) => {
      if (state !== NOT_PENDING) ids.push(pod);
    });
    return { ids: Int32Array.from(ids), states: Uint8Array.from(ids, (pod) => this.#state[pod]!) };
  }

  restore(saved: SavedQueue): void {
    saved.ids.forEach((pod, i) => {
      this.mark(pod, saved.states[i] as PendingState);
    });
  }

  #isEmpty(block: number): boolean {
    return this.#unfitIn[block] === 0 && this.#waitingIn[block] === 0;
  }

  #lookThrough(
    block: number,
    asks: boolean,
    looks: boolean,
    mayFit: ((cpuMilli: number, memoryBytes: number) => boolean) | undefined,
    look: (pod: number) => boolean,
    first: number,
  ): number {
    const { cpuMilli, memoryBytes } = this.#plan;
    const from = block << BLOCK_BITS;
    const to = Math.min(from + (1 << BLOCK_BITS), this.#plan.count);
    let leastCpu = Number.POSITIVE_INFINITY;
    let leastMemory = Number.POSITIVE_INFINITY;
    for (let pod = from; pod < to; pod++) {
      const state = this.#state[pod]!;
      if (state === NOT_PENDING || state === HELD) continue;
      const isAsked =
        pod >= first &&
        (state === WAITING
          ? asks
          : looks && (mayFit === undefined || mayFit(cpuMilli[pod]!, memoryBytes[pod]!)));
      if (isAsked && !look(pod)) return pod;
      if (this.#state[pod] !== UNFIT) continue;
      leastCpu = Math.min(leastCpu, cpuMilli[pod]!);
      leastMemory = Math.min(leastMemory, memoryBytes[pod]!);
    }
    this.#leastCpu[block] = leastCpu;
    this.#leastMemory[block] = leastMemory;
    return -1;
  }

  #count(state: number, block: number, by: 1 | -1): void {
    if (state === UNFIT) {
      this.unfit += by;
      this.#unfitIn[block]! += by;
    } else if (state === WAITING) {
      this.waiting += by;
      this.#waitingIn[block]! += by;
    } else this.held += by;
  }
}
