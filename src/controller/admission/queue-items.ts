import type { ApiPodTemplate } from '../../kubernetes/api-objects.ts';
import type { EstimateOrigin, JobType } from '../../queueing/policy.ts';
import type { Milliseconds } from '../../util/units.ts';

/** Pods of a job that are alike. */
export interface PodGroup {
  readonly name: string;
  readonly count: number;
  readonly template: ApiPodTemplate;
}

/** A job of a live cluster that waits to be admitted. The same object as long as nothing of it changes. */
export interface WaitingItem {
  /** Of the object that is written. */
  readonly uid: string;
  /** Of the Job whose pods these will be. */
  readonly jobUid: string;
  readonly kind: 'Job' | 'Workload';
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** By the API server's clock. */
  readonly sinceUnixMilliseconds: Milliseconds;
  readonly priority: number;
  readonly type: JobType;
  /** Infinity where nothing says it. */
  readonly estimatedSeconds: number;
  readonly estimateOrigin: EstimateOrigin;
  readonly groups: readonly PodGroup[];
}

/** One that was admitted and has not ended. */
export interface RunningItem extends WaitingItem {
  readonly admittedUnixMilliseconds: Milliseconds;
}

/** What became of an item. */
export interface AdmissionResult {
  /** `conflict`: it has changed since, and comes again. */
  readonly outcome:
    | 'admitted'
    | 'retry'
    | 'rejected'
    | 'gone'
    | 'refused'
    | 'conflict'
    | 'not-leader'
    | 'failed';
  readonly reason?: string;
  /** Whether the nodes of the plan were written. */
  readonly withNodes?: boolean;
}

/** Where the pods of a job are to go. */
export interface GangPlan {
  /** Node of each pod, group by group. */
  readonly nodes: readonly { readonly group: string; readonly node: string }[];
  /** Each node once, those with more of the pods first. */
  readonly names: readonly [string, ...string[]];
}

/** A kind of queue on a cluster. */
export interface QueueSource {
  waiting(): Iterable<WaitingItem>;
  running(): Iterable<RunningItem>;
  /** Lets it start. The plan is booked from before the call. Never rejects. */
  admit(item: WaitingItem, plan: GangPlan, signal: AbortSignal): Promise<AdmissionResult>;
  /** Gives up what it holds so that others may have it; left out: waiting holds nothing. */
  sendBack?(
    item: WaitingItem,
    verdict: { readonly forGood: boolean; readonly reason: string },
    signal: AbortSignal,
  ): Promise<AdmissionResult>;
  /** Returns what ends it. */
  subscribe(changed: () => void): () => void;
}
