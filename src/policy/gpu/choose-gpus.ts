import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { PodGpuRequest } from '../../cluster/pod.ts';

/** Whether a pod takes less than one whole GPU. */
export function sharesGpu(asked: PodGpuRequest): boolean {
  return asked.count === 1 && asked.milliEach < 1000;
}

/** The fullest GPU of a node that has room for so many thousandths, lowest index first; -1 where none has. */
export function fullestWithRoom(cluster: ClusterState, node: number, milli: number): number {
  const from = cluster.gpuOffset[node]!;
  const count = cluster.gpuCount[node]!;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let gpu = 0; gpu < count; gpu++) {
    const free = cluster.gpuFree[from + gpu]!;
    if (free >= milli && free < least) {
      best = gpu;
      least = free;
    }
  }
  return best;
}

/** The first GPUs of a node that are wholly free, as whole GPUs are given out; returns how many it found. */
export function firstFree(cluster: ClusterState, node: number, wanted: number, out: Int32Array): number {
  const from = cluster.gpuOffset[node]!;
  const count = cluster.gpuCount[node]!;
  let found = 0;
  for (let gpu = 0; gpu < count && found < wanted; gpu++)
    if (cluster.gpuFree[from + gpu]! === 1000) out[found++] = gpu;
  return found;
}

/** How many GPUs of a node nobody uses any of. */
export function wholeFree(cluster: ClusterState, node: number): number {
  const from = cluster.gpuOffset[node]!;
  const count = cluster.gpuCount[node]!;
  let free = 0;
  for (let gpu = 0; gpu < count; gpu++) if (cluster.gpuFree[from + gpu]! === 1000) free++;
  return free;
}
