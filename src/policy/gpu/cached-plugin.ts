import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { NodePoints } from '../per-node-plugin.ts';
import type { Candidates, ExplainedTerm } from '../policy.ts';
import type { ScorePlugin, ScoreRun } from '../score-plugin.ts';
import { type NodeScorer, ShapeScores } from './shape-scores.ts';

/** As `perNodePlugin`, for formulas that cost more than remembering what they gave for a shape and a node's state. */
export function cachedPlugin(
  name: string,
  points: NodePoints,
  normalise?: (out: Float64Array, count: number) => void,
): ScorePlugin {
  return {
    name,
    start({ cluster }) {
      const run = new CachedRun(name, cluster, points);
      return normalise === undefined ? run : new NormalisedRun(run, normalise);
    },
  };
}

class CachedRun implements ScoreRun, NodeScorer {
  readonly #name: string;
  readonly #cluster: ClusterState;
  readonly #points: NodePoints;
  readonly #scores: ShapeScores;

  constructor(name: string, cluster: ClusterState, points: NodePoints) {
    this.#name = name;
    this.#cluster = cluster;
    this.#points = points;
    this.#scores = new ShapeScores(cluster, this);
  }

  points(pod: Pod, node: number): number {
    return this.#points(this.#cluster, pod, node);
  }

  score(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#scores.write(pod, candidates, out);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return [{ term: this.#name, amount: this.points(pod, node), unit: 'points' }];
  }
}

class NormalisedRun implements ScoreRun {
  readonly #run: CachedRun;
  readonly normalise: (out: Float64Array, count: number) => void;

  constructor(run: CachedRun, normalise: (out: Float64Array, count: number) => void) {
    this.#run = run;
    this.normalise = normalise;
  }

  score(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#run.score(pod, candidates, out);
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return this.#run.explain(pod, node);
  }
}
