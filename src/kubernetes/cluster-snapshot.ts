import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import type { ApiPod } from './api-objects.ts';
import { type NodeIdentity, readNodeIdentity } from './energy/node-identity.ts';
import { errors } from './errors.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { isUsable, NodeReader } from './node-reader.ts';
import { readList } from './object-list.ts';
import { withoutOwnChoice } from './own-choice.ts';
import { podHints } from './pod-hints.ts';
import { PodReader } from './pod-reader.ts';
import { refusal } from './refusal.ts';

export interface ListedPod {
  readonly uid: string;
  /** With all that it asks of nodes by itself, also where it has one; not what the program has chosen for it. */
  readonly pod: Pod;
  readonly nodeName: string | undefined;
  readonly ownerKinds: readonly string[];
}

/** A cluster as it is at this moment, from two lists. */
export interface ClusterSnapshot {
  /** That can take pods, by name. */
  readonly nodes: readonly Node[];
  readonly identities: readonly NodeIdentity[];
  readonly pods: readonly ListedPod[];
}

const PAGE = 500;
const NOT_ENDED = 'status.phase!=Succeeded,status.phase!=Failed';
const LIST_TIMEOUT_MILLISECONDS = 60_000;
/** A list that takes longer than the server keeps its version begins anew, so often. */
const TRIES = 3;

/**
 * Lists nodes and pods once, and changes nothing. Pods that have ended are left out.
 *
 * @throws KISIM_E_KUBE_..., KISIM_E_MANIFEST_... for an object that cannot be read
 */
export async function clusterSnapshot(api: KubeApi, signal?: AbortSignal): Promise<ClusterSnapshot> {
  const reader = new NodeReader();
  const read = (object: KubeObject) => ({
    node: reader.read(object),
    identity: readNodeIdentity(object),
  });
  const listed = await listAll(api, { path: '/api/v1/nodes' }, read, signal);
  const nodes = listed.map(({ node }) => node).filter(isUsable);
  return {
    nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    identities: listed.map(({ identity }) => identity),
    pods: await listPods(api, signal),
  };
}

/**
 * Lists pods that have not ended, a page at a time: of each only what is returned is held.
 *
 * @throws KISIM_E_KUBE_..., KISIM_E_MANIFEST_... for a pod that cannot be read
 */
export async function listPods(api: KubeApi, signal?: AbortSignal): Promise<readonly ListedPod[]> {
  const reader = new PodReader(podHints);
  return await listAll(
    api,
    { path: '/api/v1/pods', fieldSelector: NOT_ENDED },
    (object) => {
      const { nodeName } = object['spec'] as { readonly nodeName?: string };
      const owners = object.metadata['ownerReferences'] as readonly { readonly kind: string }[] | undefined;
      return {
        uid: object.metadata.uid,
        pod: reader.imagine(withoutOwnChoice(object as ApiPod) as KubeObject),
        nodeName: nodeName === '' ? undefined : nodeName,
        ownerKinds: owners?.map(({ kind }) => kind) ?? [],
      };
    },
    signal,
  );
}

interface Listing {
  readonly path: string;
  readonly fieldSelector?: string;
}

async function listAll<T>(
  api: KubeApi,
  listing: Listing,
  read: (object: KubeObject) => T,
  signal: AbortSignal | undefined,
): Promise<readonly T[]> {
  for (let tries = 1; ; tries++) {
    const all = await listOnce(api, listing, read, signal);
    if (all !== undefined) return all;
    if (tries >= TRIES)
      throw errors.KISIM_E_KUBE_ANSWER(`list ${listing.path}: its version was lost ${tries} times`);
  }
}

/** Undefined where the server has forgotten the version between two pages. */
async function listOnce<T>(
  api: KubeApi,
  { path, fieldSelector }: Listing,
  read: (object: KubeObject) => T,
  signal: AbortSignal | undefined,
): Promise<readonly T[] | undefined> {
  const all: T[] = [];
  let from: string | undefined;
  do {
    const request = {
      method: 'GET',
      path,
      query: { limit: PAGE, continue: from, fieldSelector },
      timeoutMilliseconds: LIST_TIMEOUT_MILLISECONDS,
      ...(signal === undefined ? {} : { signal }),
    } as const;
    const response = await api.request(request);
    if (response.status === 410 && from !== undefined) return undefined;
    if (response.status !== 200) throw refusal(request, response);
    const page = readList(path, response.body);
    for (const object of page.items) all.push(read(object));
    from = page.continueFrom;
  } while (from !== undefined);
  return all;
}
