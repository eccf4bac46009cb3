import { errors } from './errors.ts';
import type { Node } from './node.ts';
import type { Pod } from './pod.ts';
import { Residents, type SavedResidents } from './residents.ts';

export const NODE_ON = 0;
export const NODE_ASLEEP = 1;
export const NODE_WAKING = 2;
/** Takes no new pods: cordoned, or gone. */
export const NODE_CLOSED = 3;

/** Amounts that differ by less are equal: what rounding can do to a sum of bytes or milli-cores. */
const TOLERANCE = 1e-6;

/** Everything of a cluster that changes, in columns of its own. */
export interface SavedCluster {
  readonly now: number;
  readonly pending: number;
  readonly freeCpu: Float64Array;
  readonly freeMemory: Float64Array;
  readonly freePods: Int32Array;
  readonly predictedUse: Float64Array;
  readonly measuredUse: Float64Array;
  readonly power: Uint8Array;
  readonly awakeAt: Float64Array;
  readonly emptySince: Float64Array;
  readonly residents: readonly SavedResidents[];
  readonly gpuFree: Int32Array;
  readonly freeGpuMilli: Int32Array;
  readonly freeExtended: readonly Float64Array[];
  readonly version: Uint32Array;
  readonly changeRing: Int32Array;
  readonly changes: number;
  readonly pods: Int32Array;
  readonly nodesOfPods: Int32Array;
  readonly gpus: readonly { readonly pod: number; readonly gpus: Int32Array }[];
}

/**
 * A cluster at one instant: what is free, what runs where, which nodes sleep. Columns over the nodes, in the order of
 * the node list. One writer (the simulation's engine, or the watcher of a live cluster) calls the methods; policies read
 * the columns and never write them.
 */
export class ClusterState {
  readonly nodes: readonly Node[];
  readonly size: number;
  /** Seconds since the beginning. */
  now = 0;
  /** Pods that wait for a place at this moment, as its writer tells. */
  pending = 0;

  readonly cpuCapacity: Float64Array;
  readonly memoryCapacity: Float64Array;
  readonly podCapacity: Int32Array;
  readonly freeCpu: Float64Array;
  readonly freeMemory: Float64Array;
  readonly freePods: Int32Array;
  /** Milli-cores that the pods of each node are predicted to use. */
  readonly predictedUse: Float64Array;
  /** Milli-cores in use now, as a meter would tell; what Trimaran's rules read. */
  readonly measuredUse: Float64Array;

  readonly power: Uint8Array;
  /** When a waking node is up; otherwise meaningless. */
  readonly awakeAt: Float64Array;
  /** Since when a node has no pod; Infinity while it has one. */
  readonly emptySince: Float64Array;
  readonly residents: readonly Residents[];

  readonly gpuCount: Int32Array;
  /** Where the GPUs of a node begin in `gpuFree`. */
  readonly gpuOffset: Int32Array;
  /** Thousandths of each GPU that are free. */
  readonly gpuFree: Int32Array;
  /** Sum of `gpuFree` over a node. */
  readonly freeGpuMilli: Int32Array;
  /** Index of each node's GPU model in `gpuModels`; -1 without GPUs. */
  readonly gpuModel: Int32Array;
  readonly gpuModels: readonly string[];

  /** Free amounts of the other resources: a column for each name in `extendedNames`. */
  readonly extendedNames: readonly string[];
  readonly freeExtended: readonly Float64Array[];

  /** Counts every change of a node: a cache knows by it what it has to compute again. */
  readonly version: Uint32Array;
  /** The nodes that changed, oldest first, in a ring; `changes` counts all that were ever written. */
  readonly changeRing = new Int32Array(4096);
  changes = 0;

  readonly #gpusOf = new Map<number, Int32Array>();
  readonly #nodeOf = new Map<number, number>();

  /** @throws KISIM_E_CLUSTER_INVALID for a list that is empty, holds a name twice or a node without capacity. */
  constructor(nodes: readonly Node[]) {
    if (nodes.length === 0) throw errors.KISIM_E_CLUSTER_INVALID('no node');
    const names = new Set<string>();
    for (const node of nodes) {
      if (names.has(node.name)) throw errors.KISIM_E_CLUSTER_INVALID(`two nodes named ${node.name}`);
      names.add(node.name);
      if (!(node.cpuMilli > 0 && node.memoryBytes > 0 && node.pods > 0)) {
        const has = `${node.cpuMilli} milli-cores, ${node.memoryBytes} bytes, ${node.pods} pods`;
        throw errors.KISIM_E_CLUSTER_INVALID(`node ${node.name} has ${has}`);
      }
    }
    this.nodes = nodes;
    this.size = nodes.length;
    this.cpuCapacity = Float64Array.from(nodes, (node) => node.cpuMilli);
    this.memoryCapacity = Float64Array.from(nodes, (node) => node.memoryBytes);
    this.podCapacity = Int32Array.from(nodes, (node) => node.pods);
    this.freeCpu = this.cpuCapacity.slice();
    this.freeMemory = this.memoryCapacity.slice();
    this.freePods = this.podCapacity.slice();
    this.predictedUse = new Float64Array(this.size);
    this.measuredUse = new Float64Array(this.size);
    this.power = Uint8Array.from(nodes, (node) => (node.unschedulable === true ? NODE_CLOSED : NODE_ON));
    this.awakeAt = new Float64Array(this.size);
    this.emptySince = new Float64Array(this.size);
    this.residents = nodes.map(() => new Residents());
    this.gpuCount = Int32Array.from(nodes, (node) => node.gpus?.count ?? 0);
    this.gpuOffset = new Int32Array(this.size);
    for (let i = 1; i < this.size; i++) this.gpuOffset[i] = this.gpuOffset[i - 1]! + this.gpuCount[i - 1]!;
    this.gpuFree = new Int32Array(this.gpuOffset[this.size - 1]! + this.gpuCount[this.size - 1]!).fill(1000);
    this.freeGpuMilli = this.gpuCount.map((count) => count * 1000);
    this.gpuModels = [...new Set(nodes.flatMap((node) => (node.gpus ? [node.gpus.model] : [])))].sort();
    this.gpuModel = Int32Array.from(nodes, (node) =>
      node.gpus ? this.gpuModels.indexOf(node.gpus.model) : -1,
    );
    this.extendedNames = [...new Set(nodes.flatMap((node) => Object.keys(node.extended ?? {})))].sort();
    this.freeExtended = this.extendedNames.map((name) =>
      Float64Array.from(nodes, (node) => node.extended?.[name] ?? 0),
    );
    this.version = new Uint32Array(this.size);
  }

  /** The node that a pod runs on (or waits on, for it to wake), or undefined. */
  nodeOf(podId: number): number | undefined {
    return this.#nodeOf.get(podId);
  }

  /** The GPUs that a pod holds on its node, as indices below the node's count. */
  gpusOf(podId: number): Int32Array | undefined {
    return this.#gpusOf.get(podId);
  }

  get podCount(): number {
    return this.#nodeOf.size;
  }

  /**
   * Books a pod on a node: from now on, or on a waking node from when it is up.
   *
   * @param gpus indices of the GPUs taken; as many as the pod asks for
   * @throws KISIM_E_CLUSTER_OVERFULL where the pod does not fit, or is placed already
   */
  place(pod: Pod, node: number, gpus?: Int32Array): void {
    const fits =
      pod.cpuMilli <= this.freeCpu[node]! + TOLERANCE &&
      pod.memoryBytes <= this.freeMemory[node]! + TOLERANCE &&
      this.freePods[node]! > 0 &&
      !this.#nodeOf.has(pod.id) &&
      this.#fitsGpus(pod, node, gpus);
    if (!fits) {
      const where = `${pod.namespace}/${pod.name} on ${this.nodes[node]?.name ?? `node ${node}`}`;
      throw errors.KISIM_E_CLUSTER_OVERFULL(where);
    }
    this.#book(pod, node, 1, gpus);
    if (gpus !== undefined) this.#gpusOf.set(pod.id, gpus.slice());
    this.#nodeOf.set(pod.id, node);
    const start = this.power[node] === NODE_WAKING ? this.awakeAt[node]! : this.now;
    this.residents[node]!.add(pod.id, start + pod.predictedSeconds, pod.predictedCpuMilli);
    this.emptySince[node] = Number.POSITIVE_INFINITY;
    this.touch(node);
  }

  /** Frees what a pod holds; the pod must be the one that was placed under its id. Returns its node. */
  remove(pod: Pod): number {
    const node = this.#nodeOf.get(pod.id);
    if (node === undefined) throw errors.KISIM_E_CLUSTER_INVALID(`${pod.name} is not placed anywhere`);
    this.#book(pod, node, -1, this.#gpusOf.get(pod.id));
    this.#gpusOf.delete(pod.id);
    this.#nodeOf.delete(pod.id);
    const residents = this.residents[node]!;
    residents.remove(pod.id);
    if (residents.count === 0) {
      this.emptySince[node] = this.now;
      // What sums of differences leave behind is neither use nor a want of room.
      this.predictedUse[node] = 0;
      this.freeCpu[node] = this.cpuCapacity[node]!;
      this.freeMemory[node] = this.memoryCapacity[node]!;
    }
    this.touch(node);
    return node;
  }

  /** To be called after any write to a column from outside `place` and `remove`. */
  touch(node: number): void {
    this.version[node]!++;
    this.changeRing[this.changes & 4095] = node;
    this.changes++;
  }

  /** An independent copy, for lookahead. Nodes and their curves are shared: they never change. */
  clone(): ClusterState {
    return ClusterState.restored(this.nodes, this.save());
  }

  /** All that changes, to be taken up again by `ClusterState.restored` with the same nodes. */
  save(): SavedCluster {
    return {
      now: this.now,
      pending: this.pending,
      freeCpu: this.freeCpu.slice(),
      freeMemory: this.freeMemory.slice(),
      freePods: this.freePods.slice(),
      predictedUse: this.predictedUse.slice(),
      measuredUse: this.measuredUse.slice(),
      power: this.power.slice(),
      awakeAt: this.awakeAt.slice(),
      emptySince: this.emptySince.slice(),
      residents: this.residents.map((each) => each.save()),
      gpuFree: this.gpuFree.slice(),
      freeGpuMilli: this.freeGpuMilli.slice(),
      freeExtended: this.freeExtended.map((column) => column.slice()),
      version: this.version.slice(),
      changeRing: this.changeRing.slice(),
      changes: this.changes,
      pods: Int32Array.from(this.#nodeOf.keys()),
      nodesOfPods: Int32Array.from(this.#nodeOf.values()),
      gpus: [...this.#gpusOf].map(([pod, gpus]) => ({ pod, gpus: gpus.slice() })),
    };
  }

  static restored(nodes: readonly Node[], saved: SavedCluster): ClusterState {
    const cluster = new ClusterState(nodes);
    cluster.now = saved.now;
    cluster.pending = saved.pending;
    cluster.freeCpu.set(saved.freeCpu);
    cluster.freeMemory.set(saved.freeMemory);
    cluster.freePods.set(saved.freePods);
    cluster.predictedUse.set(saved.predictedUse);
    cluster.measuredUse.set(saved.measuredUse);
    cluster.power.set(saved.power);
    cluster.awakeAt.set(saved.awakeAt);
    cluster.emptySince.set(saved.emptySince);
    (cluster as { residents: readonly Residents[] }).residents = saved.residents.map(Residents.restored);
    cluster.gpuFree.set(saved.gpuFree);
    cluster.freeGpuMilli.set(saved.freeGpuMilli);
    saved.freeExtended.forEach((column, i) => {
      cluster.freeExtended[i]!.set(column);
    });
    cluster.version.set(saved.version);
    cluster.changeRing.set(saved.changeRing);
    cluster.changes = saved.changes;
    saved.pods.forEach((pod, i) => {
      cluster.#nodeOf.set(pod, saved.nodesOfPods[i]!);
    });
    for (const { pod, gpus } of saved.gpus) cluster.#gpusOf.set(pod, gpus.slice());
    return cluster;
  }

  #fitsGpus(pod: Pod, node: number, gpus: Int32Array | undefined): boolean {
    const asked = pod.gpu?.count ?? 0;
    if ((gpus?.length ?? 0) !== asked) return false;
    if (gpus === undefined) return true;
    for (let i = 0; i < asked; i++) {
      const gpu = gpus[i]!;
      if (gpu < 0 || gpu >= this.gpuCount[node]! || gpus.indexOf(gpu) !== i) return false;
      if (this.gpuFree[this.gpuOffset[node]! + gpu]! < pod.gpu!.milliEach) return false;
    }
    return true;
  }

  #book(pod: Pod, node: number, sign: 1 | -1, gpus: Int32Array | undefined): void {
    this.freeCpu[node]! -= sign * pod.cpuMilli;
    this.freeMemory[node]! -= sign * pod.memoryBytes;
    this.freePods[node]! -= sign;
    this.predictedUse[node]! += sign * pod.predictedCpuMilli;
    if (gpus !== undefined) {
      const taken = sign * pod.gpu!.milliEach;
      for (let i = 0; i < gpus.length; i++) this.gpuFree[this.gpuOffset[node]! + gpus[i]!]! -= taken;
      this.freeGpuMilli[node]! -= taken * gpus.length;
    }
    if (pod.extended === undefined) return;
    for (const [name, amount] of Object.entries(pod.extended)) {
      const column = this.freeExtended[this.extendedNames.indexOf(name)];
      if (column !== undefined) column[node]! -= sign * amount;
    }
  }
}
