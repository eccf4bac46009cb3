import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { TypicalPod } from './typical-pods.ts';

/**
 * How much of a node's idle GPUs the workload cannot use, in thousandths of a GPU: F(n) = sum over typical pods m of
 * share(m) x frag(n, m). All that is idle is fragment for a pod that asks no GPU or does not fit (model, CPU, enough
 * GPUs with room); for one that fits only what is left on GPUs too full for it. Memory is not looked at.
 * Weng et al., ATC 2023, section 3; pkg/utils/frag.go of hkust-adsl/kubernetes-scheduler-simulator.
 *
 * Sums go over the study's six categories one by one and are added up in its order: truncated scores hang on the last
 * bit of F wherever a placement leaves it as it was.
 */
export class Fragmentation {
  readonly #cluster: ClusterState;
  readonly #cpu: Float64Array;
  readonly #gpus: Int32Array;
  readonly #share: Float64Array;
  /** Which of the distinct GPU shares a typical pod asks for; -1 for a pod without GPUs. */
  readonly #level: Int32Array;
  /** The distinct GPU shares asked for, in thousandths. */
  readonly #levels: Int32Array;
  readonly #room: Int32Array;
  readonly #scraps: Int32Array;
  /** Per GPU model and typical pod, 1 where the model will do; the last row is for nodes without a model. */
  readonly #access: Uint8Array;
  readonly #scratch: Int32Array;
  readonly #known: Float64Array;
  readonly #knownVersion: Float64Array;

  constructor(cluster: ClusterState, typical: readonly TypicalPod[]) {
    this.#cluster = cluster;
    this.#cpu = Float64Array.from(typical, (pod) => pod.cpuMilli);
    this.#gpus = Int32Array.from(typical, (pod) => pod.gpus);
    this.#share = Float64Array.from(typical, (pod) => pod.share);
    this.#levels = Int32Array.from(new Set(typical.map((pod) => pod.milliEach).filter((milli) => milli > 0)));
    this.#level = Int32Array.from(typical, (pod) => this.#levels.indexOf(pod.milliEach));
    this.#room = new Int32Array(this.#levels.length);
    this.#scraps = new Int32Array(this.#levels.length);
    const models = [...cluster.gpuModels, undefined];
    this.#access = Uint8Array.from(
      models.flatMap((model) => typical.map((pod) => (accepts(pod, model) ? 1 : 0))),
    );
    this.#scratch = new Int32Array(cluster.gpuCount.reduce((a, b) => Math.max(a, b)));
    this.#known = new Float64Array(cluster.size);
    this.#knownVersion = new Float64Array(cluster.size).fill(-1);
  }

  /** Of a node as it is. */
  now(node: number): number {
    const version = this.#cluster.version[node]!;
    if (this.#knownVersion[node] !== version) {
      this.load(node);
      this.#known[node] = this.of(node, this.#cluster.freeCpu[node]!);
      this.#knownVersion[node] = version;
    }
    return this.#known[node]!;
  }

  /** Puts a node's free GPUs before the reader, to be changed with `take`. */
  load(node: number): void {
    const from = this.#cluster.gpuOffset[node]!;
    const count = this.#cluster.gpuCount[node]!;
    for (let gpu = 0; gpu < count; gpu++) this.#scratch[gpu] = this.#cluster.gpuFree[from + gpu]!;
  }

  /** Takes thousandths (gives back where negative) of one of the loaded GPUs. */
  take(gpu: number, milli: number): void {
    this.#scratch[gpu]! -= milli;
  }

  /** Of a node with so much CPU free (milli-cores) and the loaded GPUs. */
  of(node: number, freeCpu: number): number {
    const count = this.#cluster.gpuCount[node]!;
    const scratch = this.#scratch;
    let idle = 0;
    for (let gpu = 0; gpu < count; gpu++) idle += scratch[gpu]!;
    if (idle === 0) return 0;
    this.#survey(count);
    const model = this.#cluster.gpuModel[node]!;
    const share = this.#share;
    const pods = share.length;
    const row = (model < 0 ? this.#cluster.gpuModels.length : model) * pods;
    let lackBoth = 0;
    let lackGpu = 0;
    let lackCpu = 0;
    let cpuOnly = 0;
    let cpuOnlyLack = 0;
    let noAccess = 0;
    for (let m = 0; m < pods; m++) {
      const part = share[m]!;
      const level = this.#level[m]!;
      const hasCpu = freeCpu >= this.#cpu[m]!;
      if (level < 0) {
        if (hasCpu) cpuOnly += part * idle;
        else cpuOnlyLack += part * idle;
      } else if (this.#access[row + m] === 0) noAccess += part * idle;
      else if (this.#room[level]! >= this.#gpus[m]!) {
        if (hasCpu) lackGpu += part * this.#scraps[level]!;
        else lackCpu += part * idle;
      } else if (hasCpu) lackGpu += part * idle;
      else lackBoth += part * idle;
    }
    return lackBoth + lackGpu + lackCpu + cpuOnly + cpuOnlyLack + noAccess;
  }

  /** For every share that is asked for: how many GPUs have room, and what is left on those that have none. */
  #survey(count: number): void {
    for (let level = 0; level < this.#levels.length; level++) {
      const milli = this.#levels[level]!;
      let room = 0;
      let scraps = 0;
      for (let gpu = 0; gpu < count; gpu++) {
        const free = this.#scratch[gpu]!;
        if (free >= milli) room++;
        else scraps += free;
      }
      this.#room[level] = room;
      this.#scraps[level] = scraps;
    }
  }
}

function accepts(pod: TypicalPod, model: string | undefined): boolean {
  return pod.models.length === 0 || (model !== undefined && pod.models.includes(model));
}
