import type { Demand } from '../demand.ts';
import { MAX_NODE_SCORE } from '../normalise.ts';
import type { ResourceBook } from '../resource-book.ts';

/** 100 less the standard deviation of the shares of CPU and memory that are asked for, in points, cut to an integer. */
function balance(cpuRequested: number, cpu: number, memoryRequested: number, memory: number): number {
  // One share alone is always in balance.
  if (cpu === 0 || memory === 0) return MAX_NODE_SCORE;
  let cpuShare = cpuRequested / cpu;
  if (cpuShare > 1) cpuShare = 1;
  let memoryShare = memoryRequested / memory;
  if (memoryShare > 1) memoryShare = 1;
  return Math.trunc((1 - Math.abs((cpuShare - memoryShare) / 2)) * MAX_NODE_SCORE);
}

/**
 * NodeResourcesBalancedAllocation as of 1.36 (kubernetes PR 135573): what the pod changes in the balance of CPU and
 * memory on the node; 75 where it changes nothing (plugins/noderesources/balanced_allocation.go).
 */
export class BalancedAllocation {
  readonly name = 'NodeResourcesBalancedAllocation';
  readonly weight = 1;
  readonly #book: ResourceBook;
  #cpu = 0;
  #memory = 0;

  constructor(book: ResourceBook) {
    this.#book = book;
  }

  prepare(demand: Demand): void {
    this.#cpu = demand.cpu;
    this.#memory = demand.memory;
  }

  /** A pod that asks for nothing is not scored: nearly all of them would go to one node. */
  get scores(): boolean {
    return this.#cpu !== 0 || this.#memory !== 0;
  }

  score(slots: Int32Array, count: number, out: Float64Array): void {
    const { cpu, memory, cpuRequested, memoryRequested, balance: known } = this.#book;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      const cpuHas = cpu[slot]!;
      const memoryHas = memory[slot]!;
      const cpuBefore = cpuRequested[slot]!;
      const memoryBefore = memoryRequested[slot]!;
      let before = known[slot]!;
      if (before < 0) known[slot] = before = balance(cpuBefore, cpuHas, memoryBefore, memoryHas);
      const after = balance(cpuBefore + this.#cpu, cpuHas, memoryBefore + this.#memory, memoryHas);
      out[i] = 50 + ((50 + after - before) >> 1);
    }
  }
}
