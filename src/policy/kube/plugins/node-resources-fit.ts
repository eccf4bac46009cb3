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
  #demand: Demand | undefined;

  constructor(book: ResourceBook) {
    this.#book = book;
  }

  prepare(demand: Demand): void {
    this.#demand = demand;
  }

  filter(slot: number): boolean {
    const book = this.#book;
    const demand = this.#demand!;
    if (book.pods[slot]! + 1 > book.podsAllowed[slot]!) return false;
    if (demand.cpu > 0 && demand.cpu > book.cpu[slot]! - book.cpuRequested[slot]!) return false;
    if (demand.memory > 0 && demand.memory > book.memory[slot]! - book.memoryRequested[slot]!) return false;
    return demand.extended.length === 0 || this.#lacking(slot) === undefined;
  }

  /** Kubernetes' words for what is missing. */
  reasons(slot: number): readonly string[] {
    const book = this.#book;
    const { cpu, memory } = this.#demand!;
    const reasons: string[] = [];
    if (book.pods[slot]! + 1 > book.podsAllowed[slot]!) reasons.push('Too many pods');
    if (cpu > 0 && cpu > book.cpu[slot]! - book.cpuRequested[slot]!) reasons.push('Insufficient cpu');
    if (memory > 0 && memory > book.memory[slot]! - book.memoryRequested[slot]!)
      reasons.push('Insufficient memory');
    for (const [name, amount] of this.#demand!.extended)
      if (amount > book.freeExtended(name, slot)) reasons.push(`Insufficient ${name}`);
    return reasons;
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    const { cpu, memory, nonZeroCpu, nonZeroMemory } = this.#book;
    const { scoredCpu, scoredMemory } = this.#demand!;
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

  #lacking(slot: number): string | undefined {
    return this.#demand!.extended.find(([name, amount]) => amount > this.#book.freeExtended(name, slot))?.[0];
  }
}

/** Amounts below 2^46, so that the quotient of doubles falls on the same side of every integer as Go's. */
function leastRequested(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.floor(((capacity - requested) * MAX_NODE_SCORE) / capacity);
}
