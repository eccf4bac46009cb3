import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { Candidates, ExplainedTerm } from '../policy.ts';
import type { ScorePlugin, ScoreRun } from '../score-plugin.ts';
import { firstFree, sharesGpu } from './choose-gpus.ts';
import { minMax } from './min-max.ts';
import { NodeWatts } from './node-watts.ts';
import { type NodeScorer, ShapeScores } from './shape-scores.ts';

/**
 * PWR (Lettich et al., "Power- and Fragmentation-aware Online Scheduling for GPU Datacenters", CCGrid 2025, arXiv
 * 2412.17484; pwr_score.go of Fr4nz83/PWR-plugin-kubernetes): the node whose watts grow least, watts before - watts
 * after, truncated and stretched to 0 ... 100; where all are equal all get 100. A shared GPU is the first whose watts
 * grow least.
 */
export const pwr: ScorePlugin = { name: 'pwr', start: ({ cluster }) => new PwrRun(cluster) };

class PwrRun implements ScoreRun, NodeScorer {
  readonly #cluster: ClusterState;
  readonly #watts: NodeWatts;
  readonly #scores: ShapeScores;
  readonly normalise = minMax(100);
  #gpu = -1;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
    this.#watts = new NodeWatts(cluster, 'pwr');
    this.#scores = new ShapeScores(cluster, this);
  }

  score(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#scores.write(pod, candidates, out);
  }

  points(pod: Pod, node: number): number {
    const cluster = this.#cluster;
    const free = cluster.freeCpu[node]!;
    const cpu = this.#watts.cpu(node, free) - this.#watts.cpu(node, free - pod.cpuMilli);
    const asked = pod.gpu;
    if (asked === undefined || asked.count === 0) return Math.trunc(cpu);
    if (sharesGpu(asked)) return this.#shared(node, asked.milliEach, cpu);
    return Math.trunc(cpu + asked.count * (this.#watts.gpu(node, 1000) - this.#watts.gpu(node, 0)));
  }

  chooseGpus(pod: Pod, node: number, out: Int32Array): number {
    const asked = pod.gpu;
    if (asked === undefined || asked.count === 0) return 0;
    if (!sharesGpu(asked)) return firstFree(this.#cluster, node, asked.count, out);
    this.points(pod, node);
    out[0] = this.#gpu;
    return 1;
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return [{ term: 'pwr', amount: this.points(pod, node), unit: 'W' }];
  }

  /** Tries every GPU with room; the first of the best stays in `#gpu`. */
  #shared(node: number, milli: number, cpu: number): number {
    const from = this.#cluster.gpuOffset[node]!;
    const count = this.#cluster.gpuCount[node]!;
    let best = 0;
    this.#gpu = -1;
    for (let gpu = 0; gpu < count; gpu++) {
      const free = this.#cluster.gpuFree[from + gpu]!;
      if (free < milli) continue;
      const points = Math.trunc(cpu + this.#watts.gpu(node, free) - this.#watts.gpu(node, free - milli));
      if (this.#gpu < 0 || points > best) {
        best = points;
        this.#gpu = gpu;
      }
    }
    return best;
  }
}
