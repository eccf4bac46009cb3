import type { SchedulingEventRecord } from '../../history/collection-record.ts';
import type { KubeObject } from '../kube-object.ts';
import { timeOf } from './job-reader.ts';

/** Events of Kubernetes that are kept, by their reason. What Jobs and pods tell of themselves is not taken from here. */
const TYPES: Readonly<Record<string, string>> = {
  FailedScheduling: 'failed-scheduling',
  Preempted: 'preempted',
  Evicted: 'evicted',
  FailedCreate: 'failed-create',
  BackOff: 'back-off',
  FailedMount: 'failed-mount',
  QuotaReserved: 'quota-reserved',
};

/** What an event is about, beside what is kept of it. */
export interface ReadEvent {
  readonly record: SchedulingEventRecord;
  readonly kind: string;
  readonly objectUid: string | undefined;
}

interface RawEvent {
  readonly involvedObject?: {
    readonly kind?: string;
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
  };
  readonly reason?: string;
  readonly message?: string;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly count?: number | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null } | null;
}

/** Reads a core/v1 Event; undefined for one of no interest, or without a time. */
export function readEvent(object: KubeObject): ReadEvent | undefined {
  const event = object as RawEvent & KubeObject;
  const type = TYPES[event.reason ?? ''];
  const { kind = '', name = '', namespace, uid } = event.involvedObject ?? {};
  if (type === undefined || (kind !== 'Pod' && kind !== 'Job' && kind !== 'Workload')) return undefined;
  const at =
    timeOf(event.series?.lastObservedTime) ??
    timeOf(event.lastTimestamp) ??
    timeOf(event.eventTime) ??
    timeOf(event.firstTimestamp);
  if (at === undefined) return undefined;
  return {
    kind,
    objectUid: uid,
    record: {
      unixMilliseconds: at,
      jobUid: kind === 'Job' ? uid : undefined,
      podUid: kind === 'Pod' ? uid : undefined,
      namespace: namespace ?? object.metadata.namespace ?? 'default',
      object: `${kind}/${name}`,
      type,
      scheduler: event.reportingComponent || event.source?.component,
      times: event.series?.count ?? event.count ?? 1,
      reason: event.reason,
      message: event.message,
      told: `event/${object.metadata.uid}`,
    },
  };
}
