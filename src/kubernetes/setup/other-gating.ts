import type { KubeApi } from '../kube-api.ts';
import type { KubeObject } from '../kube-object.ts';
import { COMPONENT, DOMAIN, PLACEMENT_GATE } from '../names.ts';
import { listObjects, readObject, succeeded } from './calls.ts';
import { setupErrors } from './errors.ts';
import { gatingKinds, listPath, type OwnKind, ownPath } from './own-kinds.ts';

const GATE_NAME = `${COMPONENT}-gate`;
const WEBHOOK_NAME = `gate.${DOMAIN}`;
/** A binding gates by its policy, which is looked at itself. */
const deciding = gatingKinds.filter(({ kind }) => !kind.endsWith('Binding'));

/** Gating that this program made, of any kind. */
export interface OwnGating {
  readonly kind: OwnKind;
  readonly object: KubeObject;
}

/**
 * What gates pods in this cluster already.
 *
 * @returns our own
 * @throws KISIM_E_SETUP_TWICE where there is a set-up in another namespace, or something else that sets our gate: its pods
 * would wait for two daemons, or for one that is not there
 */
export async function presentGating(api: KubeApi, namespace: string): Promise<readonly OwnGating[]> {
  await refuseOtherSetup(api, namespace);
  const own: OwnGating[] = [];
  for (const kind of deciding) {
    for (const object of await listObjects(api, listPath(kind))) {
      const { name } = object.metadata;
      if (name === GATE_NAME) own.push({ kind, object });
      else if (setsOurGate(object)) {
        throw setupErrors.KISIM_E_SETUP_TWICE(`${kind.kind} ${name} gates pods of opted-in namespaces`, {
          action: `see \`kubectl get ${kind.plural} ${name} -o yaml\`; delete it if nothing needs it`,
        });
      }
    }
  }
  return own;
}

/** Our cluster role can be bound to one service account only. @throws KISIM_E_SETUP_TWICE */
export async function refuseOtherSetup(api: KubeApi, namespace: string): Promise<void> {
  const other = (await boundNamespaces(api)).find((each) => each !== namespace);
  if (other === undefined) return;
  throw setupErrors.KISIM_E_SETUP_TWICE(`kisimd is set up in the namespace ${other}, not in ${namespace}`, {
    action: `go on with it: --namespace ${other}; or remove it first: \`kisimd setup --remove --namespace ${other}\``,
  });
}

/** The namespace of the account that our cluster role is bound to; undefined where it is bound to none. @throws KISIM_E_KUBE_... */
export async function setupNamespace(api: KubeApi): Promise<string | undefined> {
  return (await boundNamespaces(api))[0];
}

async function boundNamespaces(api: KubeApi): Promise<readonly string[]> {
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  const binding = await readObject(api, `${path}/${COMPONENT}`);
  const subjects = (binding?.['subjects'] ?? []) as readonly {
    readonly kind?: string;
    readonly name?: string;
    readonly namespace?: string;
  }[];
  return subjects.flatMap(({ kind, name, namespace }) =>
    kind === 'ServiceAccount' && name === COMPONENT && namespace !== undefined ? [namespace] : [],
  );
}

/** A policy tells what it does; a webhook has its name only. */
function setsOurGate(object: KubeObject): boolean {
  const { mutations = [] } = (object['spec'] ?? {}) as { readonly mutations?: readonly unknown[] };
  const webhooks = (object['webhooks'] ?? []) as readonly { readonly name?: string }[];
  return (
    JSON.stringify(mutations).includes(PLACEMENT_GATE) || webhooks.some(({ name }) => name === WEBHOOK_NAME)
  );
}

/**
 * The address of the webhook that an earlier set-up named; undefined where there is none, or who asks may not see it.
 *
 * @throws KISIM_E_KUBE_...
 */
export async function presentWebhookUrl(api: KubeApi): Promise<string | undefined> {
  const kind = gatingKinds.find((each) => each.kind === 'MutatingWebhookConfiguration')!;
  const request = { method: 'GET', path: ownPath(kind, GATE_NAME) } as const;
  const response = await api.request(request);
  // What is forbidden is told with all else that is.
  if (response.status === 403 || response.status === 404) return undefined;
  const { webhooks = [] } = succeeded(request, response) as {
    readonly webhooks?: readonly { readonly clientConfig?: { readonly url?: string } }[];
  };
  return webhooks[0]?.clientConfig?.url;
}
