import type { ClusterRecordSink } from '../../src/history/cluster-record-sink.ts';
import type { NodeEnergyRecord } from '../../src/history/node-energy-record.ts';
import type {
  ClusterWatchedRecord,
  NodeSeenRecord,
  PodsPresentRecord,
} from '../../src/history/node-seen-record.ts';
import type { PodRunRecord } from '../../src/history/pod-run-record.ts';

/** Keeps what it is told, in order. */
export class KeptRecords implements ClusterRecordSink {
  readonly pods: PodRunRecord[] = [];
  readonly energies: NodeEnergyRecord[] = [];
  readonly nodes: NodeSeenRecord[] = [];
  readonly present: PodsPresentRecord[] = [];
  readonly watched: ClusterWatchedRecord[] = [];

  podRun(record: PodRunRecord): void {
    this.pods.push(record);
  }

  nodeEnergy(record: NodeEnergyRecord): void {
    this.energies.push(record);
  }

  nodeSeen(record: NodeSeenRecord): void {
    this.nodes.push(record);
  }

  podsPresent(record: PodsPresentRecord): void {
    this.present.push(record);
  }

  clusterWatched(record: ClusterWatchedRecord): void {
    this.watched.push(record);
  }
}
