import type { Milliseconds, Watts } from '../util/units.ts';
import type { ClusterKind } from './cluster-kind.ts';

interface OfCluster {
  /** Left out: live. */
  readonly cluster?: ClusterKind;
}

/** Words of SKRueue for what a Job is about. */
export type JobStatus = 'Suspended' | 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/**
 * A Job as it is now. Told again whenever it changes: what is undefined leaves what was kept before, but for `goneUnixMilliseconds`
 * the newest is kept. Amounts are of one of its pods.
 */
export interface JobRecord extends OfCluster {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** By the API server's clock, as the other times. */
  readonly submittedUnixMilliseconds: Milliseconds;
  /** When the Job controller took it up, which it does once it is not suspended. */
  readonly startedUnixMilliseconds?: Milliseconds | undefined;
  /** When it was complete or had failed. */
  readonly endedUnixMilliseconds?: Milliseconds | undefined;
  /** When it was seen to be deleted, by this host's clock. */
  readonly goneUnixMilliseconds?: Milliseconds | undefined;
  readonly status: JobStatus;
  /** Of the condition that ended or suspended it. */
  readonly reason?: string | undefined;
  /** Undefined: it asks for none. */
  readonly cpuMilli?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly gpuCount?: number | undefined;
  readonly cpuLimitMilli?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly parallelism: number;
  /** Undefined: as many as end by themselves. */
  readonly completions?: number | undefined;
  readonly succeeded: number;
  readonly failed: number;
  readonly priority?: number | undefined;
  readonly priorityClass?: string | undefined;
  readonly userName?: string | undefined;
  readonly queueName?: string | undefined;
  readonly type?: string | undefined;
  /** How long it says that a pod of it runs. */
  readonly expectedSeconds?: number | undefined;
  readonly seenUnixMilliseconds: Milliseconds;
  /** Labels and annotations, kept as JSON. */
  readonly metadata?: object | undefined;
}

/** What `PodRunRecord` does not say of the pod of a Job. */
export interface JobPodRecord extends OfCluster {
  readonly uid: string;
  readonly jobUid: string;
  /** As its spec names it. */
  readonly scheduler: string;
  readonly phase: string;
  /** Of its condition PodScheduled. */
  readonly scheduledUnixMilliseconds?: Milliseconds | undefined;
  /** When its last container ended. */
  readonly finishedUnixMilliseconds?: Milliseconds | undefined;
  /** The greatest of its containers. */
  readonly exitCode?: number | undefined;
  /** Whether a container of it was ever killed for want of memory; undefined: no container has run that would tell. */
  readonly isOomKilled?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly seenUnixMilliseconds: Milliseconds;
}

/** The whole cluster at one time. */
export interface ClusterStateRecord extends OfCluster {
  readonly unixMilliseconds: Milliseconds;
  readonly nodes: number;
  readonly readyNodes: number;
  /** What the nodes have to give to pods. */
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly gpus: number;
  /** By the pods that have a node. */
  readonly askedCpuMilli: number;
  readonly askedMemoryBytes: number;
  /** Shared ones in part. */
  readonly askedGpus: number;
  /** Measured on all nodes; undefined where it is not known of one of them. */
  readonly usedCpuMilli?: number | undefined;
  readonly usedMemoryBytes?: number | undefined;
  readonly watts?: Watts | undefined;
  readonly runningPods: number;
  readonly waitingPods: number;
  readonly runningJobs: number;
  readonly pendingJobs: number;
  readonly suspendedJobs: number;
}

/** Something that was told of a Job or a pod. Told again with the same `told` it is the same: the newest time and count are kept. */
export interface SchedulingEventRecord extends OfCluster {
  readonly unixMilliseconds: Milliseconds;
  readonly jobUid?: string | undefined;
  readonly podUid?: string | undefined;
  readonly namespace: string;
  /** `Job/etl-4`, `Pod/etl-4-x7k2p`. */
  readonly object: string;
  /** `submitted`, `admitted`, `failed-scheduling`, `completed`, ... */
  readonly type: string;
  readonly scheduler?: string | undefined;
  /** From the Job's submission to what is told. */
  readonly waitMilliseconds?: Milliseconds | undefined;
  readonly times?: number;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly told: string;
}

export interface MetricRecord extends OfCluster {
  readonly unixMilliseconds: Milliseconds;
  readonly name: string;
  readonly amount: number;
  readonly type: 'gauge' | 'counter' | 'delta';
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** What is really in use on a node. */
export interface NodeUseRecord extends OfCluster {
  readonly unixMilliseconds: Milliseconds;
  readonly node: string;
  /** Who measured it: `metrics-server`, `kubelet`. */
  readonly source: string;
  readonly cpuMilli?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/** A time in which somebody collected; told again while it grows, with the same beginning. */
export interface CollectionRecord extends OfCluster {
  readonly fromUnixMilliseconds: Milliseconds;
  readonly toUnixMilliseconds: Milliseconds;
  /** Undefined: it goes on. */
  readonly ended?: 'finished' | 'stopped' | 'failed' | undefined;
  readonly intervalMilliseconds: Milliseconds;
  /** Undefined: all. */
  readonly namespace?: string | undefined;
  /** Of the workload that was made; undefined: none was. */
  readonly strategy?: string | undefined;
  readonly seed?: number | undefined;
  /** All that the workload is made from, kept as JSON: one that is the same goes on where it was stopped. */
  readonly workload?: object | undefined;
  readonly samples: number;
  readonly createdJobs: number;
}

/** Time of which not everything was collected. */
export interface CollectionGapRecord extends OfCluster {
  readonly fromUnixMilliseconds: Milliseconds;
  readonly toUnixMilliseconds: Milliseconds;
  readonly reason: 'not-running' | 'watch-lost' | 'sample-missed';
}

/** All Jobs that are there: whatever was not known to have ended or gone, and is not among them, has gone since. */
export interface JobsPresentRecord extends OfCluster {
  readonly uids: readonly string[];
  /** Undefined: of all namespaces. */
  readonly namespace: string | undefined;
  readonly unixMilliseconds: Milliseconds;
}

export type CollectionNote =
  | { readonly kind: 'job'; readonly record: JobRecord }
  | { readonly kind: 'job-pod'; readonly record: JobPodRecord }
  | { readonly kind: 'jobs-present'; readonly record: JobsPresentRecord }
  | { readonly kind: 'cluster-state'; readonly record: ClusterStateRecord }
  | { readonly kind: 'scheduling-event'; readonly record: SchedulingEventRecord }
  | { readonly kind: 'metric'; readonly record: MetricRecord }
  | { readonly kind: 'node-use'; readonly record: NodeUseRecord }
  | { readonly kind: 'collection'; readonly record: CollectionRecord }
  | { readonly kind: 'collection-gap'; readonly record: CollectionGapRecord };

/** Where what is collected is kept. Neither throws nor waits. */
export interface CollectionSink {
  collected(note: CollectionNote): void;
}
