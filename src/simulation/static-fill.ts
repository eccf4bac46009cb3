import { ClusterState } from '../cluster/cluster-state.ts';
import { fits } from '../cluster/feasible.ts';
import { FeasibleShapes } from '../cluster/feasible-shapes.ts';
import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import { Fragmentation } from '../policy/gpu/fragmentation.ts';
import { NodeWatts } from '../policy/gpu/node-watts.ts';
import type { TypicalPod } from '../policy/gpu/typical-pods.ts';
import type { Policy, PolicyRun } from '../policy/policy.ts';
import { RandomStream } from '../util/rng.ts';
import { errors } from './errors.ts';
import { fullestGpus } from './gpu-choice.ts';

export interface StaticFillInput {
  readonly nodes: readonly Node[];
  /** In the order of their arrival; ids are indices. */
  readonly pods: readonly Pod[];
  readonly policy: Policy;
  /** The workload that fragmentation is measured for. */
  readonly typical: readonly TypicalPod[];
  /** Seeds ties and random policies. */
  readonly seed: number;
}

/** What the cluster looked like after every arrival, whether the pod was placed or not. */
export interface StaticFillResult {
  /** Thousandths of all GPUs of the cluster. */
  readonly capacityMilli: number;
  /** Node of every pod, -1 where it was dropped. */
  readonly nodeOf: Int32Array;
  /** Thousandths of GPUs asked for by all that arrived so far, and held by those placed. */
  readonly arrivedMilli: Float64Array;
  readonly allocatedMilli: Float64Array;
  /** Idle thousandths that the workload cannot use, see `Fragmentation`. */
  readonly fragmentMilli: Float64Array;
  /** Of all nodes by what is requested, see `NodeWatts`; undefined where a node's power is not known. */
  readonly watts: Float64Array | undefined;
  readonly wattsEmpty: number | undefined;
  readonly placed: number;
}

/**
 * Fills a cluster: pods come one by one, what fits nowhere is dropped, nothing ever ends. The protocol of the FGD study
 * (Weng et al., ATC 2023, section 6; pkg/simulator of hkust-adsl/kubernetes-scheduler-simulator). There is no time in it.
 *
 * @throws KISIM_E_SIM_BAD_CHOICE, and what the policy throws for a cluster that lacks what it needs
 */
export function fillStatically({ nodes, pods, policy, typical, seed }: StaticFillInput): StaticFillResult {
  const cluster = new ClusterState(nodes);
  const run = policy.start({ cluster, random: new RandomStream(seed).fork('policy') });
  const count = pods.length;
  const result = {
    capacityMilli: cluster.gpuFree.length * 1000,
    nodeOf: new Int32Array(count).fill(-1),
    arrivedMilli: new Float64Array(count),
    allocatedMilli: new Float64Array(count),
    fragmentMilli: new Float64Array(count),
  };
  const fragments = new ClusterSum(cluster.size, new Fragmentation(cluster, typical));
  const watts = powerKnown(nodes) ? new ClusterSum(cluster.size, new NodeWatts(cluster, 'watts')) : undefined;
  const wattsEmpty = watts?.total;
  const wattsAfter = watts === undefined ? undefined : new Float64Array(count);
  const feasible = new FeasibleShapes(cluster);
  const chosen = new Chosen(cluster, run);
  let arrived = 0;
  let allocated = 0;
  let placed = 0;
  for (let i = 0; i < count; i++) {
    const pod = pods[i]!;
    const asked = pod.gpu === undefined ? 0 : pod.gpu.count * pod.gpu.milliEach;
    arrived += asked;
    const candidates = feasible.of(pod);
    if (candidates.count > 0) {
      const node = run.choose(pod, candidates);
      if (!fits(cluster, pod, node))
        throw errors.KISIM_E_SIM_BAD_CHOICE(`${policy.name} chose ${node} for ${pod.name}`);
      cluster.place(pod, node, chosen.gpus(pod, node));
      run.placed?.(pod, node);
      result.nodeOf[i] = node;
      allocated += asked;
      placed++;
      fragments.update(node);
      watts?.update(node);
    }
    result.arrivedMilli[i] = arrived;
    result.allocatedMilli[i] = allocated;
    result.fragmentMilli[i] = fragments.total;
    if (wattsAfter !== undefined) wattsAfter[i] = watts!.total;
  }
  return { ...result, watts: wattsAfter, wattsEmpty, placed };
}

/** Asks the policy for GPUs and hands them over as the cluster wants them. */
class Chosen {
  readonly #cluster: ClusterState;
  readonly #run: PolicyRun;
  readonly #out: Int32Array;
  /** Views of the first 0, 1, 2, ... of `#out`. */
  readonly #views: readonly Int32Array[];

  constructor(cluster: ClusterState, run: PolicyRun) {
    this.#cluster = cluster;
    this.#run = run;
    const most = cluster.gpuCount.reduce((a, b) => Math.max(a, b));
    this.#out = new Int32Array(most);
    this.#views = Array.from({ length: most + 1 }, (_, length) => this.#out.subarray(0, length));
  }

  gpus(pod: Pod, node: number): Int32Array | undefined {
    if (pod.gpu === undefined) return undefined;
    const count =
      this.#run.chooseGpus?.(pod, node, this.#out) ?? fullestGpus(this.#cluster, pod, node, this.#out);
    return this.#views[count];
  }
}

/** A figure of every node and their sum, of which only what changed is computed again. */
class ClusterSum {
  readonly #each: Float64Array;
  readonly #of: { now(node: number): number };
  total = 0;

  constructor(size: number, of: { now(node: number): number }) {
    this.#of = of;
    this.#each = Float64Array.from({ length: size }, (_, node) => of.now(node));
    for (let node = 0; node < size; node++) this.total += this.#each[node]!;
  }

  update(node: number): void {
    const now = this.#of.now(node);
    this.total += now - this.#each[node]!;
    this.#each[node] = now;
  }
}

function powerKnown(nodes: readonly Node[]): boolean {
  return nodes.every(
    ({ power, gpus }) => power !== undefined && ((gpus?.count ?? 0) === 0 || gpus!.power !== undefined),
  );
}

/**
 * A figure by arrived load: at p the mean over the arrivals after which the load asked for, in percent of the cluster's
 * GPUs, rounds to p, as the study's tables have it; NaN where there was none.
 *
 * @param percent the last p; the result has one more
 */
export function byArrivedLoad(
  { arrivedMilli, capacityMilli }: StaticFillResult,
  figure: Float64Array,
  percent: number,
): Float64Array {
  const sums = new Float64Array(percent + 1);
  const counts = new Float64Array(percent + 1);
  for (let i = 0; i < figure.length; i++) {
    const load = Math.round((arrivedMilli[i]! / capacityMilli) * 100);
    if (load > percent) break;
    sums[load]! += figure[i]!;
    counts[load]!++;
  }
  return sums.map((sum, load) => sum / counts[load]!);
}
