import type { KisimError } from '../../util/errors.ts';
import type { KubeRequest } from '../kube-api.ts';
import { COMPONENT } from '../names.ts';
import type { ApiAdmissionCheck, ApiCheckState, ApiWorkload, CheckState } from './api-objects.ts';
import { holds } from './api-objects.ts';
import { KUEUE_GROUP, type KueueVersion, kueuePath } from './version.ts';

/** What is said of a check. */
export interface CheckVerdict {
  readonly state: Exclude<CheckState, 'Pending'>;
  readonly message: string;
  readonly podSetUpdates?: ApiCheckState['podSetUpdates'];
}

export type CheckResult =
  | { readonly outcome: 'written' }
  /** It has changed since, and will be told again. */
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'failed'; readonly error: KisimError };

/**
 * The checks of a workload that are to be decided now: pending, with quota reserved, and nothing that ends or evicts the workload
 * under way. A check that is answered while Kueue evicts the workload would stay answered, and the workload never be looked at
 * again (KEP-3258).
 *
 * @param own names of the checks that are the program's
 */
export function pendingChecks(workload: ApiWorkload, own: ReadonlySet<string>): readonly string[] {
  const { metadata, spec, status } = workload;
  if (metadata?.deletionTimestamp !== undefined || spec?.active === false) return [];
  const conditions = status?.conditions;
  if (!holds(conditions, 'QuotaReserved') || holds(conditions, 'Evicted') || holds(conditions, 'Finished'))
    return [];
  return (status?.admissionChecks ?? []).flatMap(({ name, state }) =>
    own.has(name) && state === 'Pending' ? [name] : [],
  );
}

/**
 * The request that answers all of the program's checks of a workload, by server-side apply: the list is keyed by name, and what an
 * owner of fields leaves out it gives up, so that its other checks are said again as they are. At the version that was read: where
 * anything has changed since, Kueue's eviction among it, it is refused (409).
 *
 * @param own names of the checks that are the program's
 */
export function checkRequest(
  version: KueueVersion,
  workload: ApiWorkload,
  own: ReadonlySet<string>,
  verdict: CheckVerdict,
  time: Date,
): KubeRequest {
  const { name = '', namespace = 'default', uid, resourceVersion } = workload.metadata ?? {};
  const pending = new Set(pendingChecks(workload, own));
  const lastTransitionTime = apiTime(time);
  const admissionChecks = (workload.status?.admissionChecks ?? [])
    .filter((check) => own.has(check.name))
    .map((check) =>
      pending.has(check.name)
        ? { name: check.name, lastTransitionTime, ...verdict }
        : { ...check, message: check.message ?? '' },
    );
  return applied(`${kueuePath(version, `namespaces/${namespace}/workloads/${name}`)}/status`, {
    apiVersion: `${KUEUE_GROUP}/${version}`,
    kind: 'Workload',
    metadata: { name, namespace, uid, resourceVersion },
    status: { admissionChecks },
  });
}

/** The request that tells Kueue that a check is served: without it the queues that use it stay closed. */
export function activeRequest(version: KueueVersion, check: ApiAdmissionCheck, time: Date): KubeRequest {
  const { name = '', generation } = check.metadata ?? {};
  const condition = {
    type: 'Active',
    status: 'True',
    reason: 'Active',
    message: 'The admission check is active',
    lastTransitionTime: apiTime(time),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return applied(`${kueuePath(version, `admissionchecks/${name}`)}/status`, {
    apiVersion: `${KUEUE_GROUP}/${version}`,
    kind: 'AdmissionCheck',
    metadata: { name },
    status: { conditions: [condition] },
  });
}

function applied(path: string, body: unknown): KubeRequest {
  const query = { fieldManager: `${COMPONENT}-admission`, force: true };
  return { method: 'PATCH', path, patchType: 'apply', query, body };
}

/** Times of the API have no parts of seconds. */
function apiTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
