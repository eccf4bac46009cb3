import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Node } from '../../cluster/node.ts';
import type { Policy } from '../../policy/policy.ts';

/**
 * A policy that believes other power curves than those its cluster has: it is shown these nodes in place of the real ones. For
 * policies that read the columns of a cluster and nothing else of it, as the weighted ones do.
 */
export function believing(policy: Policy, nodes: readonly Node[]): Policy {
  return {
    name: policy.name,
    start: (context) => {
      const cluster = Object.create(context.cluster, { nodes: { value: nodes } }) as ClusterState;
      return policy.start({ ...context, cluster });
    },
  };
}
