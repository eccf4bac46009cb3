import { type ClusterState, NODE_ASLEEP, NODE_WAKING } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { type Fitting, placeOnCopy } from '../fitting.ts';
import { dearestFirst } from '../node-cost.ts';

export interface PlannedWake {
  readonly node: string;
  /** The pod that needs it. */
  readonly uid: string;
}

/**
 * The nodes to wake for pods that wait: each pod goes, on a copy of the cluster, where it fits on nodes that are awake or on their
 * way, and otherwise has one that sleeps woken, the cheapest to work on. Pods that fit nowhere wake nothing.
 *
 * @param pods in the order in which they came
 * @param mayWake whether a pod may have a node woken; otherwise it only takes its room
 */
export function planWakes(
  cluster: ClusterState,
  fitting: Fitting,
  pods: Iterable<{ readonly uid: string; readonly pod: Pod }>,
  mayWake: (uid: string) => boolean,
): readonly PlannedWake[] {
  const planned: PlannedWake[] = [];
  let copy: ClusterState | undefined;
  for (const { uid, pod } of pods) {
    copy ??= cluster.clone();
    // The loop has a node for it.
    if (copy.nodeOf(pod.id) !== undefined) continue;
    const nodes = fitting.nodesFor(copy, pod);
    const awake = nodes.find((node) => copy!.power[node] !== NODE_ASLEEP);
    if (awake !== undefined) {
      placeOnCopy(copy, pod, awake);
      continue;
    }
    if (nodes.length === 0 || !mayWake(uid)) continue;
    const byCost = [...nodes].sort((a, b) => -dearestFirst(cluster.nodes[a]!, cluster.nodes[b]!));
    const node = byCost[0]!;
    planned.push({ node: cluster.nodes[node]!.name, uid });
    copy.power[node] = NODE_WAKING;
    placeOnCopy(copy, pod, node);
  }
  return planned;
}
