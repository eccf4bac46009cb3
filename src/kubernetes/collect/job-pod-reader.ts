import type { JobPodRecord } from '../../history/collection-record.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { ObjectMeta } from '../api-objects.ts';
import type { KubeObject } from '../kube-object.ts';
import type { PodReader, WatchedPod } from '../pod-reader.ts';
import { timeOf } from './job-reader.ts';

/** A pod of a Job, ended ones too. */
export interface ReadJobPod extends Omit<JobPodRecord, 'seenUnixMilliseconds'> {
  readonly watched: WatchedPod;
  readonly priority: number | undefined;
  /** When a container of it was killed for want of memory; undefined: none was, or it is not told when. */
  readonly oomUnixMilliseconds: Milliseconds | undefined;
  readonly isRunning: boolean;
  readonly hasEnded: boolean;
}

interface Terminated {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly finishedAt?: string | null;
}

interface ContainerStatus {
  readonly state?: { readonly terminated?: Terminated; readonly running?: unknown };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface RawPod {
  readonly spec?: {
    readonly nodeName?: string;
    readonly schedulerName?: string;
    readonly priority?: number;
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly lastTransitionTime?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** By its containers, else by the condition that its kubelet set when they had ended. */
function finishedAt(
  ends: readonly Milliseconds[],
  conditions: NonNullable<NonNullable<RawPod['status']>['conditions']>,
): Milliseconds | undefined {
  if (ends.length > 0) return Math.max(...ends);
  const ready = conditions.find(
    ({ type, reason }) => type === 'ContainersReady' && (reason === 'PodCompleted' || reason === 'PodFailed'),
  );
  return timeOf(ready?.lastTransitionTime);
}

/** Undefined for a pod that no Job controls. @throws KISIM_E_MANIFEST_... naming the pod and the field */
export function readJobPod(
  object: KubeObject,
  reader: PodReader,
  before: ReadJobPod | undefined,
): ReadJobPod | undefined {
  const { ownerReferences = [] } = object.metadata as unknown as ObjectMeta;
  const job = ownerReferences.find(({ kind, controller }) => kind === 'Job' && controller === true);
  if (job?.uid === undefined) return undefined;
  const { spec, status } = object as RawPod;
  const { phase = 'Unknown', containerStatuses = [], conditions = [] } = status ?? {};
  const nodeName = spec?.nodeName === '' ? undefined : spec?.nodeName;
  const now = containerStatuses.flatMap(({ state }) => state?.terminated ?? []);
  const killed = containerStatuses
    .flatMap(({ state, lastState }) => [state?.terminated ?? [], lastState?.terminated ?? []].flat())
    .filter(({ reason }) => reason === 'OOMKilled');
  const hasEnded = phase === 'Succeeded' || phase === 'Failed';
  const ends = now.flatMap(({ finishedAt }) => timeOf(finishedAt) ?? []);
  const hasRun = containerStatuses.some(({ state }) => state?.running !== undefined) || now.length > 0;
  const scheduled = conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'True');
  return {
    uid: object.metadata.uid,
    jobUid: job.uid,
    scheduler: spec?.schedulerName ?? 'default-scheduler',
    phase,
    scheduledUnixMilliseconds: timeOf(scheduled?.lastTransitionTime),
    finishedUnixMilliseconds: hasEnded ? finishedAt(ends, conditions) : undefined,
    exitCode: now.reduce<number | undefined>(
      (most, { exitCode }) => (exitCode === undefined ? most : Math.max(most ?? exitCode, exitCode)),
      undefined,
    ),
    isOomKilled: hasRun ? killed.length > 0 : undefined,
    reason: status?.reason ?? now.find(({ exitCode }) => exitCode !== 0)?.reason,
    watched: reader.read(object, nodeName, before?.watched),
    priority: spec?.priority,
    oomUnixMilliseconds: timeOf(killed[0]?.finishedAt),
    isRunning: phase === 'Running',
    hasEnded,
  };
}
