import type { KubeObject } from '../kube-object.ts';
import { WORKER_CONTAINER } from './job-manifest.ts';

/** A pod of a Job with indices, as far as it is looked at. */
export interface WorkerPod {
  readonly uid: string;
  readonly name: string;
  readonly index: number;
  readonly created: string;
  readonly node: string | undefined;
  readonly isLeaving: boolean;
  readonly phase: string;
  /** Why its container waits: `ImagePullBackOff`; undefined where it does not. */
  readonly waits: { readonly reason: string; readonly message: string } | undefined;
  /** Why no node takes it. */
  readonly unschedulable: string | undefined;
  readonly isRunning: boolean;
  /** What its container left behind, and how it ended. */
  readonly ended:
    | { readonly exitCode: number; readonly reason: string; readonly message: string | undefined }
    | undefined;
}

/** As much of a Job as is looked at. */
export interface WorkerJob {
  readonly uid: string;
  readonly completed: ReadonlySet<number>;
  readonly failed: ReadonlySet<number>;
  /** It makes no more pods. */
  readonly isDone: boolean;
  /** Why it failed as a whole. */
  readonly failure: string | undefined;
}

const INDEX = 'batch.kubernetes.io/job-completion-index';

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly { readonly name: string; readonly state?: ContainerState }[];
}

/** Undefined for a pod without an index. */
export function workerPod({ metadata, spec, status }: KubeObject): WorkerPod | undefined {
  const index = (metadata['annotations'] as Readonly<Record<string, string>> | undefined)?.[INDEX];
  if (index === undefined) return undefined;
  const { phase = 'Pending', reason, message, conditions, containerStatuses } = (status ?? {}) as PodStatus;
  const { waiting, running, terminated } =
    containerStatuses?.find(({ name }) => name === WORKER_CONTAINER)?.state ?? {};
  const scheduled = conditions?.find(({ type }) => type === 'PodScheduled');
  return {
    uid: metadata.uid,
    name: metadata.name,
    index: Number(index),
    created: String(metadata['creationTimestamp'] ?? ''),
    node: (spec as { readonly nodeName?: string } | undefined)?.nodeName,
    isLeaving: metadata['deletionTimestamp'] !== undefined,
    phase,
    waits:
      waiting?.reason === undefined ? undefined : { reason: waiting.reason, message: waiting.message ?? '' },
    unschedulable:
      scheduled?.status === 'False'
        ? (scheduled.message ?? scheduled.reason ?? 'no reason given')
        : undefined,
    isRunning: running !== undefined,
    ended:
      terminated !== undefined
        ? {
            exitCode: terminated.exitCode ?? -1,
            reason: terminated.reason ?? '',
            message: terminated.message,
          }
        : phase === 'Failed'
          ? // The kubelet refused or evicted it, or its node is gone.
            { exitCode: -1, reason: reason ?? '', message }
          : undefined,
  };
}

export function workerJob({ metadata, status }: KubeObject): WorkerJob {
  const { completedIndexes, failedIndexes, conditions } = (status ?? {}) as {
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
    readonly conditions?: NonNullable<PodStatus['conditions']>;
  };
  const holds = (name: string) => conditions?.find(({ type, status: is }) => type === name && is === 'True');
  const failure = holds('Failed') ?? holds('FailureTarget');
  return {
    uid: metadata.uid,
    completed: indexSet(completedIndexes),
    failed: indexSet(failedIndexes),
    isDone: failure !== undefined || holds('Complete') !== undefined,
    failure: failure === undefined ? undefined : `${failure.reason ?? ''}: ${failure.message ?? ''}`,
  };
}

/** `0-2,5` as the numbers 0, 1, 2 and 5 (as the Job controller writes them). */
export function indexSet(text = ''): ReadonlySet<number> {
  const found = new Set<number>();
  for (const part of text.split(',').filter((each) => each !== '')) {
    const [from, to = from] = part.split('-').map(Number);
    for (let index = from!; index <= to!; index++) found.add(index);
  }
  return found;
}
