import type { Milliseconds } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';

/** As `NodeEnergySource` of `cluster/`. */
export type NodeEnergyOrigin = 'metered' | 'prometheus' | 'modelled' | 'played' | 'simulated';

/** Energy of one node of a cluster in one minute. Parts of a minute may be told one by one: they are added up. */
export interface NodeEnergyRecord {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
  /** Name of the Kubernetes node. */
  readonly node: string;
  /** Begin of the minute: a multiple of 60. */
  readonly unixSeconds: number;
  /** In the covered part of the minute. */
  readonly microjoules: number;
  /** Above what the node takes when it is idle; undefined: not known. */
  readonly activeMicrojoules?: number | undefined;
  readonly source: NodeEnergyOrigin;
  readonly coveredMilliseconds: Milliseconds;
  /** CPU time of all its cores that were busy in the covered part; undefined: not known. */
  readonly cpuBusyMicroseconds?: number | undefined;
}
