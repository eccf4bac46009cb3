import type { Node } from '../../cluster/node.ts';
import type { Demand } from './demand.ts';

/** What every node has and what its pods ask for, in columns. Amounts in milli-cores and bytes. */
export class ResourceBook {
  cpu: Float64Array = new Float64Array(0);
  memory: Float64Array = new Float64Array(0);
  podsAllowed: Int32Array = new Int32Array(0);
  cpuRequested: Float64Array = new Float64Array(0);
  memoryRequested: Float64Array = new Float64Array(0);
  /** With the defaults for containers that name nothing. */
  nonZeroCpu: Float64Array = new Float64Array(0);
  nonZeroMemory: Float64Array = new Float64Array(0);
  pods: Int32Array = new Int32Array(0);
  /** How balanced the requests of a node are, in points, as BalancedAllocation last found them; -1: they changed since. */
  balance: Int8Array = new Int8Array(0);
  readonly #extended = new Map<string, Float64Array>();

  reset(nodes: readonly Node[]): void {
    this.cpu = Float64Array.from(nodes, (node) => node.cpuMilli);
    this.memory = Float64Array.from(nodes, (node) => node.memoryBytes);
    this.podsAllowed = Int32Array.from(nodes, (node) => node.pods);
    this.cpuRequested = new Float64Array(nodes.length);
    this.memoryRequested = new Float64Array(nodes.length);
    this.nonZeroCpu = new Float64Array(nodes.length);
    this.nonZeroMemory = new Float64Array(nodes.length);
    this.pods = new Int32Array(nodes.length);
    this.balance = new Int8Array(nodes.length).fill(-1);
    this.#extended.clear();
    const names = new Set(nodes.flatMap((node) => Object.keys(node.extended ?? {})));
    for (const name of names)
      this.#extended.set(
        name,
        Float64Array.from(nodes, (node) => node.extended?.[name] ?? 0),
      );
  }

  /** What no node offers is 0 everywhere. */
  freeExtended(name: string, slot: number): number {
    return this.#extended.get(name)?.[slot] ?? 0;
  }

  book(slot: number, demand: Demand, sign: 1 | -1): void {
    this.pods[slot]! += sign;
    this.balance[slot] = -1;
    this.cpuRequested[slot]! += sign * demand.cpu;
    this.memoryRequested[slot]! += sign * demand.memory;
    this.nonZeroCpu[slot]! += sign * demand.nonZeroCpu;
    this.nonZeroMemory[slot]! += sign * demand.nonZeroMemory;
    for (let i = 0; i < demand.extended.length; i++) {
      const [name, amount] = demand.extended[i]!;
      const column = this.#extended.get(name);
      if (column !== undefined) column[slot]! -= sign * amount;
    }
  }

  /** What the columns hold that changes with pods, for a run that goes on elsewhere. */
  save(): SavedResources {
    return {
      cpuRequested: [...this.cpuRequested],
      memoryRequested: [...this.memoryRequested],
      nonZeroCpu: [...this.nonZeroCpu],
      nonZeroMemory: [...this.nonZeroMemory],
      pods: [...this.pods],
    };
  }

  restore(saved: SavedResources): void {
    this.cpuRequested.set(saved.cpuRequested);
    this.memoryRequested.set(saved.memoryRequested);
    this.nonZeroCpu.set(saved.nonZeroCpu);
    this.nonZeroMemory.set(saved.nonZeroMemory);
    this.pods.set(saved.pods);
    this.balance.fill(-1);
  }
}

export interface SavedResources {
  readonly cpuRequested: readonly number[];
  readonly memoryRequested: readonly number[];
  readonly nonZeroCpu: readonly number[];
  readonly nonZeroMemory: readonly number[];
  readonly pods: readonly number[];
}
