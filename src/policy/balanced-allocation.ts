import { balancedAllocationPoints } from './allocation.ts';
import { perNodePlugin } from './per-node-plugin.ts';

/** Kubernetes' second default taste: the node whose CPU and memory the pod brings closer together. 50 is no change. */
export const balancedAllocation = perNodePlugin('balanced-allocation', () => (cluster, pod, node) => {
  const cpu = cluster.cpuCapacity[node]!;
  const memory = cluster.memoryCapacity[node]!;
  const cpuUsed = cpu - cluster.freeCpu[node]!;
  const memoryUsed = memory - cluster.freeMemory[node]!;
  return balancedAllocationPoints(
    cpuUsed / cpu,
    memoryUsed / memory,
    (cpuUsed + pod.cpuMilli) / cpu,
    (memoryUsed + pod.memoryBytes) / memory,
  );
});
