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
  /** 1 for every node that is left out. */
  readonly #closed: Uint8Array;
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
    this.#closed = new Uint8Array(cluster.size).fill(UNKNOWN);
  }

  /** Sums afresh after every change: sums kept by differences would depend on when they were begun. */
  renew(): void {
    const { changes, size, power, freeCpu, freeMemory, predictedUse } = this.#cluster;
    if (changes === this.#changes) return;
    this.#changes = changes;
    if (this.#hasOpenedOrClosed()) this.#sumCapacities();
    const { tierFreeCpu, tierFreeMemory, tierUse } = this;
    const tiers = this.#power.tier;
    let cpuFree = 0;
    let memoryFree = 0;
    let awake = 0;
    tierFreeCpu.fill(0);
    tierFreeMemory.fill(0);
    tierUse.fill(0);
    // Nodes of one type mostly stand together: what is summed of it stays in variables until another one comes.
    let tier = 0;
    let ofTierCpu = 0;
    let ofTierMemory = 0;
    let ofTierUse = 0;
    for (let node = 0; node < size; node++) {
      const state = power[node]!;
      if (state === NODE_CLOSED) continue;
      if (tiers[node] !== tier) {
        tierFreeCpu[tier] = ofTierCpu;
        tierFreeMemory[tier] = ofTierMemory;
        tierUse[tier] = ofTierUse;
        tier = tiers[node]!;
        ofTierCpu = tierFreeCpu[tier]!;
        ofTierMemory = tierFreeMemory[tier]!;
        ofTierUse = tierUse[tier]!;
      }
      const cpu = freeCpu[node]!;
      const memory = freeMemory[node]!;
      cpuFree += cpu;
      memoryFree += memory;
      if (state !== NODE_ASLEEP && state !== NODE_WAKING) awake += cpu;
      ofTierCpu += cpu;
      ofTierMemory += memory;
      ofTierUse += predictedUse[node]!;
    }
    tierFreeCpu[tier] = ofTierCpu;
    tierFreeMemory[tier] = ofTierMemory;
    tierUse[tier] = ofTierUse;
    const { cpuCapacity, memoryCapacity } = this;
    this.load = cpuCapacity > 0 ? 1 - cpuFree / cpuCapacity : 0;
    this.memoryLoad = memoryCapacity > 0 ? 1 - memoryFree / memoryCapacity : 0;
    this.freeAwake = cpuCapacity > 0 ? awake / cpuCapacity : 0;
    for (let tier = 0; tier < tierUse.length; tier++) {
      if (this.#tierCpu[tier]! > 0) {
        tierFreeCpu[tier]! /= this.#tierCpu[tier]!;
        tierUse[tier]! /= this.#tierCpu[tier]!;
      }
      if (this.#tierMemory[tier]! > 0) tierFreeMemory[tier]! /= this.#tierMemory[tier]!;
    }
  }

  #hasOpenedOrClosed(): boolean {
    const { size, power } = this.#cluster;
    const closed = this.#closed;
    let differs = false;
    for (let node = 0; node < size; node++) {
      const now = power[node] === NODE_CLOSED ? 1 : 0;
      if (closed[node] === now) continue;
      closed[node] = now;
      differs = true;
    }
    return differs;
  }

  #sumCapacities(): void {
    const { size, cpuCapacity, memoryCapacity } = this.#cluster;
    this.cpuCapacity = 0;
    this.memoryCapacity = 0;
    this.#tierCpu.fill(0);
    this.#tierMemory.fill(0);
    for (let node = 0; node < size; node++) {
      if (this.#closed[node] === 1) continue;
      const tier = this.#power.tier[node]!;
      this.cpuCapacity += cpuCapacity[node]!;
      this.memoryCapacity += memoryCapacity[node]!;
      this.#tierCpu[tier]! += cpuCapacity[node]!;
      this.#tierMemory[tier]! += memoryCapacity[node]!;
    }
  }
}

/** Neither open nor closed, so that the first look finds a difference. */
const UNKNOWN = 2;
