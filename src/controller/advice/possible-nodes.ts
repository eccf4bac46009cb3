import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { type ConstraintFilter, constraintFilter } from '../../policy/kube/constraint-filter.ts';

/** These are told of no pod: they know nodes alone, and serve as long as the cluster is the same. */
const filters = new WeakMap<ClusterState, ConstraintFilter>();

/**
 * Names of the nodes that could ever take a pod: by their size, taints, selectors and node affinity. What runs there now is not
 * looked at, nor what the pod asks of its neighbours: both change by the hour.
 */
export function possibleNodes(cluster: ClusterState, pod: Pod): ReadonlySet<string> {
  const { scheduling } = pod;
  const alone: Pod =
    scheduling === undefined
      ? pod
      : {
          ...pod,
          scheduling: {
            ...scheduling,
            podAffinity: undefined,
            podAntiAffinity: undefined,
            topologySpread: [],
          },
        };
  const nodes = new Int32Array(cluster.size);
  let count = 0;
  for (let node = 0; node < cluster.size; node++)
    if (pod.cpuMilli <= cluster.cpuCapacity[node]! && pod.memoryBytes <= cluster.memoryCapacity[node]!)
      nodes[count++] = node;
  const filter = filters.get(cluster) ?? constraintFilter(cluster);
  filters.set(cluster, filter);
  count = filter.filter(alone, nodes, count);
  return new Set(Array.from(nodes.subarray(0, count), (node) => cluster.nodes[node]!.name));
}
