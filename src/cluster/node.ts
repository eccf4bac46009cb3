import type { GpuPower, PowerCurve } from '../power-model/power-curve.ts';
import type { Watts } from '../util/units.ts';
import type { Labels } from './labels.ts';

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface NodeImage {
  /** All names of one image, with tag or digest. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

export interface NodeGpus {
  readonly count: number;
  readonly model: string;
  readonly power: GpuPower | undefined;
}

/** What an operator allows and pays for when an empty node is put to sleep. */
export interface NodeSleep {
  readonly sleepWatts: Watts;
  /** Seconds empty before it goes to sleep. */
  readonly emptySeconds: number;
  readonly wakeSeconds: number;
  readonly wakeWatts: Watts;
}

/** One machine as a scheduler sees it. Amounts are what pods may have (Kubernetes' allocatable). Immutable. */
export interface Node {
  readonly name: string;
  readonly labels: Labels;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly pods: number;
  readonly gpus?: NodeGpus;
  /** Other countable resources by name (ephemeral-storage in bytes, hugepages, devices). */
  readonly extended?: Readonly<Record<string, number>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly images?: readonly NodeImage[];
  /** Missing where nothing is known of its power: energy policies refuse such a cluster with a coded error. */
  readonly power?: PowerCurve;
  readonly sleep?: NodeSleep;
  /** Hyper-threads a core (1 or 2), and what the second one adds to the work of its core, 0 to 1. */
  readonly smt?: { readonly threadsPerCore: number; readonly secondThreadYield: number };
  /** Work done in a second of CPU against the reference machine; 1 where it is not known to differ. */
  readonly speed?: number;
}
