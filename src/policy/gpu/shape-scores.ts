import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { Candidates } from '../policy.ts';

/** A score that depends on the pod's shape and one node's state alone. Must not allocate. */
export interface NodeScorer {
  points(pod: Pod, node: number): number;
}

/** Shapes kept at a time: the openb trace has 151 to 337; a thousand nodes of so many are about 6 MB. */
const SHAPES = 512;

class ShapeColumn {
  readonly points: Float64Array;
  /** The node's version that `points` were made at; -1: never. */
  readonly version: Float64Array;

  constructor(size: number) {
    this.points = new Float64Array(size);
    this.version = new Float64Array(size);
  }
}

/**
 * Remembers the scores of every pod shape: only candidates that changed since their score was made are scored again. A
 * workload of few shapes on many nodes then costs little more than a comparison a node.
 */
export class ShapeScores {
  readonly #cluster: ClusterState;
  readonly #scorer: NodeScorer;
  readonly #columns = new Map<number, ShapeColumn>();

  constructor(cluster: ClusterState, scorer: NodeScorer) {
    this.#cluster = cluster;
    this.#scorer = scorer;
  }

  write(pod: Pod, candidates: Candidates, out: Float64Array): void {
    const { nodes, count } = candidates;
    const scorer = this.#scorer;
    if (pod.shape < 0) {
      for (let i = 0; i < count; i++) out[i] = scorer.points(pod, nodes[i]!);
      return;
    }
    const { points, version } = this.#columns.get(pod.shape) ?? this.#addColumn(pod.shape);
    const current = this.#cluster.version;
    for (let i = 0; i < count; i++) {
      const node = nodes[i]!;
      if (version[node] !== current[node]) {
        points[node] = scorer.points(pod, node);
        version[node] = current[node]!;
      }
      out[i] = points[node]!;
    }
  }

  /** To be called when the scorer itself changes. */
  forget(): void {
    this.#columns.clear();
  }

  /** The shape that was met first makes room for a new one. */
  #addColumn(shape: number): ShapeColumn {
    let column: ShapeColumn | undefined;
    if (this.#columns.size === SHAPES) {
      const [oldest] = this.#columns.keys();
      column = this.#columns.get(oldest!);
      this.#columns.delete(oldest!);
    }
    column ??= new ShapeColumn(this.#cluster.size);
    column.version.fill(-1);
    this.#columns.set(shape, column);
    return column;
  }
}
