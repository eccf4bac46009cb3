import type { ClusterWatcher } from '../kubernetes/cluster-watcher.ts';
import { errors } from '../kubernetes/errors.ts';
import type { KubeApi, KubeRequest } from '../kubernetes/kube-api.ts';
import { OPT_IN_LABEL, OPT_IN_VALUE, SKIP_LABEL } from '../kubernetes/names.ts';
import { refusal } from '../kubernetes/refusal.ts';
import type { Resident } from './resident.ts';

/** The list of one node's pods is not held up by a server that hangs for longer. */
const READ_MILLISECONDS = 10_000;

/** The pods on the nodes of a live cluster. */
export class KubeResidents {
  readonly #api: KubeApi;
  readonly #watcher: Pick<ClusterWatcher, 'pods' | 'namespaces'>;

  constructor(api: KubeApi, watcher: Pick<ClusterWatcher, 'pods' | 'namespaces'>) {
    this.#api = api;
    this.#watcher = watcher;
  }

  byNode(): ReadonlyMap<string, readonly Resident[]> {
    const { namespaces } = this.#watcher;
    const byNode = new Map<string, Resident[]>();
    for (const watched of this.#watcher.pods()) {
      const { nodeName, pod, traits } = watched;
      if (nodeName === undefined) continue;
      const { uid, ownerKinds, isDeleting, createdUnixMilliseconds } = watched;
      const { namespace, name } = pod;
      const isOptedIn =
        namespaces.get(namespace)?.[OPT_IN_LABEL] === OPT_IN_VALUE &&
        pod.scheduling?.labels[SKIP_LABEL] === undefined;
      const list = byNode.get(nodeName) ?? [];
      list.push({
        uid,
        namespace,
        name,
        ownerKinds,
        isDeleting,
        createdUnixMilliseconds,
        pod,
        isOptedIn,
        ...traits,
      });
      byNode.set(nodeName, list);
    }
    return byNode;
  }

  /** @throws KISIM_E_KUBE_... */
  async readOn(node: string, signal: AbortSignal): Promise<readonly Pick<Resident, 'name' | 'ownerKinds'>[]> {
    const request: KubeRequest = {
      method: 'GET',
      path: '/api/v1/pods',
      query: { fieldSelector: `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed` },
      timeoutMilliseconds: READ_MILLISECONDS,
      signal,
    };
    const response = await this.#api.request(request);
    if (response.status !== 200) throw refusal(request, response);
    const { items } = response.body as { readonly items?: readonly ListedPod[] };
    if (!Array.isArray(items)) throw errors.KISIM_E_KUBE_ANSWER(`GET ${request.path}: no items`);
    return items.map(({ metadata }: ListedPod) => ({
      name: `${metadata.namespace}/${metadata.name}`,
      ownerKinds: (metadata.ownerReferences ?? []).map(({ kind }) => kind),
    }));
  }
}

interface ListedPod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
}
