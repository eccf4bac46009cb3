import type { Config } from '../../config/config.ts';
import type { CollectionStore, CollectorProgress } from '../../controller/collect/collector.ts';
import type { PlannedJob } from '../../controller/collect/planned-job.ts';
import type { QueriedMetric } from '../../controller/collect/queried-metrics.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import type { CollectionRecord } from '../../history/collection-record.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';

/** The Jobs that are made meanwhile. */
export interface CollectedWorkload {
  readonly plan: readonly PlannedJob[];
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly work: 'sleep' | 'cpu';
  /** Whether the program may place its pods. */
  readonly optIn: boolean;
}

export interface LiveCollectionOptions {
  readonly config: Config;
  readonly api: KubeApi;
  readonly store: CollectionStore & ClusterRecordSink;
  readonly workload: CollectedWorkload | undefined;
  /** Whose Jobs are collected; undefined: all. */
  readonly namespace: string | undefined;
  /** Queries of Prometheus, which has to be configured where there are any. */
  readonly metrics: readonly QueriedMetric[];
  readonly intervalMilliseconds: Milliseconds;
  /** What is left of the time; undefined: until the signal. */
  readonly forMilliseconds: Milliseconds | undefined;
  /** Collected before, where it goes on. */
  readonly before: { readonly elapsedMilliseconds: Milliseconds; readonly createdJobs: number };
  readonly lastUnixMilliseconds: Milliseconds | undefined;
  readonly record: Pick<CollectionRecord, 'namespace' | 'strategy' | 'seed' | 'workload'>;
  readonly onProgress: (progress: LiveProgress) => void;
  /** Tells people what is not collected. */
  readonly note: (text: string) => void;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly sleep: Sleep;
  readonly log: Logger;
}

export interface LiveProgress extends CollectorProgress {
  /** Seen since the start. */
  readonly jobs: number;
  /** Made of the workload, with those made before a stop. */
  readonly createdJobs: number;
}

export interface CollectedLive extends LiveProgress {
  readonly ended: 'finished' | 'stopped';
  /** Whether Jobs of the workload are still there: a stop leaves them to end by themselves. */
  readonly leftJobs: boolean;
}
