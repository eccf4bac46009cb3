import { leastRequestedPoints } from './allocation.ts';
import { perNodePlugin } from './per-node-plugin.ts';

/** Kubernetes' default taste: the node with the most left of CPU and memory. 0 to 100. */
export const leastAllocated = perNodePlugin('least-allocated', () => (cluster, pod, node) => {
  const cpu = cluster.cpuCapacity[node]!;
  const memory = cluster.memoryCapacity[node]!;
  const cpuPoints = leastRequestedPoints(cpu - cluster.freeCpu[node]! + pod.cpuMilli, cpu);
  const memoryPoints = leastRequestedPoints(memory - cluster.freeMemory[node]! + pod.memoryBytes, memory);
  return Math.trunc((cpuPoints + memoryPoints) / 2);
});
