import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Pod } from '../cluster/pod.ts';

/**
 * The GPUs that a pod takes where its policy does not say: the fullest that still have room, lowest index first.
 * Writes their indices to `out` and returns how many, which is what the pod asks for.
 */
export function fullestGpus(cluster: ClusterState, pod: Pod, node: number, out: Int32Array): number {
  const { count, milliEach } = pod.gpu!;
  const offset = cluster.gpuOffset[node]!;
  const gpus = cluster.gpuCount[node]!;
  for (let taken = 0; taken < count; taken++) {
    let best = -1;
    for (let gpu = 0; gpu < gpus; gpu++) {
      const free = cluster.gpuFree[offset + gpu]!;
      if (free < milliEach || (best >= 0 && free >= cluster.gpuFree[offset + best]!)) continue;
      if (!isAmong(out, taken, gpu)) best = gpu;
    }
    out[taken] = best;
  }
  return count;
}

function isAmong(out: Int32Array, count: number, gpu: number): boolean {
  for (let i = 0; i < count; i++) if (out[i] === gpu) return true;
  return false;
}
