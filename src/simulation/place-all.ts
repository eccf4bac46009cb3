import { ClusterState } from '../cluster/cluster-state.ts';
import { fits } from '../cluster/feasible.ts';
import { FeasibleShapes } from '../cluster/feasible-shapes.ts';
import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import { Fragmentation } from '../policy/gpu/fragmentation.ts';
import { NodeWatts } from '../policy/gpu/node-watts.ts';
import type { TypicalPod } from '../policy/gpu/typical-pods.ts';
import { type ConstraintFilter, constraintFilter, hasConstraints } from '../policy/kube/constraint-filter.ts';
import { type Policy, type PolicyRun, WAIT } from '../policy/policy.ts';
import { RandomStream } from '../util/rng.ts';
import { errors } from './errors.ts';
import { fullestGpus } from './gpu-choice.ts';

export interface PlaceAllInput {
  readonly nodes: readonly Node[];
  /** In the order of their arrival. Those with a `nodeName` are bound there before all others. */
  readonly pods: readonly Pod[];
  readonly policy: Policy;
  /** What fragmentation is measured for. */
  readonly typical: readonly TypicalPod[];
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

/** Why nodes did not take a pod: of how many what was too little, counted by the first thing that lacks. */
export interface Unplaced {
  readonly pod: Pod;
  readonly reasons: ReadonlyMap<UnplacedReason, number>;
}

export type UnplacedReason = 'closed' | 'pods' | 'cpu' | 'memory' | 'gpu' | 'other resources' | 'constraints';

export interface PlaceAllResult {
  readonly cluster: ClusterState;
  /** Node of each pod by its place in the list; -1: none. */
  readonly nodeOf: Int32Array;
  readonly unplaced: readonly Unplaced[];
  readonly placed: number;
  /** Idle thousandths of GPUs that the typical pods cannot use, over the cluster. */
  readonly fragmentMilli: number;
  /** Of all nodes by what is requested, full and empty; undefined where the power of a node is not known. */
  readonly watts: { readonly empty: number; readonly now: number } | undefined;
}

/**
 * Places pods one after another; nothing ends, and what fits nowhere is left out with the reasons. Taints, affinity,
 * spreading and host ports hold for every policy.
 *
 * @throws KISIM_E_SIM_BAD_CHOICE, KISIM_E_SIM_NODE_NAME
 */
export function placeAll(input: PlaceAllInput): PlaceAllResult {
  const { nodes, pods, policy, seed, onProgress } = input;
  const cluster = new ClusterState(nodes);
  const run = policy.start({ cluster, random: new RandomStream(seed).fork('policy') });
  const constraints = hasConstraints(nodes, pods) ? constraintFilter(cluster) : undefined;
  const placing = new Placing(cluster, run, constraints, policy.name);
  const wattsEmpty = wattsOf(cluster);
  const nodeOf = new Int32Array(pods.length).fill(-1);
  const unplaced: Unplaced[] = [];
  const indexOf = new Map(nodes.map(({ name }, i) => [name, i]));
  for (const [i, pod] of pods.entries()) {
    const name = pod.scheduling?.nodeName;
    if (name === undefined) continue;
    const node = indexOf.get(name);
    if (node === undefined || !fits(cluster, pod, node))
      throw errors.KISIM_E_SIM_NODE_NAME(`${pod.namespace}/${pod.name} on ${name}`);
    placing.bind(pod, node);
    nodeOf[i] = node;
  }
  for (const [i, pod] of pods.entries()) {
    if (i % 256 === 0) onProgress?.(i);
    if (nodeOf[i]! >= 0) continue;
    const node = placing.offer(pod);
    if (node >= 0) nodeOf[i] = node;
    else unplaced.push({ pod, reasons: placing.reasons(pod) });
  }
  const fragments = new Fragmentation(cluster, input.typical);
  let fragmentMilli = 0;
  for (let node = 0; node < cluster.size; node++) fragmentMilli += fragments.now(node);
  const wattsNow = wattsOf(cluster);
  return {
    cluster,
    nodeOf,
    unplaced,
    placed: pods.length - unplaced.length,
    fragmentMilli,
    watts:
      wattsEmpty === undefined || wattsNow === undefined ? undefined : { empty: wattsEmpty, now: wattsNow },
  };
}

class Placing {
  readonly #cluster: ClusterState;
  readonly #run: PolicyRun;
  readonly #constraints: ConstraintFilter | undefined;
  readonly #policyName: string;
  readonly #feasible: FeasibleShapes;
  readonly #candidates: { nodes: Int32Array; count: number; slackLeft: number };
  readonly #gpus: Int32Array;

  constructor(
    cluster: ClusterState,
    run: PolicyRun,
    constraints: ConstraintFilter | undefined,
    policyName: string,
  ) {
    this.#cluster = cluster;
    this.#run = run;
    this.#constraints = constraints;
    this.#policyName = policyName;
    this.#feasible = new FeasibleShapes(cluster);
    this.#candidates = { nodes: new Int32Array(cluster.size), count: 0, slackLeft: 0 };
    this.#gpus = new Int32Array(cluster.gpuCount.reduce((most, count) => Math.max(most, count), 1));
  }

  /** The node, or -1 where there is none. */
  offer(pod: Pod): number {
    const { nodes, count } = this.#feasible.of(pod);
    const candidates = this.#candidates;
    for (let i = 0; i < count; i++) candidates.nodes[i] = nodes[i]!;
    candidates.count = this.#constraints?.filter(pod, candidates.nodes, count) ?? count;
    if (candidates.count === 0) return -1;
    const node = this.#run.choose(pod, candidates);
    if (node === WAIT || !candidates.nodes.subarray(0, candidates.count).includes(node))
      throw errors.KISIM_E_SIM_BAD_CHOICE(
        `${this.#policyName} chose ${node} for ${pod.namespace}/${pod.name}`,
      );
    this.#book(pod, node, this.#run.chooseGpus?.bind(this.#run));
    return node;
  }

  bind(pod: Pod, node: number): void {
    this.#book(pod, node, undefined);
  }

  #book(pod: Pod, node: number, choose: PolicyRun['chooseGpus'] | undefined): void {
    let gpus: Int32Array | undefined;
    if (pod.gpu !== undefined && pod.gpu.count > 0) {
      const count = choose
        ? choose(pod, node, this.#gpus)
        : fullestGpus(this.#cluster, pod, node, this.#gpus);
      gpus = this.#gpus.subarray(0, count);
    }
    this.#cluster.place(pod, node, gpus);
    this.#constraints?.placed(pod, node);
    this.#run.placed?.(pod, node);
  }

  reasons(pod: Pod): ReadonlyMap<UnplacedReason, number> {
    const counts = new Map<UnplacedReason, number>();
    for (let node = 0; node < this.#cluster.size; node++) {
      const reason = this.#reason(pod, node);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    return new Map([...counts].sort((a, b) => b[1] - a[1]));
  }

  #reason(pod: Pod, node: number): UnplacedReason {
    const cluster = this.#cluster;
    if (cluster.nodes[node]!.unschedulable === true) return 'closed';
    if (fits(cluster, pod, node)) return 'constraints';
    if (pod.cpuMilli > cluster.freeCpu[node]!) return 'cpu';
    if (pod.memoryBytes > cluster.freeMemory[node]!) return 'memory';
    if (cluster.freePods[node]! < 1) return 'pods';
    const { extended: _, ...rest } = pod;
    return fits(cluster, rest, node) ? 'other resources' : 'gpu';
  }
}

function wattsOf(cluster: ClusterState): number | undefined {
  const known = cluster.nodes.every(
    ({ power, gpus }) => power !== undefined && (gpus === undefined || gpus.power !== undefined),
  );
  if (!known) return undefined;
  const watts = new NodeWatts(cluster, 'watts');
  let sum = 0;
  for (let node = 0; node < cluster.size; node++) sum += watts.now(node);
  return sum;
}
