import type { Demand } from '../demand.ts';
import { MAX_NODE_SCORE } from '../normalise.ts';
import type { ResourceBook } from '../resource-book.ts';

/**
 * NodeResourcesFit: the node has what is asked for, and a place; scored by LeastAllocated, the mean share of CPU and
 * memory that stays free, in integers (plugins/noderesources).
 */
export class NodeResourcesFit {
  readonly name = 'NodeResourcesFit';
  readonly weight = 1;
  readonly #book: ResourceBook;
  #cpu = 0;
  #memory = 0;
  #extended: Demand['extended'] = [];
  #scoredCpu = 0;
  #scoredMemory = 0;

  constructor(book: ResourceBook) {
    this.#book = book;
  }

  prepare(demand: Demand): void {
    this.#cpu = demand.cpu;
    this.#memory = demand.memory;
    this.#extended = demand.extended;
    this.#scoredCpu = demand.scoredCpu;
    this.#scoredMemory = demand.scoredMemory;
  }

  filter(slot: number): boolean {
    const book = this.#book;
    if (book.pods[slot]! >= book.podsAllowed[slot]!) return false;
    if (this.#cpu > 0 && this.#cpu > book.cpu[slot]! - book.cpuRequested[slot]!) return false;
    if (this.#memory > 0 && this.#memory > book.memory[slot]! - book.memoryRequested[slot]!) return false;
    return this.#extended.length === 0 || this.#hasExtended(slot);
  }

  /** Kubernetes' words for what is missing. */
  reasons(slot: number): readonly string[] {
    const book = this.#book;
    const cpu = this.#cpu;
    const memory = this.#memory;
    const reasons: string[] = [];
    if (book.pods[slot]! >= book.podsAllowed[slot]!) reasons.push('Too many pods');
    if (cpu > 0 && cpu > book.cpu[slot]! - book.cpuRequested[slot]!) reasons.push('Insufficient cpu');
    if (memory > 0 && memory > book.memory[slot]! - book.memoryRequested[slot]!)
      reasons.push('Insufficient memory');
    for (const [name, amount] of this.#extended)
      if (amount > book.freeExtended(name, slot)) reasons.push(`Insufficient ${name}`);
    return reasons;
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    const { cpu, memory, nonZeroCpu, nonZeroMemory } = this.#book;
    const scoredCpu = this.#scoredCpu;
    const scoredMemory = this.#scoredMemory;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      const hasCpu = cpu[slot]! > 0;
      const hasMemory = memory[slot]! > 0;
      const points =
        (hasCpu ? leastRequested(nonZeroCpu[slot]! + scoredCpu, cpu[slot]!) : 0) +
        (hasMemory ? leastRequested(nonZeroMemory[slot]! + scoredMemory, memory[slot]!) : 0);
      out[i] = hasCpu && hasMemory ? points >> 1 : points;
    }
  }

  #hasExtended(slot: number): boolean {
    return this.#extended.every(([name, amount]) => amount <= this.#book.freeExtended(name, slot));
  }
}

/** Amounts below 2^46, so that the quotient of doubles falls on the same side of every integer as Go's. */
function leastRequested(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.floor(((capacity - requested) * MAX_NODE_SCORE) / capacity);
}
