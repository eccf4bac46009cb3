import type { KubeApi } from '../kube-api.ts';
import { LEASE_NAME, OPT_IN_LABEL, OPT_IN_VALUE } from '../names.ts';
import { listObjects, readObject } from './calls.ts';
import { setupNamespace } from './other-gating.ts';
import { gatingKinds, listPath, ownSelector } from './own-kinds.ts';

/** How far a cluster is set up. */
export interface SetupState {
  /** Of the program; undefined: it has no rights here, so that it is not set up. */
  readonly namespace: string | undefined;
  /** What holds new pods; undefined: nothing of ours. */
  readonly gatesBy: 'policy' | 'webhook' | undefined;
  readonly optedIn: readonly string[];
  /** Who holds the lease, and so places pods, as the lease says; a daemon that was killed still stands there. */
  readonly leader: string | undefined;
}

/** @throws KISIM_E_KUBE_... */
export async function setupState(api: KubeApi): Promise<SetupState> {
  const namespace = await setupNamespace(api);
  const kinds = new Set<string>();
  for (const kind of gatingKinds)
    if ((await listObjects(api, listPath(kind), ownSelector)).length > 0) kinds.add(kind.kind);
  const namespaces = await listObjects(api, '/api/v1/namespaces', {
    labelSelector: `${OPT_IN_LABEL}=${OPT_IN_VALUE}`,
  });
  const hasPolicy = kinds.has('MutatingAdmissionPolicy') && kinds.has('MutatingAdmissionPolicyBinding');
  return {
    namespace,
    gatesBy: hasPolicy ? 'policy' : kinds.has('MutatingWebhookConfiguration') ? 'webhook' : undefined,
    optedIn: namespaces.map(({ metadata }) => metadata.name),
    leader: namespace === undefined ? undefined : await leaseHolder(api, namespace),
  };
}

/** @throws KISIM_E_KUBE_... */
export async function leaseHolder(api: KubeApi, namespace: string): Promise<string | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${LEASE_NAME}`;
  const lease = await readObject(api, path);
  const { holderIdentity } = (lease?.['spec'] ?? {}) as { readonly holderIdentity?: string };
  return holderIdentity === undefined || holderIdentity === '' ? undefined : holderIdentity;
}
