import type { ClusterState } from '../cluster/cluster-state.ts';

/** The nodes on which something was freed since pending pods were last looked at. */
export class FreedNodes {
  count = 0;
  readonly #cluster: ClusterState;
  readonly #nodes: Int32Array;
  readonly #isIn: Uint8Array;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
    this.#nodes = new Int32Array(cluster.size);
    this.#isIn = new Uint8Array(cluster.size);
  }

  add(node: number): void {
    if (this.#isIn[node] === 1) return;
    this.#isIn[node] = 1;
    this.#nodes[this.count++] = node;
  }

  clear(): void {
    while (this.count > 0) this.#isIn[this.#nodes[--this.count]!] = 0;
  }

  /** Whether one of them has this much CPU and memory free: if not, nothing that asks for as much fits anywhere new. */
  takes(cpuMilli: number, memoryBytes: number): boolean {
    const { freeCpu, freeMemory } = this.#cluster;
    for (let i = 0; i < this.count; i++) {
      const node = this.#nodes[i]!;
      if (cpuMilli <= freeCpu[node]! && memoryBytes <= freeMemory[node]!) return true;
    }
    return false;
  }
}
