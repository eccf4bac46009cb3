import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Pod } from '../../cluster/pod.ts';
import type { Candidates } from '../policy.ts';
import type { ClusterPower } from './cluster-power.ts';
import { NodeFacts } from './node-facts.ts';
import { TERM_COUNT } from './term-table.ts';

/** Predictions reach no further: pods without a predicted end would cost infinitely much anywhere. */
export const HORIZON_SECONDS = 86_400;

/** What a pod is taken to use at least, so that relative energies stay finite. */
export const LEAST_MILLI = 10;

/** One pod, its candidates and the terms found for them so far: what the groups of terms work on. */
export class Decision {
  readonly cluster: ClusterState;
  readonly power: ClusterPower;
  /** Term t of candidate i is at t x stride + i. */
  readonly columns: Float64Array;
  readonly stride: number;
  /** Shares of the CPU and memory of a node that the pod asks for, by kind of node. */
  readonly cpuShare: Float64Array;
  readonly memoryShare: Float64Array;
  pod!: Pod;
  nodes!: Int32Array;
  count = 0;
  /** Predicted seconds and milli-cores of the pod, within bounds. */
  seconds = 0;
  useMilli = 0;
  /** Watts and joules that the pod needs anyway: those of the best node at its best load. */
  ownWatts = 0;
  ownJoules = 0;
  readonly #facts: NodeFacts;

  constructor(cluster: ClusterState, power: ClusterPower) {
    this.cluster = cluster;
    this.power = power;
    this.stride = cluster.size;
    this.columns = new Float64Array(TERM_COUNT * cluster.size);
    this.#facts = new NodeFacts(cluster, power);
    this.cpuShare = new Float64Array(power.nodeOfKind.length);
    this.memoryShare = new Float64Array(power.nodeOfKind.length);
  }

  /** As they are now; nothing is found that no group asks for. */
  get facts(): NodeFacts {
    this.#facts.renew();
    return this.#facts;
  }

  begin(pod: Pod, candidates: Candidates): void {
    this.pod = pod;
    this.nodes = candidates.nodes;
    this.count = candidates.count;
    this.seconds = Math.min(HORIZON_SECONDS, Math.max(1, pod.predictedSeconds));
    this.useMilli = Math.max(0, pod.predictedCpuMilli);
    this.ownWatts = this.power.bestWattsPerMilli * Math.max(LEAST_MILLI, this.useMilli);
    this.ownJoules = this.ownWatts * this.seconds;
    const { nodeOfKind } = this.power;
    for (let kind = 0; kind < nodeOfKind.length; kind++) {
      const node = nodeOfKind[kind]!;
      this.cpuShare[kind] = pod.cpuMilli / this.cluster.cpuCapacity[node]!;
      this.memoryShare[kind] = pod.memoryBytes / this.cluster.memoryCapacity[node]!;
    }
  }
}

/** Terms that are found together. */
export interface TermGroup {
  /** Positions in the term table. */
  readonly terms: readonly number[];
  /** Terms of other groups that it reads; they stand earlier in the list of groups. */
  readonly reads?: readonly number[];
  /** Writes its columns for all candidates. Must not allocate. */
  fill(decision: Decision): void;
}
