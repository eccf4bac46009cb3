import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { cachedPlugin } from './cached-plugin.ts';
import { fullestWithRoom, sharesGpu, wholeFree } from './choose-gpus.ts';

/**
 * GPUs that are in use before idle ones, idle ones of a node in use before those of an idle node (the packing of the FGD
 * study, after Weng et al., "MLaaS in the Wild", NSDI 2022). Whole points, 0 for pods without GPUs:
 * in use, 100 - (percent free on it) / 10, at least 50; new ones, 50 - their number, at least 33; on a node with no GPU
 * in use, 33 - its number of GPUs, at least that number.
 */
export const gpuPacking = cachedPlugin('gpu-packing', gpuPackingPoints);

export function gpuPackingPoints(cluster: ClusterState, pod: Pod, node: number): number {
  const asked = pod.gpu;
  if (asked === undefined || asked.count === 0) return 0;
  const free = wholeFree(cluster, node);
  if (free === cluster.gpuCount[node]!) return Math.max(33 - free, free);
  if (!sharesGpu(asked)) return Math.max(50 - asked.count, 33);
  const gpu = fullestWithRoom(cluster, node, asked.milliEach);
  const left = cluster.gpuFree[cluster.gpuOffset[node]! + gpu]!;
  if (left === 1000) return 49;
  return Math.max(100 - Math.trunc(Math.trunc(left / 10) / 10), 50);
}
