import { collectErrors } from '../../controller/collect/errors.ts';
import {
  type PlannedJob,
  planJobs,
  type WorkloadSpec,
  weekSecondsAt,
} from '../../controller/collect/planned-job.ts';
import { type Resumed, resumed } from '../../controller/collect/resumed.ts';
import type { StoredCollection } from '../../history/collection-reader.ts';
import { clusterSnapshot } from '../../kubernetes/cluster-snapshot.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { CollectOptions } from './options.ts';

/** What is to be collected, and how much of it was before. */
export interface CollectPlan {
  readonly before: Resumed | undefined;
  /** As it is kept: what goes on is what is the same. */
  readonly spec: WorkloadSpec | { readonly hours: number } | undefined;
  readonly jobs: readonly PlannedJob[] | undefined;
}

/** @throws KISIM_E_KUBE_..., KISIM_E_QUEUE_WORKLOAD, KISIM_E_COLLECT_WORKLOAD for a cluster without nodes */
export async function collectPlan(
  asked: CollectOptions,
  collections: readonly StoredCollection[],
  api: KubeApi,
  now: number,
  signal: AbortSignal,
): Promise<CollectPlan> {
  const wanted = asked.workload ?? (asked.hours === undefined ? undefined : { hours: asked.hours });
  const before = resumed(collections, asked.namespace, (stored) => isSame(wanted, stored));
  if (asked.workload === undefined)
    return { before, spec: wanted as { hours: number } | undefined, jobs: undefined };
  // Of a workload that goes on, its beginning decides: the cluster may have other nodes by now.
  const spec =
    (before?.workload as WorkloadSpec | undefined) ?? (await specOf(asked.workload, api, now, signal));
  return { before, spec, jobs: planJobs(spec) };
}

function isSame(asked: object | undefined, stored: object | undefined): boolean {
  if (asked === undefined || stored === undefined) return asked === stored;
  const known = stored as Readonly<Record<string, unknown>>;
  const isWorkload = (spec: object) => 'strategy' in spec;
  return (
    isWorkload(asked) === isWorkload(stored) &&
    Object.entries(asked).every(([key, value]) => known[key] === value)
  );
}

async function specOf(
  asked: NonNullable<CollectOptions['workload']>,
  api: KubeApi,
  now: number,
  signal: AbortSignal,
): Promise<WorkloadSpec> {
  const { nodes } = await clusterSnapshot(api, signal);
  if (nodes.length === 0)
    throw collectErrors.KISIM_E_COLLECT_WORKLOAD(`no node in the cluster of ${api.name}`);
  const most = (of: 'cpuMilli' | 'memoryBytes') => Math.max(...nodes.map((node) => node[of]));
  return {
    ...asked,
    capacityMilli: nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0),
    largestNode: { cpuMilli: most('cpuMilli'), memoryBytes: most('memoryBytes') },
    weekSeconds: Math.floor(weekSecondsAt(now)),
  };
}
