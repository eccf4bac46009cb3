import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Watts } from '../../util/units.ts';

/** Watts of a node when its pods use so many milli-cores; undefined where its power is not known. */
export function wattsAt(cluster: ClusterState, node: number, useMilli: number): Watts | undefined {
  const { power } = cluster.nodes[node]!;
  return power?.watts(Math.min(1, Math.max(0, useMilli) / cluster.cpuCapacity[node]!));
}

/** By how much the power of a node changes when it gets a pod of this use, or loses one where that is negative. */
export function wattsOfChange(cluster: ClusterState, node: number, useMilli: number): Watts | undefined {
  const use = cluster.predictedUse[node]!;
  const before = wattsAt(cluster, node, use);
  const after = wattsAt(cluster, node, use + useMilli);
  return before === undefined || after === undefined ? undefined : after - before;
}
