import type { KubeApi } from './kube-api.ts';
import type { Permission } from './permissions.ts';
import { refusal } from './refusal.ts';

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** What is needed, whatever asks for it. */
export type Need = Omit<Permission, 'feature'>;

/** A verb that the program needs and does not have. */
export interface MissingVerb {
  readonly verb: string;
  readonly permission: Need;
}

/**
 * Asks the API server for every verb whether it is allowed: a check before the first write, as every user may ask for
 * himself.
 *
 * @throws KISIM_E_KUBE_... where the server does not answer
 */
export async function missingVerbs(
  api: KubeApi,
  wanted: readonly Need[],
  namespace: string,
): Promise<readonly MissingVerb[]> {
  const missing: MissingVerb[] = [];
  for (const permission of wanted) {
    for (const verb of permission.verbs) {
      if (!(await allowed(api, permission, verb, namespace))) missing.push({ verb, permission });
    }
  }
  return missing;
}

async function allowed(
  api: KubeApi,
  { apiGroup, resource, scope, names }: Need,
  verb: string,
  namespace: string,
): Promise<boolean> {
  const [plural, subresource] = resource.split('/');
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        verb,
        group: apiGroup,
        resource: plural,
        ...(subresource === undefined ? {} : { subresource }),
        ...(scope === 'own' ? { namespace } : {}),
        ...(names?.[0] === undefined ? {} : { name: names[0] }),
      },
    },
  };
  const request = { method: 'POST', path: PATH } as const;
  const response = await api.request({ ...request, body });
  if (response.status !== 201) throw refusal(request, response);
  return (response.body as { status?: { allowed?: boolean } }).status?.allowed === true;
}
