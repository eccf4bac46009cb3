import { perNodePlugin } from './per-node-plugin.ts';

/**
 * The node whose free resources point least along the pod's: sum of asked share times free share of that node, the
 * smaller the better, as DotProd of the FGD study (Weng et al., ATC 2023). Shares are of the node itself, so that great
 * nodes come first. 0 to 100.
 */
export const dotProduct = perNodePlugin('dot-product', () => (cluster, pod, node) => {
  const cpu = cluster.cpuCapacity[node]!;
  const memory = cluster.memoryCapacity[node]!;
  const cpuProduct = (pod.cpuMilli / cpu) * (cluster.freeCpu[node]! / cpu);
  const memoryProduct = (pod.memoryBytes / memory) * (cluster.freeMemory[node]! / memory);
  return 100 * (1 - (cpuProduct + memoryProduct) / 2);
});
