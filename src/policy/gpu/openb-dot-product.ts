import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { cachedPlugin } from './cached-plugin.ts';
import { GREATEST_CPU_MILLI, GREATEST_GPU_MILLI } from './openb-best-fit.ts';

/**
 * DotProd of the FGD study (Weng et al., ATC 2023; after Grandl et al., "Multi-resource packing for cluster schedulers",
 * SIGCOMM 2014) with GPUs merged to one dimension and shares of the greatest node: 100 x (1 - (free x asked) / 2),
 * truncated. The smaller the product the better.
 */
export const openbDotProduct = cachedPlugin('openb-dot-product', openbDotProductPoints);

export function openbDotProductPoints(cluster: ClusterState, pod: Pod, node: number): number {
  const asked = pod.gpu === undefined ? 0 : pod.gpu.count * pod.gpu.milliEach;
  const cpu = (cluster.freeCpu[node]! / GREATEST_CPU_MILLI) * (pod.cpuMilli / GREATEST_CPU_MILLI);
  const gpu = (cluster.freeGpuMilli[node]! / GREATEST_GPU_MILLI) * (asked / GREATEST_GPU_MILLI);
  return Math.trunc(100 * (1 - (cpu + gpu) / 2));
}
