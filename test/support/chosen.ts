import type { ClusterState } from '../../src/cluster/cluster-state.ts';
import { feasibleNodes } from '../../src/cluster/feasible.ts';
import type { Pod } from '../../src/cluster/pod.ts';
import type { Candidates, Policy, PolicyRun } from '../../src/policy/policy.ts';
import { RandomStream } from '../../src/util/rng.ts';

export function candidatesOf(cluster: ClusterState, pod: Pod): Candidates & { slackLeft: number } {
  const nodes = new Int32Array(cluster.size);
  return { nodes, count: feasibleNodes(cluster, pod, nodes), slackLeft: pod.slackSeconds };
}

export function startOn(policy: Policy, cluster: ClusterState, seed = 1): PolicyRun {
  return policy.start({ cluster, random: new RandomStream(seed) });
}

/** What a policy takes of all nodes that the pod fits. */
export function chosen(policy: Policy, cluster: ClusterState, pod: Pod): number {
  return startOn(policy, cluster).choose(pod, candidatesOf(cluster, pod));
}

/** Its scores by node, for pods that fit everywhere. */
export function scoresOf(policy: Policy, cluster: ClusterState, pod: Pod): number[] {
  const candidates = candidatesOf(cluster, pod);
  const out = new Float64Array(candidates.count);
  startOn(policy, cluster).scores!(pod, candidates, out);
  return Array.from(out);
}
