import { mostRequestedPoints } from './allocation.ts';
import { perNodePlugin } from './per-node-plugin.ts';

/** Bin packing as Kubernetes offers it: the node with the greatest share asked for. 0 to 100. */
export const mostAllocated = perNodePlugin('most-allocated', () => (cluster, pod, node) => {
  const cpu = cluster.cpuCapacity[node]!;
  const memory = cluster.memoryCapacity[node]!;
  const cpuPoints = mostRequestedPoints(cpu - cluster.freeCpu[node]! + pod.cpuMilli, cpu);
  const memoryPoints = mostRequestedPoints(memory - cluster.freeMemory[node]! + pod.memoryBytes, memory);
  return Math.trunc((cpuPoints + memoryPoints) / 2);
});
