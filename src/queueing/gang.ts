import { type ClusterState, NODE_CLOSED } from '../cluster/cluster-state.ts';
import type { QueuedJob } from './policy.ts';

/** What one pod of a gang asks for. */
export type PodSize = Pick<QueuedJob, 'cpuMilliPerPod' | 'memoryBytesPerPod' | 'gpusPerPod'>;

/** How many pods of a size have room in some free amounts. */
export function slotsIn(
  size: PodSize,
  freeCpu: number,
  freeMemory: number,
  freePods: number,
  freeGpus: number,
): number {
  let slots = freePods;
  if (size.cpuMilliPerPod > 0) slots = Math.min(slots, Math.floor(freeCpu / size.cpuMilliPerPod));
  if (size.memoryBytesPerPod > 0) slots = Math.min(slots, Math.floor(freeMemory / size.memoryBytesPerPod));
  if (size.gpusPerPod > 0) slots = Math.min(slots, Math.floor(freeGpus / size.gpusPerPod));
  return Math.max(0, slots);
}

/** Whole GPUs of a node that nobody has a part of. */
export function wholeGpusFree(cluster: ClusterState, node: number): number {
  const from = cluster.gpuOffset[node]!;
  const to = from + cluster.gpuCount[node]!;
  let count = 0;
  for (let gpu = from; gpu < to; gpu++) if (cluster.gpuFree[gpu] === 1000) count++;
  return count;
}

/** How many pods of a size a node has room for now. */
export function slotsNow(cluster: ClusterState, node: number, size: PodSize): number {
  if (cluster.power[node] === NODE_CLOSED) return 0;
  const gpus = size.gpusPerPod > 0 ? wholeGpusFree(cluster, node) : 0;
  return slotsIn(size, cluster.freeCpu[node]!, cluster.freeMemory[node]!, cluster.freePods[node]!, gpus);
}

/** Whether all pods of a job have room now. They are of one size, so that the order in which they are placed does not matter. */
export function gangFits(cluster: ClusterState, job: QueuedJob): boolean {
  let left = job.pods;
  for (let node = 0; node < cluster.size; node++) {
    left -= slotsNow(cluster, node, job);
    if (left <= 0) return true;
  }
  return false;
}
