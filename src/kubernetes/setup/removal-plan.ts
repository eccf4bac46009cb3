import type { ApiNode, ApiPod } from '../api-objects.ts';
import { isGated } from '../gated-pod-patch.ts';
import type { KubeApi } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import {
  AUTOSCALE_LEASE_NAME,
  DOMAIN,
  JOB_LABEL,
  JOB_LABEL_VALUE,
  LEASE_NAME,
  OPT_IN_LABEL,
  PAUSE_CONFIG_MAP,
  QUEUE_LEASE_NAME,
  SLEEP_ANNOTATION,
} from '../names.ts';
import { demandRemovalAccess } from './access.ts';
import { listObjects, readObject } from './calls.ts';
import { refuseOtherSetup } from './other-gating.ts';
import { accountKinds, gatingKinds, listPath, type OwnKind, ownPath, ownSelector } from './own-kinds.ts';
import { isOurs } from './plan.ts';
import { checkRequest } from './request.ts';
import { leaseHolder } from './state.ts';

export interface OwnObject {
  readonly kind: string;
  /** `NAMESPACE/NAME` for what is in one. */
  readonly name: string;
  readonly path: string;
  readonly uid: string;
}

/** Everything of the program that is in a cluster. */
export interface Remains {
  readonly gating: readonly OwnObject[];
  readonly gatedPods: readonly ApiPod[];
  readonly optedIn: readonly string[];
  /** With labels or taints of ours. */
  readonly nodes: readonly ApiNode[];
  readonly accounts: readonly OwnObject[];
  readonly namespace: OwnObject | undefined;
}

export interface RemovalPlan extends Remains {
  readonly cluster: string;
  /** What somebody else keeps in our namespace, which then stays. */
  readonly keepsNamespace: readonly string[];
  readonly notes: readonly string[];
}

const POD_LIST = '/api/v1/pods';
/** A pod with a gate has no node, and with it no other phase. */
const WAITING = { fieldSelector: 'status.phase=Pending,spec.nodeName=' };

/**
 * What is to be removed, in the order in which it goes: first what gates pods, last the rights to free them.
 *
 * @throws KISIM_E_SETUP_TWICE, KISIM_E_SETUP_FORBIDDEN, KISIM_E_KUBE_...
 */
export async function planRemoval(api: KubeApi, namespace: string): Promise<RemovalPlan> {
  checkRequest({ namespace, optIn: [] });
  await refuseOtherSetup(api, namespace);
  await demandRemovalAccess(api, namespace, await offeredKinds(api));
  const found = await remains(api, namespace);
  return {
    ...found,
    cluster: api.name,
    keepsNamespace: found.namespace === undefined ? [] : await foreignIn(api, namespace),
    notes: await notesOf(api, found, await leaseHolder(api, namespace)),
  };
}

/** @throws KISIM_E_KUBE_... */
export async function remains(api: KubeApi, namespace: string): Promise<Remains> {
  const own = await readObject(api, `/api/v1/namespaces/${namespace}`);
  const namespaces = await listObjects(api, '/api/v1/namespaces', { labelSelector: OPT_IN_LABEL });
  const inNamespace = own === undefined ? [] : await ownInNamespace(api, namespace);
  return {
    gating: await ownObjects(api, gatingKinds),
    gatedPods: await gatedPods(api),
    optedIn: namespaces.map(({ metadata }) => metadata.name),
    nodes: (await listObjects(api, '/api/v1/nodes')).filter(isMarked) as readonly ApiNode[],
    accounts: [...(await ownObjects(api, accountKinds)), ...inNamespace],
    namespace:
      own === undefined || !isOurs(own)
        ? undefined
        : ownObject('Namespace', own, `/api/v1/namespaces/${namespace}`),
  };
}

export async function gatedPods(api: KubeApi): Promise<readonly ApiPod[]> {
  return (await listObjects(api, POD_LIST, WAITING)).filter((pod) =>
    isGated(pod as ApiPod),
  ) as readonly ApiPod[];
}

/** Older servers have no admission policies: nothing to ask the rights for. */
async function offeredKinds(api: KubeApi): Promise<readonly OwnKind[]> {
  const { body } = await api.request({ method: 'GET', path: '/apis/admissionregistration.k8s.io/v1' });
  const { resources = [] } = body as { readonly resources?: readonly { readonly name: string }[] };
  const offered = new Set(resources.map(({ name }) => name));
  return [...gatingKinds.filter(({ plural }) => offered.has(plural)), ...accountKinds];
}

async function ownObjects(api: KubeApi, kinds: readonly OwnKind[]): Promise<readonly OwnObject[]> {
  const found: OwnObject[] = [];
  for (const kind of kinds) {
    for (const object of await listObjects(api, listPath(kind), ownSelector)) {
      const { name, namespace } = object.metadata;
      found.push(ownObject(kind.kind, object, ownPath(kind, name, namespace)));
    }
  }
  return found;
}

/** The lease and the emergency stop, which the daemon and its users make, without a label. */
async function ownInNamespace(api: KubeApi, namespace: string): Promise<readonly OwnObject[]> {
  const found: OwnObject[] = [];
  for (const [kind, path] of [
    ...[LEASE_NAME, AUTOSCALE_LEASE_NAME, QUEUE_LEASE_NAME].map(
      (name) => ['Lease', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`] as const,
    ),
    ['ConfigMap', `/api/v1/namespaces/${namespace}/configmaps/${PAUSE_CONFIG_MAP}`],
  ] as const) {
    const object = await readObject(api, path);
    if (object !== undefined) found.push(ownObject(kind, object, path));
  }
  return found;
}

function ownObject(kind: string, { metadata }: KubeObject, path: string): OwnObject {
  const { name, namespace, uid } = metadata;
  return { kind, name: namespace === undefined ? name : `${namespace}/${name}`, path, uid };
}

/** What the program has written on a node. */
export interface OwnMarks {
  readonly labels: readonly string[];
  /** Indices. */
  readonly taints: readonly number[];
  /** Its sleep, with the cordon that belongs to it where that is the program's. */
  readonly sleep: 'marked' | 'cordoned' | undefined;
}

/** Labels and taints of our domain, whatever part of the program set them, and the mark of nodes that sleep. */
export function ownMarks(node: ApiNode): OwnMarks {
  const isOwn = (key: string): boolean => key.startsWith(`${DOMAIN}/`);
  const mark = node.metadata?.annotations?.[SLEEP_ANNOTATION];
  const isCordon = mark !== undefined && node.spec?.unschedulable === true && sleepState(mark) !== 'awake';
  return {
    labels: Object.keys(node.metadata?.labels ?? {}).filter(isOwn),
    taints: (node.spec?.taints ?? []).flatMap(({ key }, at) => (isOwn(key) ? [at] : [])),
    sleep: mark === undefined ? undefined : isCordon ? 'cordoned' : 'marked',
  };
}

/** The state of a mark; one that is not ours to read leaves the cordon to whoever made it. */
export function sleepState(mark: string): string {
  try {
    const { state } = JSON.parse(mark) as { readonly state?: unknown };
    return typeof state === 'string' ? state : 'awake';
  } catch (error) {
    if (error instanceof SyntaxError) return 'awake';
    throw error;
  }
}

function isMarked(node: KubeObject): boolean {
  const { labels, taints, sleep } = ownMarks(node as ApiNode);
  return labels.length + taints.length > 0 || sleep !== undefined;
}

/** Kinds in which somebody keeps something; what controllers put into every namespace is left out. */
const keptKinds = [
  ['Pod', '/api/v1', 'pods'],
  ['ConfigMap', '/api/v1', 'configmaps'],
  ['Secret', '/api/v1', 'secrets'],
  ['PersistentVolumeClaim', '/api/v1', 'persistentvolumeclaims'],
  ['Service', '/api/v1', 'services'],
  ['Deployment', '/apis/apps/v1', 'deployments'],
  ['StatefulSet', '/apis/apps/v1', 'statefulsets'],
  ['DaemonSet', '/apis/apps/v1', 'daemonsets'],
  ['Job', '/apis/batch/v1', 'jobs'],
  ['CronJob', '/apis/batch/v1', 'cronjobs'],
] as const;
const everywhere: ReadonlySet<string> = new Set([
  `ConfigMap kube-root-ca.crt`,
  `ConfigMap ${PAUSE_CONFIG_MAP}`,
]);

async function foreignIn(api: KubeApi, namespace: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [kind, base, plural] of keptKinds) {
    for (const object of await listObjects(api, `${base}/namespaces/${namespace}/${plural}`)) {
      const name = `${kind} ${object.metadata.name}`;
      if (!isOurs(object) && !everywhere.has(name)) found.push(name);
    }
  }
  return found;
}

async function notesOf(
  api: KubeApi,
  { nodes }: Remains,
  leader: string | undefined,
): Promise<readonly string[]> {
  const notes = [
    `annotations of pods (${DOMAIN}/node, ${DOMAIN}/decided-by) and node affinity stay on the pods that were placed, and ${DOMAIN}/affinity on Deployments`,
  ];
  const jobs = await listObjects(api, '/apis/batch/v1/jobs', {
    labelSelector: `${JOB_LABEL}=${JOB_LABEL_VALUE}`,
  });
  const suspended = jobs.filter((job) => (job['spec'] as { readonly suspend?: boolean }).suspend === true);
  if (suspended.length > 0) {
    const names = suspended.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(', ');
    notes.push(`suspended Jobs that wait for kisimd stay suspended, as their owner made them: ${names}`);
  }
  const asleep = nodes.filter(({ metadata }) => {
    const state = sleepState(metadata?.annotations?.[SLEEP_ANNOTATION] ?? '{}');
    return state === 'asleep' || state === 'falling-asleep';
  });
  if (asleep.length > 0) {
    const names = asleep.map(({ metadata }) => metadata?.name).join(', ');
    notes.push(`nodes that sleep are uncordoned, and to be woken by hand: ${names}`);
  }
  if (leader !== undefined)
    notes.push(
      `${leader} holds the lease: a daemon that still runs loses its rights; stop it, or let it meter alone (placement.cluster: off)`,
    );
  return notes;
}
