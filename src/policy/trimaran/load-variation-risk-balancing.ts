import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { Candidates, ExplainedTerm } from '../policy.ts';
import type { ScorePlugin, ScoreRun } from '../score-plugin.ts';
import { UseStatistics } from './use-statistics.ts';

/**
 * Trimaran's LoadVariationRiskBalancing: equal risk on all nodes, where risk is half of mean use with the pod and its
 * deviation (scheduler-plugins, pkg/trimaran/loadvariationriskbalancing; margin 1, sensitivity 1). 0 to 100.
 *
 * Differences: of CPU alone, since use of memory is not measured (Trimaran too then scores by what it has).
 */
export const loadVariationRiskBalancing: ScorePlugin = {
  name: 'load-variation-risk-balancing',
  start: ({ cluster }) => new RiskRun(cluster),
};

class RiskRun implements ScoreRun {
  readonly #cluster: ClusterState;
  readonly #statistics: UseStatistics;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
    this.#statistics = new UseStatistics(cluster);
  }

  score(pod: Pod, candidates: Candidates, out: Float64Array): void {
    const { nodes, count } = candidates;
    this.#statistics.sample();
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      out[i] = Math.floor(100 * (1 - (this.#mean(pod, node) + this.#deviation(node)) / 2) + 0.5);
    }
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    const [mean, deviation] = [this.#mean(pod, node), this.#deviation(node)];
    const points = Math.floor(100 * (1 - (mean + deviation) / 2) + 0.5);
    return [
      { term: 'mean use left', amount: points + 50 * deviation, unit: 'points' },
      { term: 'deviation of use', amount: -50 * deviation, unit: 'points' },
    ];
  }

  save(): unknown {
    return this.#statistics.save();
  }

  restore(saved: unknown): void {
    this.#statistics.restore(saved);
  }

  #mean(pod: Pod, node: number): number {
    const mean = (this.#statistics.mean(node) + pod.cpuMilli) / this.#cluster.cpuCapacity[node]!;
    return Math.min(1, Math.max(0, mean));
  }

  #deviation(node: number): number {
    return Math.min(1, this.#statistics.deviation(node) / this.#cluster.cpuCapacity[node]!);
  }
}
