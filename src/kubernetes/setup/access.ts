import { missingVerbs } from '../access-review.ts';
import type { KubeApi } from '../kube-api.ts';
import { type ActingFeature, type Permission, permissionsOf } from '../permissions.ts';
import { setupErrors } from './errors.ts';
import { accountKinds, gatingKinds, type OwnKind } from './own-kinds.ts';

function needed(
  { group, plural, isNamespaced }: Pick<OwnKind, 'group' | 'plural' | 'isNamespaced'>,
  verbs: readonly string[],
): Permission {
  return {
    feature: 'placement',
    scope: isNamespaced ? 'own' : 'cluster',
    apiGroup: group,
    resource: plural,
    verbs,
    why: 'set-up',
  };
}

const core = (plural: string, verbs: readonly string[], isNamespaced = false): Permission =>
  needed({ group: '', plural, isNamespaced }, verbs);
const roles = { group: 'rbac.authorization.k8s.io', plural: 'clusterroles', isNamespaced: false };

/**
 * Looks whether who runs this may set everything up, before anything is written.
 *
 * @throws KISIM_E_SETUP_FORBIDDEN with all that is missing, KISIM_E_KUBE_...
 */
export async function demandSetupAccess(
  api: KubeApi,
  wanted: {
    readonly namespace: string;
    readonly features: readonly ActingFeature[];
    readonly gatesBy: 'policy' | 'webhook';
    /** Whether the server has admission policies. */
    readonly hasPolicies: boolean;
  },
): Promise<void> {
  const gating = gatingKinds.filter(
    ({ kind }) => (wanted.gatesBy === 'webhook') === kind.includes('Webhook'),
  );
  const isLookedAt = ({ kind }: OwnKind): boolean =>
    kind.includes('Webhook') || (kind === 'MutatingAdmissionPolicy' && wanted.hasPolicies);
  const made = [...accountKinds.filter(({ plural }) => plural !== 'secrets'), ...gating];
  await demand(api, wanted.namespace, [
    core('namespaces', ['get', 'create', 'patch']),
    ...made.map((kind) => needed(kind, ['get', 'create', 'patch'])),
    // What else gates pods is looked for, of both kinds where the server has both.
    ...gatingKinds.filter(isLookedAt).map((kind) => needed(kind, ['list'])),
  ]);
  // Who makes a role must have all that is in it, or be free of that rule (RBAC escalation prevention).
  const free = await missingVerbs(api, [needed(roles, ['escalate', 'bind'])], wanted.namespace);
  if (free.length > 0) {
    await demand(api, wanted.namespace, [
      ...permissionsOf(wanted.features, 'cluster'),
      ...permissionsOf(wanted.features, 'own'),
    ]);
  }
}

/** As `demandSetupAccess`, for the removal of whatever may be there. */
export async function demandRemovalAccess(
  api: KubeApi,
  namespace: string,
  kinds: readonly OwnKind[],
): Promise<void> {
  const everywhere = kinds.map((kind) => needed({ ...kind, isNamespaced: false }, ['list', 'delete']));
  await demand(api, namespace, [
    ...everywhere,
    core('namespaces', ['get', 'list', 'patch', 'delete']),
    core('nodes', ['get', 'list', 'patch']),
    core('pods', ['get', 'list', 'patch']),
    core('configmaps', ['get', 'list', 'delete'], true),
    needed({ group: 'coordination.k8s.io', plural: 'leases', isNamespaced: true }, ['get', 'delete']),
  ]);
}

async function demand(api: KubeApi, namespace: string, wanted: readonly Permission[]): Promise<void> {
  const missing = await missingVerbs(api, wanted, namespace);
  if (missing.length === 0) return;
  const words = missing.map(({ verb, permission: { apiGroup, resource, scope } }) => {
    const where = scope === 'own' ? ` in ${namespace}` : '';
    return `${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${where}`;
  });
  throw setupErrors.KISIM_E_SETUP_FORBIDDEN([...new Set(words)].join(', '));
}
