import type { Milliseconds, Nanoseconds } from '../util/units.ts';

/** A counter of CPU time at the moment when it was read, by the clock of the machine that counted. */
export interface CpuCount {
  readonly cpuNanoseconds: Nanoseconds;
  readonly unixMilliseconds: Milliseconds;
}

export interface ContainerUse {
  readonly name: string;
  /** Another start is another container: its counter began anew. */
  readonly startUnixMilliseconds: Milliseconds | undefined;
  readonly cpu: CpuCount;
}

export interface PodUse {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly startUnixMilliseconds: Milliseconds | undefined;
  /** Of the pod as a whole, containers that have ended included; undefined where only containers are counted. */
  readonly cpu: CpuCount | undefined;
  readonly containers: readonly ContainerUse[];
}

/** What ran on a node, as it was counted there. */
export interface NodeUse {
  /** By its Kubernetes name. */
  readonly node: string;
  /** The counters' own (kubelet), or summed up here from rates (metrics). */
  readonly source: 'kubelet' | 'metrics';
  /** When the answer came, by both clocks of this host. */
  readonly receivedUnixMilliseconds: Milliseconds;
  readonly receivedMonotonicNanoseconds: Nanoseconds;
  /** The whole machine, what is no pod included. */
  readonly cpu: CpuCount | undefined;
  /** What the whole machine cannot give back at once (its working set); left out: it is not told. */
  readonly memoryBytes?: number | undefined;
  readonly pods: readonly PodUse[];
}

/** Takes what was read of nodes, as it comes. Must not keep the reader waiting. */
export interface NodeUseSink {
  take(use: NodeUse): void;
}
