import { perNodePlugin } from './per-node-plugin.ts';

/**
 * The node with the least left over, in amounts and not in shares: CPU and memory against the greatest node of the
 * cluster, as BestFit of the FGD study does for CPU and GPU (Weng et al., ATC 2023). 0 to 100.
 */
export const bestFit = perNodePlugin('best-fit', (cluster) => {
  const mostCpu = cluster.cpuCapacity.reduce((a, b) => Math.max(a, b));
  const mostMemory = cluster.memoryCapacity.reduce((a, b) => Math.max(a, b));
  return (state, pod, node) => {
    const cpuLeft = (state.freeCpu[node]! - pod.cpuMilli) / mostCpu;
    const memoryLeft = (state.freeMemory[node]! - pod.memoryBytes) / mostMemory;
    return 100 * (1 - 0.5 * cpuLeft - 0.5 * memoryLeft);
  };
});
