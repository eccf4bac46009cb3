import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import { exp } from '../../util/portable-math.ts';
import type { Candidates, ExplainedTerm } from '../policy.ts';
import type { ScorePlugin, ScoreRun } from '../score-plugin.ts';
import { firstFree, sharesGpu } from './choose-gpus.ts';
import { Fragmentation } from './fragmentation.ts';
import { type NodeScorer, ShapeScores } from './shape-scores.ts';
import { PodTally, type TypicalPod } from './typical-pods.ts';

/**
 * Fragmentation gradient descent (Weng et al., ATC 2023): the node whose fragmentation grows least, or falls most,
 * 100 x sigmoid((F before - F after) / 1000), truncated; a shared GPU is chosen by the same score. Ties are many, so the
 * tie rule is part of the policy: the study's results need its scheduler's own, the smallest name.
 *
 * @param typical the workload that the cluster is there for; left out, it is learned from the pods placed, anew
 *   whenever twice as many have been
 */
export function fgd(typical?: readonly TypicalPod[]): ScorePlugin {
  return { name: 'fgd', start: ({ cluster }) => new FgdRun(cluster, typical) };
}

/** Share of all pods that the typical ones are of, as in the study. */
const COVERAGE = 0.95;

interface Learned {
  readonly tally: readonly TypicalPod[];
  readonly typical: readonly TypicalPod[];
}

class FgdRun implements ScoreRun, NodeScorer {
  readonly #cluster: ClusterState;
  readonly #scores: ShapeScores;
  /** Of the pods placed; undefined where the workload is given. */
  readonly #tally: PodTally | undefined;
  #fragmentation: Fragmentation;
  #typical: readonly TypicalPod[] = [];
  #gpu = -1;

  constructor(cluster: ClusterState, typical: readonly TypicalPod[] | undefined) {
    this.#cluster = cluster;
    this.#scores = new ShapeScores(cluster, this);
    this.#tally = typical === undefined ? new PodTally() : undefined;
    this.#fragmentation = new Fragmentation(cluster, typical ?? []);
  }

  score(pod: Pod, candidates: Candidates, out: Float64Array): void {
    this.#scores.write(pod, candidates, out);
  }

  points(pod: Pod, node: number): number {
    return pod.gpu !== undefined && sharesGpu(pod.gpu)
      ? this.#shared(pod, node, pod.gpu.milliEach)
      : this.#whole(pod, node);
  }

  chooseGpus(pod: Pod, node: number, out: Int32Array): number {
    const asked = pod.gpu;
    if (asked === undefined || asked.count === 0) return 0;
    if (!sharesGpu(asked)) return firstFree(this.#cluster, node, asked.count, out);
    this.#shared(pod, node, asked.milliEach);
    out[0] = this.#gpu;
    return 1;
  }

  explain(pod: Pod, node: number): readonly ExplainedTerm[] {
    return [{ term: 'fgd', amount: this.points(pod, node), unit: 'points' }];
  }

  placed(pod: Pod): void {
    if (this.#tally === undefined) return;
    this.#tally.add(pod);
    if ((this.#tally.total & (this.#tally.total - 1)) === 0) this.#learn(this.#tally.typical(COVERAGE));
  }

  save(): unknown {
    return this.#tally === undefined ? null : { tally: this.#tally.save(), typical: this.#typical };
  }

  restore(saved: unknown): void {
    if (this.#tally === undefined) return;
    const { tally, typical } = saved as Learned;
    this.#tally.restore(tally);
    this.#learn(typical);
  }

  #learn(typical: readonly TypicalPod[]): void {
    this.#typical = typical;
    this.#fragmentation = new Fragmentation(this.#cluster, typical);
    this.#scores.forget();
  }

  /** Tries every GPU with room; the first of the best stays in `#gpu`. */
  #shared(pod: Pod, node: number, milli: number): number {
    const cluster = this.#cluster;
    const fragmentation = this.#fragmentation;
    const before = fragmentation.now(node);
    const freeCpu = cluster.freeCpu[node]! - pod.cpuMilli;
    const from = cluster.gpuOffset[node]!;
    const count = cluster.gpuCount[node]!;
    let best = 0;
    this.#gpu = -1;
    fragmentation.load(node);
    for (let gpu = 0; gpu < count; gpu++) {
      const free = cluster.gpuFree[from + gpu]!;
      if (free < milli || this.#sameBefore(from, gpu, free)) continue;
      fragmentation.take(gpu, milli);
      const points = pointsOf(before - fragmentation.of(node, freeCpu));
      fragmentation.take(gpu, -milli);
      if (this.#gpu < 0 || points > best) {
        best = points;
        this.#gpu = gpu;
      }
    }
    return best;
  }

  /** A GPU as full as one of a lower index scores the same and loses the tie. */
  #sameBefore(from: number, gpu: number, free: number): boolean {
    for (let other = from; other < from + gpu; other++)
      if (this.#cluster.gpuFree[other]! === free) return true;
    return false;
  }

  #whole(pod: Pod, node: number): number {
    const cluster = this.#cluster;
    const fragmentation = this.#fragmentation;
    const before = fragmentation.now(node);
    const from = cluster.gpuOffset[node]!;
    const count = cluster.gpuCount[node]!;
    let wanted = pod.gpu?.count ?? 0;
    fragmentation.load(node);
    for (let gpu = 0; gpu < count && wanted > 0; gpu++)
      if (cluster.gpuFree[from + gpu]! === 1000) {
        fragmentation.take(gpu, 1000);
        wanted--;
      }
    return pointsOf(before - fragmentation.of(node, cluster.freeCpu[node]! - pod.cpuMilli));
  }
}

function pointsOf(less: number): number {
  return Math.trunc((1 / (1 + exp(-(less / 1000)))) * 100);
}
