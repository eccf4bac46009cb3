import { type ClusterState, NODE_CLOSED } from './cluster-state.ts';
import type { Pod } from './pod.ts';

/** How many GPUs of a node have room for the pod's share, or 0 where its model will not do. */
function gpusWithRoom(cluster: ClusterState, node: number, milliEach: number): number {
  const from = cluster.gpuOffset[node]!;
  const to = from + cluster.gpuCount[node]!;
  let count = 0;
  for (let gpu = from; gpu < to; gpu++) if (cluster.gpuFree[gpu]! >= milliEach) count++;
  return count;
}

function hasGpus(cluster: ClusterState, pod: Pod, node: number): boolean {
  const asked = pod.gpu;
  if (asked === undefined || asked.count === 0) return true;
  if (cluster.gpuCount[node]! < asked.count) return false;
  if (asked.models.length > 0 && !asked.models.includes(cluster.gpuModels[cluster.gpuModel[node]!]!))
    return false;
  return gpusWithRoom(cluster, node, asked.milliEach) >= asked.count;
}

function hasExtended(cluster: ClusterState, pod: Pod, node: number): boolean {
  for (const name in pod.extended) {
    const column = cluster.extendedNames.indexOf(name);
    if (column < 0 || cluster.freeExtended[column]![node]! < pod.extended[name]!) return false;
  }
  return true;
}

function hasDevices(cluster: ClusterState, pod: Pod, node: number): boolean {
  return (
    (pod.gpu === undefined || hasGpus(cluster, pod, node)) &&
    (pod.extended === undefined || hasExtended(cluster, pod, node))
  );
}

/** Whether a node has what the pod asks for: CPU, memory, a place, GPUs of a model that will do, other resources. */
export function fits(cluster: ClusterState, pod: Pod, node: number): boolean {
  return (
    cluster.power[node] !== NODE_CLOSED &&
    pod.cpuMilli <= cluster.freeCpu[node]! &&
    pod.memoryBytes <= cluster.freeMemory[node]! &&
    cluster.freePods[node]! > 0 &&
    hasDevices(cluster, pod, node)
  );
}

/** Whether the pod would fit the node if nothing else ran there. */
export function couldEverFit(cluster: ClusterState, pod: Pod, node: number): boolean {
  const { cpuMilli, memoryBytes, gpus, extended } = cluster.nodes[node]!;
  const asked = pod.gpu;
  return (
    pod.cpuMilli <= cpuMilli &&
    pod.memoryBytes <= memoryBytes &&
    (asked === undefined ||
      asked.count === 0 ||
      (asked.count <= (gpus?.count ?? 0) &&
        (asked.models.length === 0 || asked.models.includes(gpus!.model)))) &&
    Object.entries(pod.extended ?? {}).every(([name, amount]) => amount <= (extended?.[name] ?? 0))
  );
}

/** Writes the nodes that can take the pod to `out`, ascending; returns how many. Asleep nodes count, closed ones do not. */
export function feasibleNodes(cluster: ClusterState, pod: Pod, out: Int32Array): number {
  // Columns and requests held in variables: with a thousand nodes this loop is most of a decision.
  const { size, power, freeCpu, freeMemory, freePods } = cluster;
  const { cpuMilli, memoryBytes } = pod;
  const isPlain = pod.gpu === undefined && pod.extended === undefined;
  let count = 0;
  for (let node = 0; node < size; node++) {
    if (
      cpuMilli <= freeCpu[node]! &&
      memoryBytes <= freeMemory[node]! &&
      freePods[node]! > 0 &&
      power[node] !== NODE_CLOSED &&
      (isPlain || hasDevices(cluster, pod, node))
    )
      out[count++] = node;
  }
  return count;
}
