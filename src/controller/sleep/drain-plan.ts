import { type ClusterState, NODE_ON } from '../../cluster/cluster-state.ts';
import { type Fitting, placeOnCopy } from '../fitting.ts';
import { belongsToNode, type Resident, staysBecause } from '../resident.ts';

/** As cluster-autoscaler's --scale-down-utilization-threshold: nodes that are fuller are not emptied. */
const MOST_ASKED_SHARE = 0.5;

/** The greater share of CPU and memory that is asked for on a node. */
export function askedShare(cluster: ClusterState, node: number): number {
  return Math.max(
    1 - cluster.freeCpu[node]! / cluster.cpuCapacity[node]!,
    1 - cluster.freeMemory[node]! / cluster.memoryCapacity[node]!,
  );
}

/** The pods that would have to leave, where all of them may and not too much is asked for; undefined otherwise. */
export function evictable(
  cluster: ClusterState,
  node: number,
  residents: readonly Resident[],
  ownNamespace: string,
): readonly Resident[] | undefined {
  if (askedShare(cluster, node) > MOST_ASKED_SHARE) return undefined;
  const leaving = residents.filter((pod) => !belongsToNode(pod));
  const all = leaving.every((pod) => !pod.isDeleting && staysBecause(pod, ownNamespace) === undefined);
  return all ? leaving : undefined;
}

/**
 * Whether the pods of a node fit on others that are awake and have pods already: nodes that are kept empty stay so.
 *
 * @param isTarget by index
 */
export function fitElsewhere(
  cluster: ClusterState,
  fitting: Fitting,
  node: number,
  pods: readonly Resident[],
  isTarget: (node: number) => boolean,
): boolean {
  const copy = cluster.clone();
  const largestFirst = [...pods].sort((a, b) => b.pod.cpuMilli - a.pod.cpuMilli);
  for (const { pod } of largestFirst) {
    // Gone from its node, as it will be; what does not fit there by the book is not in its columns.
    if (copy.nodeOf(pod.id) !== undefined) copy.remove(pod);
    const to = fitting
      .nodesFor(copy, pod)
      .find((other) => other !== node && copy.power[other] === NODE_ON && isTarget(other));
    if (to === undefined) return false;
    placeOnCopy(copy, pod, to);
  }
  return true;
}
