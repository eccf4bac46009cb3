import { errors } from './errors.ts';
import type { KubeApi } from './kube-api.ts';
import { refusal } from './refusal.ts';
import type { JobTemplateRule } from './suspended-job-patch.ts';

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** `v1.36.4`, with what a distribution adds. */
  readonly gitVersion: string;
}

/** What the cluster allows. */
export interface ServerFeatures {
  readonly version: ServerVersion;
  /** What can set the gate on new pods: the server itself, or a webhook that it asks. */
  readonly gatesBy: 'policy' | 'webhook';
  readonly jobTemplates: JobTemplateRule;
  /** Kueue holds pods by a gate of its own, and starts the Jobs of its queues. */
  readonly kueue: boolean;
  /** metrics-server, or another that serves metrics.k8s.io. */
  readonly metrics: boolean;
}

/** Scheduling gates, and directives that may change while a pod is gated, are stable since 1.30. */
const OLDEST_MINOR = 30;
/** MutableSchedulingDirectivesForSuspendedJobs is on by default since. */
const SUSPENDED_JOBS_MINOR = 36;

/**
 * Asks the server for its version and its API groups.
 *
 * @throws KISIM_E_KUBE_TOO_OLD below 1.30, KISIM_E_KUBE_ANSWER where it is no API server, and what `KubeApi.request` throws
 */
export async function serverFeatures(api: KubeApi): Promise<ServerFeatures> {
  const version = parseVersion((await get(api, '/version')) as Readonly<Record<string, unknown>>);
  if (version.major < 1 || (version.major === 1 && version.minor < OLDEST_MINOR))
    throw errors.KISIM_E_KUBE_TOO_OLD(`${version.gitVersion} at ${api.name}`);
  const groups = namesIn(await get(api, '/apis'), 'groups');
  const admission = namesIn(await get(api, '/apis/admissionregistration.k8s.io/v1'), 'resources');
  return {
    version,
    gatesBy: admission.has('mutatingadmissionpolicies') ? 'policy' : 'webhook',
    jobTemplates: version.major > 1 || version.minor >= SUSPENDED_JOBS_MINOR ? 'suspended' : 'before-start',
    kueue: groups.has('kueue.x-k8s.io'),
    metrics: groups.has('metrics.k8s.io'),
  };
}

/**
 * `major` and `minor` of `/version` have a `+` behind them in some distributions; what counts is `gitVersion`.
 *
 * @throws KISIM_E_KUBE_ANSWER
 */
export function parseVersion(body: Readonly<Record<string, unknown>>): ServerVersion {
  const gitVersion = body?.['gitVersion'];
  const parts = typeof gitVersion === 'string' ? /^v(\d+)\.(\d+)(?:[.+-]|$)/.exec(gitVersion) : null;
  if (parts === null)
    throw errors.KISIM_E_KUBE_ANSWER(`GET /version: ${JSON.stringify(body)?.slice(0, 200)}`);
  return { major: Number(parts[1]), minor: Number(parts[2]), gitVersion: gitVersion as string };
}

async function get(api: KubeApi, path: string): Promise<unknown> {
  const request = { method: 'GET', path } as const;
  const response = await api.request(request);
  if (response.status !== 200) throw refusal(request, response);
  return response.body;
}

function namesIn(body: unknown, list: string): ReadonlySet<string> {
  const items: unknown = (body as Readonly<Record<string, unknown>> | null)?.[list];
  if (!Array.isArray(items))
    throw errors.KISIM_E_KUBE_ANSWER(`no ${list} in a list of what the server offers`);
  return new Set(items.map(({ name }: { name: string }) => name));
}
