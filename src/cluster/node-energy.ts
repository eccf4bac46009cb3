import type { Joules, Milliseconds } from '../util/units.ts';

/**
 * Where the joules of a node come from. metered: this host's own meter; prometheus: another host's, through a query; modelled:
 * a power curve and the CPU time that was really used; played: a power curve that a test plays; simulated: no node at all.
 */
export type NodeEnergySource = 'metered' | 'prometheus' | 'modelled' | 'played' | 'simulated';

export interface NodeJoules {
  /** Since any beginning; only differences mean something. Never falls; where a counter began anew the node is missing once. */
  readonly joules: Joules;
  readonly source: NodeEnergySource;
  /** When the source last counted, by the clock of `NodeEnergyReading`. */
  readonly asOfUnixMilliseconds: Milliseconds;
}

export interface NodeEnergyReading {
  readonly unixMilliseconds: Milliseconds;
  /** By the name of the Kubernetes node. */
  readonly nodes: ReadonlyMap<string, NodeJoules>;
  /** Nodes without a reading, and why: a missing value stays missing. */
  readonly missing: ReadonlyMap<string, string>;
}

/** Cumulative energy of the nodes of a cluster. */
export interface NodeEnergyCounters {
  /** Resolves also where some or all nodes are missing; rejects only where it was aborted. */
  read(signal?: AbortSignal): Promise<NodeEnergyReading>;
}
