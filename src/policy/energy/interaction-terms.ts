import { NODE_ASLEEP } from '../../cluster/cluster-state.ts';
import { ln } from '../../util/portable-math.ts';
import type { ClusterTotals } from './cluster-totals.ts';
import type { Decision, TermGroup } from './decision.ts';
import { TERM, TIER_TERMS } from './term-table.ts';

const SHORT_SECONDS = 600;

/** Powers of ten above ten minutes. */
export function durationTenfolds(seconds: number): number {
  return ln(seconds / SHORT_SECONDS) / Math.LN10;
}

/** When waking a node is worse or better than usual. */
export class AsleepTerms implements TermGroup {
  readonly terms = [TERM.asleepFreeAwake, TERM.asleepShort, TERM.asleepLoad, TERM.asleepQueue];
  readonly #totals: ClusterTotals;

  constructor(totals: ClusterTotals) {
    this.#totals = totals;
  }

  fill({ cluster, nodes, count, columns, stride, seconds }: Decision): void {
    this.#totals.renew();
    const { freeAwake, load } = this.#totals;
    const short = SHORT_SECONDS / (SHORT_SECONDS + seconds);
    const queue = Math.min(1, cluster.pending / 10);
    for (let i = 0; i < count; i++) {
      const asleep = cluster.power[nodes[i]!] === NODE_ASLEEP ? 1 : 0;
      columns[TERM.asleepFreeAwake * stride + i] = asleep * freeAwake;
      columns[TERM.asleepShort * stride + i] = asleep * short;
      columns[TERM.asleepLoad * stride + i] = asleep * load;
      columns[TERM.asleepQueue * stride + i] = asleep * queue;
    }
  }
}

/** What each of the two best types of node is worth now, to this pod. */
export class TierTerms implements TermGroup {
  readonly terms = Array.from({ length: 2 * TIER_TERMS }, (_, i) => TERM.tier0 + i);
  readonly reads = [TERM.cpuPrice, TERM.memoryPrice];
  readonly #totals: ClusterTotals;

  constructor(totals: ClusterTotals) {
    this.#totals = totals;
  }

  fill({ power, pod, nodes, count, columns, stride, seconds }: Decision): void {
    this.#totals.renew();
    const totals = this.#totals;
    const duration = durationTenfolds(seconds);
    const cpuShare = pod.cpuMilli / totals.cpuCapacity;
    const memoryShare = pod.memoryBytes / totals.memoryCapacity;
    const heaviness = memoryShare >= 8 * cpuShare ? 8 : memoryShare / cpuShare;
    const scarcity = heaviness * totals.memoryLoad;
    for (let tier = 0; tier < 2; tier++) {
      const free = totals.tierFreeCpu[tier]!;
      const freeMemory = totals.tierFreeMemory[tier]!;
      let at = (TERM.tier0 + tier * TIER_TERMS) * stride;
      for (let i = 0; i < count; i++, at++) {
        const flag = power.tier[nodes[i]!] === tier ? 1 : 0;
        columns[at] = flag;
        columns[at + stride] = flag * columns[TERM.cpuPrice * stride + i]!;
        columns[at + 2 * stride] = flag * columns[TERM.memoryPrice * stride + i]!;
        columns[at + 3 * stride] = flag * totals.load;
        columns[at + 4 * stride] = flag * free;
        columns[at + 5 * stride] = flag * freeMemory;
        columns[at + 6 * stride] = flag * duration;
        columns[at + 7 * stride] = flag * scarcity;
      }
    }
  }
}

/** How pods that use much or little of what they ask for go together. */
export class HeatTerms implements TermGroup {
  readonly terms = [TERM.complementarity, TERM.rankUse];

  fill({ power, facts, pod, nodes, count, columns, stride, useMilli }: Decision): void {
    const heat = pod.cpuMilli > 0 ? Math.min(1, useMilli / pod.cpuMilli) : 1;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      columns[TERM.complementarity * stride + i] = heat * facts.heat[node]!;
      columns[TERM.rankUse * stride + i] = power.tierRank[node]! * heat;
    }
  }
}
