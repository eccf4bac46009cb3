import { type ClusterState, NODE_ASLEEP, NODE_ON, NODE_WAKING } from '../cluster/cluster-state.ts';
import type { Pod } from '../cluster/pod.ts';
import type { Candidates, Policy, PolicyRun } from './policy.ts';
import { WrappedRun } from './wrapped-run.ts';

/**
 * Tries the nodes that are on first, then those that are waking up, and wakes one only where nothing else has room: as
 * cluster-autoscaler adds a node only for pods that fit nowhere, and counts nodes that are on their way.
 */
export function awakeFirst(policy: Policy): Policy {
  return {
    name: `${policy.name}+awake-first`,
    start: (context) => new AwakeFirstRun(policy.start(context), context.cluster),
  };
}

const ORDER = [NODE_ON, NODE_WAKING, NODE_ASLEEP] as const;

class AwakeFirstRun extends WrappedRun {
  readonly #cluster: ClusterState;
  readonly #some: { nodes: Int32Array; count: number; slackLeft: number };

  constructor(inner: PolicyRun, cluster: ClusterState) {
    super(inner);
    this.#cluster = cluster;
    this.#some = { nodes: new Int32Array(cluster.size), count: 0, slackLeft: 0 };
  }

  choose(pod: Pod, candidates: Candidates): number {
    const { nodes, count } = candidates;
    const { power } = this.#cluster;
    const some = this.#some;
    some.slackLeft = candidates.slackLeft ?? pod.slackSeconds;
    for (const state of ORDER) {
      some.count = 0;
      for (let i = 0; i < count; i++) if (power[nodes[i]!] === state) some.nodes[some.count++] = nodes[i]!;
      if (some.count === count) return this.inner.choose(pod, candidates);
      if (some.count > 0) return this.inner.choose(pod, some);
    }
    return this.inner.choose(pod, candidates);
  }
}
