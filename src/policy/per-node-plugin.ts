import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Pod } from '../cluster/pod.ts';
import type { Candidates, ExplainedTerm } from './policy.ts';
import type { ScorePlugin, ScoreRun } from './score-plugin.ts';

/** Points that depend on the pod and one node alone. Must not allocate. */
export type NodePoints = (cluster: ClusterState, pod: Pod, node: number) => number;

/** A plugin of one formula; its explanation is the one number that it gives. */
export function perNodePlugin(name: string, points: (cluster: ClusterState) => NodePoints): ScorePlugin {
  return { name, start: ({ cluster }) => new PerNodeRun(name, cluster, points(cluster)) };
}

class PerNodeRun implements ScoreRun {
  readonly #name: string;
  readonly #cluster: ClusterState;
  readonly #points: NodePoints;

  constructor(name: string, cluster: ClusterState, points: NodePoints) {
    this.#name = name;
    this.#cluster = cluster;
    this.#points = points;
  }

  score(pod: Pod, candidates: Candidates, out: Float64Array): void {
    const { nodes, count } = candidates;
    for (let i = 0; i < count; i++) out[i] = this.#points(this.#cluster, pod, nodes[i]!);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return [{ term: this.#name, amount: this.#points(this.#cluster, pod, node), unit: 'points' }];
  }
}
