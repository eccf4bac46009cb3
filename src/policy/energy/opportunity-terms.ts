import type { ClusterTotals } from './cluster-totals.ts';
import type { Decision, TermGroup } from './decision.ts';
import { PRICED_USE } from './power-terms.ts';
import { TERM } from './term-table.ts';

/** Prices that follow the state of the cluster. */
export class ScarcityTerms implements TermGroup {
  readonly terms = [TERM.cpuPriceFull, TERM.memoryPriceFull, TERM.cpuPriceLoad, TERM.memoryPriceLoad];
  readonly reads = [TERM.cpuPrice, TERM.memoryPrice];
  readonly #totals: ClusterTotals;

  constructor(totals: ClusterTotals) {
    this.#totals = totals;
  }

  fill({ power, nodes, count, columns, stride }: Decision): void {
    this.#totals.renew();
    const { load, memoryLoad, tierFreeCpu, tierFreeMemory } = this.#totals;
    const cpuFull = TERM.cpuPriceFull * stride;
    const memoryFull = TERM.memoryPriceFull * stride;
    const cpuLoad = TERM.cpuPriceLoad * stride;
    const memoryLoaded = TERM.memoryPriceLoad * stride;
    for (let i = 0; i < count; i++) {
      const tier = power.tier[nodes[i]!]!;
      const cpu = columns[TERM.cpuPrice * stride + i]!;
      const memory = columns[TERM.memoryPrice * stride + i]!;
      columns[cpuFull + i] = cpu * (1 - tierFreeCpu[tier]!);
      columns[memoryFull + i] = memory * (1 - tierFreeMemory[tier]!);
      columns[cpuLoad + i] = cpu * load;
      columns[memoryLoaded + i] = memory * memoryLoad;
    }
  }
}

/** What of a good node cannot be used any more, or can again, since the other half of it is gone. */
export class StrandedTerms implements TermGroup {
  readonly terms = [TERM.strandedCpu, TERM.strandedMemory];

  fill(decision: Decision): void {
    const { cluster, power, facts, cpuShare, memoryShare, nodes, count, columns, stride } = decision;
    const { kind, savedWattsPerMilli } = power;
    const strandedCpu = TERM.strandedCpu * stride;
    const strandedMemory = TERM.strandedMemory * stride;
    const scale = (PRICED_USE * decision.seconds) / decision.ownJoules;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const before = facts.freeCpu[node]! - facts.freeMemory[node]!;
      const after = before - cpuShare[kind[node]!]! + memoryShare[kind[node]!]!;
      const price = scale * savedWattsPerMilli[node]! * cluster.cpuCapacity[node]!;
      columns[strandedCpu + i] = price * (Math.max(0, after) - Math.max(0, before));
      columns[strandedMemory + i] = price * (Math.max(0, -after) - Math.max(0, -before));
    }
  }
}

/** What the pod draws above idle on nodes as full as those of their type mostly are. */
export class SteadyTerms implements TermGroup {
  readonly terms = [TERM.savedEnergy, TERM.steadyWatts];
  readonly #totals: ClusterTotals;
  /** By kind of node: both are the same for all nodes of a kind. */
  readonly #saved: Float64Array;
  readonly #steady: Float64Array;

  constructor(totals: ClusterTotals, { power }: Decision) {
    this.#totals = totals;
    this.#saved = new Float64Array(power.nodeOfKind.length);
    this.#steady = new Float64Array(power.nodeOfKind.length);
  }

  fill({ cluster, power, nodes, count, columns, stride, useMilli, ownWatts }: Decision): void {
    this.#totals.renew();
    const { tierUse } = this.#totals;
    const { kind, nodeOfKind } = power;
    for (let k = 0; k < nodeOfKind.length; k++) {
      const node = nodeOfKind[k]!;
      const use = tierUse[power.tier[node]!]! * cluster.cpuCapacity[node]!;
      this.#saved[k] = (power.savedWattsPerMilli[node]! * useMilli) / ownWatts;
      this.#steady[k] = (power.watts(node, use + useMilli) - power.watts(node, use)) / ownWatts;
    }
    const saved = TERM.savedEnergy * stride;
    const steady = TERM.steadyWatts * stride;
    for (let i = 0; i < count; i++) {
      columns[saved + i] = this.#saved[kind[nodes[i]!]!]!;
      columns[steady + i] = this.#steady[kind[nodes[i]!]!]!;
    }
  }
}
