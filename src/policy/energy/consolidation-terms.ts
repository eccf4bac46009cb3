import { NODE_ASLEEP } from '../../cluster/cluster-state.ts';
import type { ClusterTotals } from './cluster-totals.ts';
import { type Decision, HORIZON_SECONDS, type TermGroup } from './decision.ts';
import { TERM } from './term-table.ts';

/** What idling on is worth, by who else will come: the run-out energy takes it that nobody does. */
export class IdleTerms implements TermGroup {
  readonly terms = [TERM.idleLoad, TERM.idleFill, TERM.tier0Idle, TERM.tier1Idle];
  readonly reads = [TERM.idleEnergy];
  readonly #totals: ClusterTotals;

  constructor(totals: ClusterTotals) {
    this.#totals = totals;
  }

  fill({ power, facts, nodes, count, columns, stride }: Decision): void {
    this.#totals.renew();
    const { load } = this.#totals;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const idle = columns[TERM.idleEnergy * stride + i]!;
      const cpu = facts.takenCpu[node]!;
      const memory = facts.takenMemory[node]!;
      columns[TERM.idleLoad * stride + i] = idle * load;
      columns[TERM.idleFill * stride + i] = (idle * (cpu + memory)) / 2;
      columns[TERM.tier0Idle * stride + i] = power.tier[node] === 0 ? idle : 0;
      columns[TERM.tier1Idle * stride + i] = power.tier[node] === 1 ? idle : 0;
    }
  }
}

/** Waking and packing, each type for itself. */
export class TierPackingTerms implements TermGroup {
  readonly terms = [TERM.tier0Asleep, TERM.tier1Asleep, TERM.tier0Fill, TERM.tier1Fill, TERM.maxFillSquared];
  readonly reads = [TERM.fill, TERM.maxFill];

  fill({ cluster, power, nodes, count, columns, stride }: Decision): void {
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const tier = power.tier[node]!;
      const fill = columns[TERM.fill * stride + i]!;
      const most = columns[TERM.maxFill * stride + i]!;
      const asleep = cluster.power[node] === NODE_ASLEEP ? 1 : 0;
      columns[TERM.tier0Asleep * stride + i] = tier === 0 ? asleep : 0;
      columns[TERM.tier1Asleep * stride + i] = tier === 1 ? asleep : 0;
      columns[TERM.tier0Fill * stride + i] = tier === 0 ? fill : 0;
      columns[TERM.tier1Fill * stride + i] = tier === 1 ? fill : 0;
      columns[TERM.maxFillSquared * stride + i] = most * most;
    }
  }
}

const LONG_SECONDS = 3600;

/** How soon the node could be empty. */
export class DrainTerms implements TermGroup {
  readonly terms = [TERM.remaining, TERM.lone, TERM.extensionFree];

  fill({ cluster, facts, nodes, count, columns, stride, seconds }: Decision): void {
    const { now } = cluster;
    const { lastEnd, lone, freeCpu, freeMemory } = facts;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const left = Math.min(HORIZON_SECONDS, Math.max(0, lastEnd[node]! - now));
      columns[TERM.remaining * stride + i] = left / (left + LONG_SECONDS);
      columns[TERM.lone * stride + i] = lone[node]!;
      columns[TERM.extensionFree * stride + i] =
        ((Math.max(0, seconds - left) / seconds) * (freeCpu[node]! + freeMemory[node]!)) / 2;
    }
  }
}
