import { balancedAllocationPoints, leastRequestedPoints } from '../allocation.ts';
import type { Decision, TermGroup } from './decision.ts';
import { TERM } from './term-table.ts';

/** Shares of CPU and memory asked for once the pod is there. */
export class FillTerms implements TermGroup {
  readonly terms = [TERM.fill, TERM.maxFill, TERM.imbalance];

  fill({ power, facts, cpuShare, memoryShare, nodes, count, columns, stride }: Decision): void {
    const { kind } = power;
    const { takenCpu, takenMemory } = facts;
    const fill = TERM.fill * stride;
    const maxFill = TERM.maxFill * stride;
    const imbalance = TERM.imbalance * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const cpuBefore = takenCpu[node]!;
      const memoryBefore = takenMemory[node]!;
      const cpu = cpuBefore + cpuShare[kind[node]!]!;
      const memory = memoryBefore + memoryShare[kind[node]!]!;
      columns[fill + i] = (cpu + memory) / 2;
      columns[maxFill + i] = Math.max(cpu, memory);
      columns[imbalance + i] = Math.abs(cpu - memory) - Math.abs(cpuBefore - memoryBefore);
    }
  }
}

/** Kubernetes' two scores of resources, in its whole points. */
export class KubeScoreTerm implements TermGroup {
  readonly terms = [TERM.kubeScore];

  fill({ cluster, pod, nodes, count, columns, stride }: Decision): void {
    const from = TERM.kubeScore * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const cpu = cluster.cpuCapacity[node]!;
      const memory = cluster.memoryCapacity[node]!;
      const cpuUsed = cpu - cluster.freeCpu[node]!;
      const memoryUsed = memory - cluster.freeMemory[node]!;
      const cpuAfter = cpuUsed + pod.cpuMilli;
      const memoryAfter = memoryUsed + pod.memoryBytes;
      const least = Math.trunc(
        (leastRequestedPoints(cpuAfter, cpu) + leastRequestedPoints(memoryAfter, memory)) / 2,
      );
      const balanced = balancedAllocationPoints(
        cpuUsed / cpu,
        memoryUsed / memory,
        cpuAfter / cpu,
        memoryAfter / memory,
      );
      columns[from + i] = (least + balanced) / 100;
    }
  }
}

export class DotProductTerm implements TermGroup {
  readonly terms = [TERM.dotProduct];

  fill({ power, facts, cpuShare, memoryShare, nodes, count, columns, stride }: Decision): void {
    const from = TERM.dotProduct * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const kind = power.kind[node]!;
      const cpuProduct = cpuShare[kind]! * facts.freeCpu[node]!;
      const memoryProduct = memoryShare[kind]! * facts.freeMemory[node]!;
      columns[from + i] = (cpuProduct + memoryProduct) / 2;
    }
  }
}

/** What is left over, against the greatest node of the cluster. */
export class AbsoluteFitTerm implements TermGroup {
  readonly terms = [TERM.absoluteFit];
  readonly #mostCpu: number;
  readonly #mostMemory: number;

  constructor({ cluster }: Decision) {
    this.#mostCpu = cluster.cpuCapacity.reduce((a, b) => Math.max(a, b));
    this.#mostMemory = cluster.memoryCapacity.reduce((a, b) => Math.max(a, b));
  }

  fill({ cluster, pod, nodes, count, columns, stride }: Decision): void {
    const from = TERM.absoluteFit * stride;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      const cpuLeft = (cluster.freeCpu[node]! - pod.cpuMilli) / this.#mostCpu;
      const memoryLeft = (cluster.freeMemory[node]! - pod.memoryBytes) / this.#mostMemory;
      columns[from + i] = (cpuLeft + memoryLeft) / 2;
    }
  }
}
