import type { NodeEnergyRecord } from './node-energy-record.ts';
import type { ClusterWatchedRecord, NodeSeenRecord, PodsPresentRecord } from './node-seen-record.ts';
import type { PodRunRecord } from './pod-run-record.ts';

/** Where the lives of pods and the energy of nodes are kept. Neither throws nor waits. */
export interface ClusterRecordSink {
  podRun(record: PodRunRecord): void;
  nodeEnergy(record: NodeEnergyRecord): void;
  nodeSeen(record: NodeSeenRecord): void;
  podsPresent(record: PodsPresentRecord): void;
  clusterWatched(record: ClusterWatchedRecord): void;
}
