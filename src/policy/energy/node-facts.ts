import { type ClusterState, NODE_ASLEEP } from '../../cluster/cluster-state.ts';
import type { Watts } from '../../util/units.ts';
import type { ClusterPower } from './cluster-power.ts';

/**
 * What terms know of a node whatever pod is asked about, as columns over the node list, found anew only for nodes that have changed:
 * between two decisions that is one or two of them.
 */
export class NodeFacts {
  /** Shares of CPU and memory that are free, and that are asked for. */
  readonly freeCpu: Float64Array;
  readonly freeMemory: Float64Array;
  readonly takenCpu: Float64Array;
  readonly takenMemory: Float64Array;
  /** Watts at predicted use, and as if every pod used what it asks for; asleep: those of sleep. */
  readonly predictedWatts: Float64Array;
  readonly requestedWatts: Float64Array;
  /** Milli-cores that are asked for. */
  readonly askedMilli: Float64Array;
  /** Predicted use as a share of what is asked for, 1 at most; 0 where nothing is. */
  readonly heat: Float64Array;
  /** When its last pod is predicted to end, on the cluster's clock; -Infinity where it has none. */
  readonly lastEnd: Float64Array;
  /** 1 / (1 + its pods). */
  readonly lone: Float64Array;

  readonly #cluster: ClusterState;
  readonly #power: ClusterPower;
  /** The cluster's `changes` that they are true at; -1: none are yet. */
  #changes = -1;

  constructor(cluster: ClusterState, power: ClusterPower) {
    this.#cluster = cluster;
    this.#power = power;
    const column = () => new Float64Array(cluster.size);
    this.freeCpu = column();
    this.freeMemory = column();
    this.takenCpu = column();
    this.takenMemory = column();
    this.predictedWatts = column();
    this.requestedWatts = column();
    this.askedMilli = column();
    this.heat = column();
    this.lastEnd = column();
    this.lone = column();
  }

  renew(): void {
    const { changes, changeRing, size } = this.#cluster;
    const seen = this.#changes;
    if (seen === changes) return;
    this.#changes = changes;
    if (seen < 0 || changes - seen > changeRing.length)
      for (let node = 0; node < size; node++) this.#find(node);
    else {
      const mask = changeRing.length - 1;
      for (let change = seen; change < changes; change++) this.#find(changeRing[change & mask]!);
    }
  }

  #find(node: number): void {
    const cluster = this.#cluster;
    const power = this.#power;
    const freeCpu = cluster.freeCpu[node]! / cluster.cpuCapacity[node]!;
    const freeMemory = cluster.freeMemory[node]! / cluster.memoryCapacity[node]!;
    const use = cluster.predictedUse[node]!;
    const asked = cluster.cpuCapacity[node]! - cluster.freeCpu[node]!;
    this.freeCpu[node] = freeCpu;
    this.freeMemory[node] = freeMemory;
    this.takenCpu[node] = 1 - freeCpu;
    this.takenMemory[node] = 1 - freeMemory;
    const isAsleep = cluster.power[node] === NODE_ASLEEP;
    const watts = (milli: number): Watts => (isAsleep ? power.sleepWatts[node]! : power.watts(node, milli));
    this.predictedWatts[node] = watts(use);
    this.requestedWatts[node] = watts(asked);
    this.askedMilli[node] = asked;
    this.heat[node] = asked > 0 ? Math.min(1, use / asked) : 0;
    const { count, predictedEnds } = cluster.residents[node]!;
    this.lastEnd[node] = count === 0 ? Number.NEGATIVE_INFINITY : predictedEnds[count - 1]!;
    this.lone[node] = 1 / (1 + count);
  }
}
