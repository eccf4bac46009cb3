import { type ClusterState, NODE_ASLEEP, NODE_CLOSED, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { ClusterPower } from './cluster-power.ts';

/** Shares over the whole cluster that weigh a decision. Closed nodes do not count. */
export class ClusterTotals {
  cpuCapacity = 0;
  memoryCapacity = 0;
  /** Share of all CPU, and of all memory, that is asked for. */
  load = 0;
  memoryLoad = 0;
  /** Free CPU of nodes that are on, as a share of all CPU. */
  freeAwake = 0;
  /** Free shares of each type of node, and its predicted use as a share of its CPU, by tier; two at least. */
  readonly tierFreeCpu: Float64Array;
  readonly tierFreeMemory: Float64Array;
  readonly tierUse: Float64Array;

  readonly #cluster: ClusterState;
  readonly #power: ClusterPower;
  readonly #tierCpu: Float64Array;
  readonly #tierMemory: Float64Array;
  #changes = -1;

  constructor(cluster: ClusterState, power: ClusterPower) {
    this.#cluster = cluster;
    this.#power = power;
    const tiers = Math.max(2, power.tiers);
    this.tierFreeCpu = new Float64Array(tiers);
    this.tierFreeMemory = new Float64Array(tiers);
    this.tierUse = new Float64Array(tiers);
    this.#tierCpu = new Float64Array(tiers);
    this.#tierMemory = new Float64Array(tiers);
  }

  /** Sums afresh after every change: sums kept by differences would depend on when they were begun. */
  renew(): void {
    const { changes, size, power, cpuCapacity, memoryCapacity, freeCpu, freeMemory, predictedUse } =
      this.#cluster;
    if (changes === this.#changes) return;
    this.#changes = changes;
    const { tierFreeCpu, tierFreeMemory, tierUse } = this;
    let cpu = 0;
    let memory = 0;
    let cpuFree = 0;
    let memoryFree = 0;
    let awake = 0;
    tierFreeCpu.fill(0);
    tierFreeMemory.fill(0);
    tierUse.fill(0);
    this.#tierCpu.fill(0);
    this.#tierMemory.fill(0);
    for (let node = 0; node < size; node++) {
      if (power[node] === NODE_CLOSED) continue;
      cpu += cpuCapacity[node]!;
      memory += memoryCapacity[node]!;
      cpuFree += freeCpu[node]!;
      memoryFree += freeMemory[node]!;
      if (power[node] !== NODE_ASLEEP && power[node] !== NODE_WAKING) awake += freeCpu[node]!;
      const tier = this.#power.tier[node]!;
      this.#tierCpu[tier]! += cpuCapacity[node]!;
      this.#tierMemory[tier]! += memoryCapacity[node]!;
      tierFreeCpu[tier]! += freeCpu[node]!;
      tierFreeMemory[tier]! += freeMemory[node]!;
      tierUse[tier]! += predictedUse[node]!;
    }
    this.cpuCapacity = cpu;
    this.memoryCapacity = memory;
    this.load = cpu > 0 ? 1 - cpuFree / cpu : 0;
    this.memoryLoad = memory > 0 ? 1 - memoryFree / memory : 0;
    this.freeAwake = cpu > 0 ? awake / cpu : 0;
    for (let tier = 0; tier < tierUse.length; tier++) {
      if (this.#tierCpu[tier]! > 0) {
        tierFreeCpu[tier]! /= this.#tierCpu[tier]!;
        tierUse[tier]! /= this.#tierCpu[tier]!;
      }
      if (this.#tierMemory[tier]! > 0) tierFreeMemory[tier]! /= this.#tierMemory[tier]!;
    }
  }
}
