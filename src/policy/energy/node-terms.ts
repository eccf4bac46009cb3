import { NODE_ASLEEP, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { Decision, TermGroup } from './decision.ts';
import { TERM } from './term-table.ts';

/** What the node is, whatever runs there. */
export class NodeTerms implements TermGroup {
  readonly terms = [TERM.tierRank, TERM.nodeIndex];

  fill({ cluster, power, nodes, count, columns, stride }: Decision): void {
    const rank = TERM.tierRank * stride;
    const index = TERM.nodeIndex * stride;
    const last = Math.max(1, cluster.size - 1);
    for (let i = 0; i < count; i++) {
      columns[rank + i] = power.tierRank[nodes[i]!]!;
      columns[index + i] = nodes[i]! / last;
    }
  }
}

/** Whether it is on. */
export class StateTerms implements TermGroup {
  readonly terms = [TERM.asleep, TERM.waking, TERM.empty];

  fill({ cluster, nodes, count, columns, stride }: Decision): void {
    const asleep = TERM.asleep * stride;
    const waking = TERM.waking * stride;
    const empty = TERM.empty * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      columns[asleep + i] = cluster.power[node] === NODE_ASLEEP ? 1 : 0;
      columns[waking + i] = cluster.power[node] === NODE_WAKING ? 1 : 0;
      columns[empty + i] = cluster.residents[node]!.count === 0 ? 1 : 0;
    }
  }
}
