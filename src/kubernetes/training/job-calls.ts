import type { ApiObject, ObjectMeta } from '../api-objects.ts';
import type { KubeApi, KubeRequest } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import { refusal, statusOf } from '../refusal.ts';
import { deleteObject, listObjects, readObject, succeeded } from '../setup/calls.ts';
import { trainingErrors } from './errors.ts';
import {
  orderConfigMap,
  TRAINING_LABEL,
  type TrainingJobOptions,
  trainingJob,
  WORKER_CONTAINER,
} from './job-manifest.ts';

/** A ConfigMap holds 1 MiB of data at most, and its base64 form goes over the wire. */
const MOST_ORDER_BYTES = 1_000_000;
/** Of a worker's output that is fetched at most. */
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;
const OUTPUT_TIMEOUT_MILLISECONDS = 120_000;

function jobsPath(namespace: string): string {
  return `/apis/batch/v1/namespaces/${namespace}/jobs`;
}

function jobPath(namespace: string, name: string): string {
  return `${jobsPath(namespace)}/${name}`;
}

/**
 * Makes the Job and its order and lets it run; what is there already from a call that was cut short stays, so that it may be
 * called again.
 *
 * @returns the uid of the Job
 * @throws KISIM_E_TRAINING_ORDER_SIZE, _NAMESPACE, _REFUSED, KISIM_E_KUBE_...
 */
export async function startTrainingJob(
  api: KubeApi,
  options: TrainingJobOptions,
  order: Uint8Array,
): Promise<string> {
  if (order.length > MOST_ORDER_BYTES)
    throw trainingErrors.KISIM_E_TRAINING_ORDER_SIZE(`${order.length} bytes`);
  const { namespace, name, id } = options;
  const job = await create(api, jobsPath(namespace), trainingJob(options), id);
  const { uid } = job.metadata;
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  await create(api, maps, orderConfigMap(options, uid, order), id);
  const release: KubeRequest = {
    method: 'PATCH',
    path: jobPath(namespace, name),
    patchType: 'merge',
    body: { metadata: { uid }, spec: { suspend: false } },
  };
  succeeded(release, await api.request(release));
  return uid;
}

/**
 * Asks the API server whether it would take the Job, and makes nothing.
 *
 * @throws KISIM_E_TRAINING_NAMESPACE, _REFUSED, KISIM_E_KUBE_...
 */
export async function tryTrainingJob(api: KubeApi, options: TrainingJobOptions): Promise<void> {
  await create(api, jobsPath(options.namespace), trainingJob(options), options.id, { dryRun: 'All' });
}

async function create(
  api: KubeApi,
  path: string,
  object: ApiObject,
  id: string,
  query: NonNullable<KubeRequest['query']> = {},
): Promise<KubeObject> {
  const request: KubeRequest = { method: 'POST', path, query, body: object };
  const response = await api.request(request);
  if (response.status === 201) return response.body as KubeObject;
  if (response.status === 409 && statusOf(response.body)?.reason === 'AlreadyExists') {
    const found = await readObject(api, `${path}/${object.metadata.name}`);
    const labels = found?.metadata['labels'] as Readonly<Record<string, string>> | undefined;
    if (found !== undefined && labels?.[TRAINING_LABEL] === id) return found;
  }
  const cause = refusal(request, response);
  const { reason } = statusOf(response.body) ?? {};
  if (response.status === 404) throw trainingErrors.KISIM_E_TRAINING_NAMESPACE(cause.found, { cause });
  // A namespace that is being deleted answers with 403 too, as quotas and policies do: not for want of a verb.
  const isPolicy = response.status === 403 && !/cannot create resource/.test(cause.found);
  if (isPolicy || response.status === 422 || reason === 'AlreadyExists')
    throw trainingErrors.KISIM_E_TRAINING_REFUSED(cause.found, { cause });
  throw cause;
}

/** Deletes a Job; its pods and its order go with it. @returns whether there was one. @throws KISIM_E_KUBE_... */
export async function removeTrainingJob(api: KubeApi, namespace: string, name: string): Promise<boolean> {
  return await deleteObject(api, jobPath(namespace, name));
}

export interface OutputOptions {
  /** The last so many; all where left out. */
  readonly lines?: number;
  /** Until the whole of it is there; a node that is gone lets wait for ever. */
  readonly timeoutMilliseconds?: number;
  readonly signal?: AbortSignal;
}

/**
 * What a worker wrote so far.
 *
 * @returns undefined where the pod or its output is gone, or has not begun
 * @throws KISIM_E_KUBE_...
 */
export async function workerOutput(
  api: KubeApi,
  namespace: string,
  pod: string,
  { lines, timeoutMilliseconds = OUTPUT_TIMEOUT_MILLISECONDS, signal }: OutputOptions = {},
): Promise<string | undefined> {
  const request: KubeRequest = {
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`,
    query: { container: WORKER_CONTAINER, limitBytes: MOST_OUTPUT_BYTES, tailLines: lines },
    timeoutMilliseconds,
    ...(signal === undefined ? {} : { signal }),
  };
  const response = await api.request(request);
  // 400: the container has not started; 404: no such pod.
  if (response.status === 400 || response.status === 404) return undefined;
  const body = succeeded(request, response);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** Why the controller of Jobs could make no pods, the newest event of it; undefined: it tells of nothing. @throws KISIM_E_KUBE_... */
export async function refusedPods(
  api: KubeApi,
  namespace: string,
  jobUid: string,
): Promise<string | undefined> {
  const events = await listObjects(api, `/api/v1/namespaces/${namespace}/events`, {
    fieldSelector: `involvedObject.uid=${jobUid}`,
  });
  const failed = events.filter((event) => event['reason'] === 'FailedCreate');
  const timeOf = (event: KubeObject) => String(event['lastTimestamp'] ?? event.metadata['creationTimestamp']);
  const newest = failed.toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))[0];
  return newest === undefined ? undefined : String(newest['message']);
}

/** Whether a Job is there, and of this training. @throws KISIM_E_KUBE_... */
export async function isTrainingJobThere(
  api: KubeApi,
  namespace: string,
  name: string,
  id: string,
): Promise<boolean> {
  const found = await readObject(api, jobPath(namespace, name));
  const { labels, deletionTimestamp } = (found?.metadata ?? {}) as ObjectMeta;
  return deletionTimestamp === undefined && labels?.[TRAINING_LABEL] === id;
}
