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

  fill({ cluster, power, pod, nodes, count, columns, stride, seconds, ownJoules }: Decision): void {
    const strandedCpu = TERM.strandedCpu * stride;
    const strandedMemory = TERM.strandedMemory * stride;
    const scale = (PRICED_USE * seconds) / ownJoules;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const cores = cluster.cpuCapacity[node]!;
      const memory = cluster.memoryCapacity[node]!;
      const before = cluster.freeCpu[node]! / cores - cluster.freeMemory[node]! / memory;
      const after = before - pod.cpuMilli / cores + pod.memoryBytes / memory;
      const price = scale * power.savedWattsPerMilli[node]! * cores;
      columns[strandedCpu + i] = price * (Math.max(0, after) - Math.max(0, before));
      columns[strandedMemory + i] = price * (Math.max(0, -after) - Math.max(0, -before));
    }
  }
}

/** What the pod draws above idle on nodes as full as those of their type mostly are. */
export class SteadyTerms implements TermGroup {
  readonly terms = [TERM.savedEnergy, TERM.steadyWatts];
  readonly #totals: ClusterTotals;

  constructor(totals: ClusterTotals) {
    this.#totals = totals;
  }

  fill({ cluster, power, nodes, count, columns, stride, useMilli, ownWatts }: Decision): void {
    this.#totals.renew();
    const { tierUse } = this.#totals;
    const saved = TERM.savedEnergy * stride;
    const steady = TERM.steadyWatts * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const use = tierUse[power.tier[node]!]! * cluster.cpuCapacity[node]!;
      columns[saved + i] = (power.savedWattsPerMilli[node]! * useMilli) / ownWatts;
      columns[steady + i] = (power.watts(node, use + useMilli) - power.watts(node, use)) / ownWatts;
    }
  }
}
