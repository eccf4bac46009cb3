import { type ClusterState, NODE_ASLEEP, NODE_ON, NODE_WAKING } from '../cluster/cluster-state.ts';
import type { Pod } from '../cluster/pod.ts';
import type { Candidates, ExplainedTerm, Policy, PolicyRun } from './policy.ts';
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

/** Points that one step of the order outweighs anything else by. */
const STEP_POINTS = 1e6;

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

  override explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    const step = this.#step(node);
    const inner = this.inner.explain(pod, node);
    if (step === 0) return inner;
    return [...inner, { term: 'not awake', amount: -step * STEP_POINTS, unit: 'points' }];
  }

  /** The scores of the inner policy, with every later step of the order below all of the one before. */
  protected override wrapScores(pod: Pod, candidates: Candidates, out: Float64Array): void {
    const { nodes, count } = candidates;
    super.wrapScores(pod, candidates, out);
    let least = out[0]!;
    let greatest = out[0]!;
    for (let i = 1; i < count; i++) {
      least = Math.min(least, out[i]!);
      greatest = Math.max(greatest, out[i]!);
    }
    const step = greatest - least + 1;
    for (let i = 0; i < count; i++) out[i]! -= step * this.#step(nodes[i]!);
  }

  #step(node: number): number {
    const state = this.#cluster.power[node];
    return state === NODE_ASLEEP ? 2 : state === NODE_WAKING ? 1 : 0;
  }
}
