import type { Decision, TermGroup } from './decision.ts';
import { TERM } from './term-table.ts';

/** Watts that are drawn now and were not drawn before, at predicted use. */
export class PredictedWatts implements TermGroup {
  readonly terms = [TERM.predictedWatts];

  fill({ cluster, power, facts, nodes, count, columns, stride, useMilli, ownWatts }: Decision): void {
    const from = TERM.predictedWatts * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const after = power.watts(node, cluster.predictedUse[node]! + useMilli);
      columns[from + i] = (after - facts.predictedWatts[node]!) / ownWatts;
    }
  }
}

/** The same as if every pod used what it asks for. */
export class RequestedWatts implements TermGroup {
  readonly terms = [TERM.requestedWatts];

  fill({ power, facts, pod, nodes, count, columns, stride, ownWatts }: Decision): void {
    const from = TERM.requestedWatts * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const after = power.watts(node, facts.askedMilli[node]! + pod.cpuMilli);
      columns[from + i] = (after - facts.requestedWatts[node]!) / ownWatts;
    }
  }
}

/**
 * How much of a core that is asked for counts as used by the pods that would have it otherwise. Less than pods really
 * use, since not every core that stays free is wanted: set so that a weight of 1 pays off at 90 % load and is where the
 * price begins to cost more than it saves at 60 %, on three types of server that never sleep.
 */
export const PRICED_USE = 0.3;

/** What better CPU and memory would save if other pods had it: opportunity costs. */
export class PriceTerms implements TermGroup {
  readonly terms = [TERM.cpuPrice, TERM.memoryPrice];

  fill({ cluster, power, pod, nodes, count, columns, stride, seconds, ownJoules }: Decision): void {
    const cpu = TERM.cpuPrice * stride;
    const memory = TERM.memoryPrice * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const saved = (PRICED_USE * power.savedWattsPerMilli[node]! * seconds) / ownJoules;
      columns[cpu + i] = saved * pod.cpuMilli;
      columns[memory + i] =
        saved * cluster.cpuCapacity[node]! * (pod.memoryBytes / cluster.memoryCapacity[node]!);
    }
  }
}

/** Predicted utilisation. */
export class UseTerms implements TermGroup {
  readonly terms = [TERM.useAfter, TERM.useAbove70];

  fill({ cluster, nodes, count, columns, stride, useMilli }: Decision): void {
    const after = TERM.useAfter * stride;
    const above = TERM.useAbove70 * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const share = (cluster.predictedUse[node]! + useMilli) / cluster.cpuCapacity[node]!;
      columns[after + i] = share;
      columns[above + i] = Math.max(0, share - 0.7);
    }
  }
}
