import type { Node } from '../cluster/node.ts';
import type { Pod } from '../cluster/pod.ts';
import { type NodeIdentity, readNodeIdentity } from './energy/node-identity.ts';
import { errors } from './errors.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { isUsable, NodeReader } from './node-reader.ts';
import { isObject, readList } from './object-list.ts';
import { podHints } from './pod-hints.ts';
import { PodReader } from './pod-reader.ts';
import { refusal } from './refusal.ts';

export interface ListedPod {
  /** With all that it asks of nodes, also where it has one. */
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
const LIST_TIMEOUT_MILLISECONDS = 60_000;
/** A list that takes longer than the server keeps its version begins anew, so often. */
const TRIES = 3;

/**
 * Lists nodes and pods once, and changes nothing. Pods that have ended are left out.
 *
 * @throws KISIM_E_KUBE_..., KISIM_E_MANIFEST_... for an object that cannot be read
 */
export async function clusterSnapshot(api: KubeApi, signal?: AbortSignal): Promise<ClusterSnapshot> {
  const nodeReader = new NodeReader();
  const podReader = new PodReader(podHints);
  const nodeObjects = await listAll(api, '/api/v1/nodes', undefined, signal);
  const podObjects = await listAll(
    api,
    '/api/v1/pods',
    'status.phase!=Succeeded,status.phase!=Failed',
    signal,
  );
  const nodes = nodeObjects.map((object) => nodeReader.read(object)).filter(isUsable);
  return {
    nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    identities: nodeObjects.map(readNodeIdentity),
    pods: podObjects.map((object) => {
      const { nodeName } = object['spec'] as { readonly nodeName?: string };
      const owners = object.metadata['ownerReferences'] as readonly { readonly kind: string }[] | undefined;
      return {
        pod: podReader.imagine(object),
        nodeName: nodeName === '' ? undefined : nodeName,
        ownerKinds: owners?.map(({ kind }) => kind) ?? [],
      };
    }),
  };
}

async function listAll(
  api: KubeApi,
  path: string,
  fieldSelector: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly KubeObject[]> {
  for (let tries = 1; ; tries++) {
    const objects = await listOnce(api, path, fieldSelector, signal);
    if (objects !== undefined) return objects;
    if (tries >= TRIES) throw errors.KISIM_E_KUBE_ANSWER(`list ${path}: its version was lost ${tries} times`);
  }
}

/** Undefined where the server has forgotten the version between two pages. */
async function listOnce(
  api: KubeApi,
  path: string,
  fieldSelector: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly KubeObject[] | undefined> {
  const objects: KubeObject[] = [];
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
    objects.push(...page.items.filter(isObject));
    from = page.continueFrom;
  } while (from !== undefined);
  return objects;
}
