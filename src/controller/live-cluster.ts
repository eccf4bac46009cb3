import { ClusterState, NODE_ASLEEP, NODE_WAKING } from '../cluster/cluster-state.ts';
import { fits } from '../cluster/feasible.ts';
import type { Labels } from '../cluster/labels.ts';
import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import { fullestGpus } from '../simulation/gpu-choice.ts';
import type { BookObserver, ClusterBook } from './ports.ts';

/** How a node that the program has put to sleep stands in the book; times are seconds on the cluster's clock. */
export type Slumber =
  | { readonly state: 'asleep' }
  | { readonly state: 'waking'; readonly awakeAt: number }
  /** It takes no pod, although it is not told to be cordoned, or not yet. */
  | { readonly state: 'closed' };

/** Taints of a node that sleeps or is cordoned, and has none of them once it is awake. */
const SLUMBER_TAINTS: ReadonlySet<string> = new Set([
  'node.kubernetes.io/unschedulable',
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.cloudprovider.kubernetes.io/shutdown',
]);

interface Booking {
  readonly pod: Pod;
  readonly node: string;
  readonly gpus: Int32Array | undefined;
  /** Decided here, and not yet seen to run. */
  readonly isAssumed: boolean;
}

/**
 * The one writer of the cluster that decisions are made on: nodes and bound pods as the watch tells them, and what was decided
 * since. What is bound is true whatever this book thinks of it: a pod that should not fit is booked all the same.
 */
export class LiveCluster implements ClusterBook {
  #cluster: ClusterState | undefined;
  #nodes: readonly Node[] = [];
  #slumber: ReadonlyMap<string, Slumber> = new Map();
  readonly #assumedOn = new Map<string, number>();
  readonly #index = new Map<string, number>();
  readonly #bookings = new Map<string, Booking>();
  /** Pods in the columns although they do not fit; by id, with their node. */
  readonly #overfull = new Map<number, number>();
  readonly #observers: BookObserver[] = [];
  readonly #namespaces = new Map<string, Labels>();

  get cluster(): ClusterState | undefined {
    return this.#cluster;
  }

  observe(observer: BookObserver): void {
    this.#observers.push(observer);
    this.tell(observer);
  }

  tell(observer: BookObserver): void {
    if (this.#cluster === undefined) return;
    observer.rebuilt(this.#cluster, this.#namespaces);
    for (const { pod, node } of this.#bookings.values()) {
      const at = this.#index.get(node);
      if (at !== undefined) observer.placed(pod, at);
    }
  }

  /** Other nodes from now on, or the same with other amounts; pods on nodes that are gone stay known and count nowhere. */
  setNodes(nodes: readonly Node[]): void {
    this.#nodes = nodes;
    this.#rebuild();
  }

  /**
   * The nodes that sleep by the program's doing, in place of those told before. They count as nodes that can be had, whatever their
   * cordon and the taints of their silence say.
   */
  setSlumber(slumber: ReadonlyMap<string, Slumber>): void {
    this.#slumber = slumber;
    this.#rebuild();
  }

  /** Pods that were decided for a node and have not been seen there. */
  assumedOn(node: string): number {
    return this.#assumedOn.get(node) ?? 0;
  }

  setTime(now: number, pending: number): void {
    if (this.#cluster === undefined) return;
    this.#cluster.now = now;
    this.#cluster.pending = pending;
  }

  /** A pod was seen to be bound: in place of what was assumed of it. */
  bound(uid: string, pod: Pod, node: string): void {
    const before = this.#bookings.get(uid);
    if (before?.node === node && before.pod === pod) {
      this.#countAssumed(before, -1);
      this.#bookings.set(uid, { ...before, isAssumed: false });
      return;
    }
    const gpus = before?.node === node ? before.gpus : undefined;
    this.#drop(uid);
    this.#add(uid, { pod, node, gpus, isAssumed: false });
  }

  /** A pod has ended or is gone. */
  gone(uid: string): void {
    this.#drop(uid);
  }

  /** @param labels undefined: the namespace is gone */
  namespaceChanged(name: string, labels: Labels | undefined): void {
    const before = this.#namespaces.get(name);
    if (labels === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, labels);
    if (this.#cluster === undefined || JSON.stringify(before) === JSON.stringify(labels)) return;
    for (const observer of this.#observers) observer.relabelled?.(name);
  }

  assume(uid: string, pod: Pod, node: number, gpus: Int32Array | undefined): void {
    if (this.#bookings.get(uid)?.isAssumed === false) return;
    this.#drop(uid);
    this.#add(uid, { pod, node: this.#nodes[node]!.name, gpus: gpus?.slice(), isAssumed: true });
  }

  forget(uid: string): void {
    if (this.#bookings.get(uid)?.isAssumed === true) this.#drop(uid);
  }

  #rebuild(): void {
    this.#index.clear();
    this.#overfull.clear();
    const nodes = this.#nodes.map((node) => presented(node, this.#slumber.get(node.name)));
    nodes.forEach((node, at) => {
      this.#index.set(node.name, at);
    });
    const now = this.#cluster?.now ?? 0;
    this.#cluster = nodes.length === 0 ? undefined : new ClusterState(nodes);
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    cluster.now = now;
    nodes.forEach(({ name }, at) => {
      const slumber = this.#slumber.get(name);
      if (slumber?.state === 'asleep') cluster.power[at] = NODE_ASLEEP;
      if (slumber?.state !== 'waking') return;
      cluster.power[at] = NODE_WAKING;
      cluster.awakeAt[at] = slumber.awakeAt;
    });
    // Observers begin with the empty cluster and hear of each pod: selectors see pods, not sums.
    for (const observer of this.#observers) observer.rebuilt(cluster, this.#namespaces);
    for (const booking of this.#bookings.values()) this.#enter(booking);
  }

  #countAssumed({ node, isAssumed }: Booking, sign: 1 | -1): void {
    if (!isAssumed) return;
    const count = (this.#assumedOn.get(node) ?? 0) + sign;
    if (count === 0) this.#assumedOn.delete(node);
    else this.#assumedOn.set(node, count);
  }

  #add(uid: string, booking: Booking): void {
    this.#bookings.set(uid, booking);
    this.#countAssumed(booking, 1);
    this.#enter(booking);
  }

  #drop(uid: string): void {
    const booking = this.#bookings.get(uid);
    if (booking === undefined) return;
    this.#bookings.delete(uid);
    this.#countAssumed(booking, -1);
    this.#leave(booking);
  }

  #enter({ pod, node, gpus }: Booking): void {
    const cluster = this.#cluster;
    const at = this.#index.get(node);
    if (cluster === undefined || at === undefined) return;
    const asked = pod.gpu?.count ?? 0;
    const taken =
      gpus !== undefined && areFree(cluster, pod, at, gpus) ? gpus : anyGpus(cluster, pod, at, asked);
    if ((taken?.length ?? 0) === asked && hasRoom(cluster, pod, at)) cluster.place(pod, at, taken);
    else this.#force(cluster, pod, at, 1);
    for (const observer of this.#observers) observer.placed(pod, at);
  }

  #leave({ pod }: Booking): void {
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    const forced = this.#overfull.get(pod.id);
    const node = forced ?? cluster.nodeOf(pod.id);
    if (node === undefined) return;
    if (forced === undefined) cluster.remove(pod);
    else this.#force(cluster, pod, forced, -1);
    for (const observer of this.#observers) observer.removed(pod, node);
  }

  #force(cluster: ClusterState, pod: Pod, node: number, sign: 1 | -1): void {
    cluster.freeCpu[node]! -= sign * pod.cpuMilli;
    cluster.freeMemory[node]! -= sign * pod.memoryBytes;
    cluster.freePods[node]! -= sign;
    cluster.predictedUse[node]! += sign * pod.predictedCpuMilli;
    const residents = cluster.residents[node]!;
    if (sign > 0) {
      this.#overfull.set(pod.id, node);
      residents.add(pod.id, cluster.now + pod.predictedSeconds, pod.predictedCpuMilli);
      cluster.emptySince[node] = Number.POSITIVE_INFINITY;
    } else {
      this.#overfull.delete(pod.id);
      residents.remove(pod.id);
      if (residents.count === 0) {
        cluster.emptySince[node] = cluster.now;
        cluster.predictedUse[node] = 0;
        cluster.freeCpu[node] = cluster.cpuCapacity[node]!;
        cluster.freeMemory[node] = cluster.memoryCapacity[node]!;
      }
    }
    cluster.touch(node);
  }
}

/** As it is once it is awake, where it can be had. */
function presented(node: Node, slumber: Slumber | undefined): Node {
  if (slumber === undefined) return node;
  if (slumber.state === 'closed') return { ...node, unschedulable: true };
  const { unschedulable: _, taints = [], ...rest } = node;
  const others = taints.filter(({ key }) => !SLUMBER_TAINTS.has(key));
  return { ...rest, ...(others.length === 0 ? {} : { taints: others }) };
}

/** As `ClusterState.place` asks; a cordoned node may well hold pods. */
function hasRoom(cluster: ClusterState, pod: Pod, node: number): boolean {
  return (
    pod.cpuMilli <= cluster.freeCpu[node]! &&
    pod.memoryBytes <= cluster.freeMemory[node]! &&
    cluster.freePods[node]! > 0 &&
    cluster.nodeOf(pod.id) === undefined
  );
}

/** Which GPUs a pod has is not told by the API: those that would have been taken here. */
function anyGpus(cluster: ClusterState, pod: Pod, node: number, asked: number): Int32Array | undefined {
  if (asked === 0 || !fits(cluster, pod, node)) return undefined;
  const out = new Int32Array(cluster.gpuCount[node]!);
  return out.subarray(0, fullestGpus(cluster, pod, node, out));
}

function areFree(cluster: ClusterState, pod: Pod, node: number, gpus: Int32Array): boolean {
  const from = cluster.gpuOffset[node]!;
  return gpus.every(
    (gpu) => gpu < cluster.gpuCount[node]! && cluster.gpuFree[from + gpu]! >= (pod.gpu?.milliEach ?? 0),
  );
}
