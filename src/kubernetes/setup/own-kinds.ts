import { COMPONENT, MANAGED_BY_LABEL } from '../names.ts';

/** Selects what `kisimd setup` made. */
export const ownSelector: Readonly<Record<string, string>> = {
  labelSelector: `${MANAGED_BY_LABEL}=${COMPONENT}`,
};

export interface OwnKind {
  readonly kind: string;
  /** `/api/v1`, `/apis/GROUP/VERSION`. */
  readonly base: string;
  readonly group: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

function kindOf(group: string, kind: string, plural: string, isNamespaced: boolean): OwnKind {
  return { kind, base: group === '' ? '/api/v1' : `/apis/${group}/v1`, group, plural, isNamespaced };
}

const RBAC = 'rbac.authorization.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';

/** What sets the gate: removed before all else. The binding goes first: a policy without one does nothing. */
export const gatingKinds: readonly OwnKind[] = [
  kindOf(ADMISSION, 'MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings', false),
  kindOf(ADMISSION, 'MutatingAdmissionPolicy', 'mutatingadmissionpolicies', false),
  kindOf(ADMISSION, 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', false),
];

/** What gives the program its rights: removed last, when it has nothing left to do. */
export const accountKinds: readonly OwnKind[] = [
  kindOf(RBAC, 'ClusterRoleBinding', 'clusterrolebindings', false),
  kindOf(RBAC, 'ClusterRole', 'clusterroles', false),
  kindOf(RBAC, 'RoleBinding', 'rolebindings', true),
  kindOf(RBAC, 'Role', 'roles', true),
  kindOf('', 'Secret', 'secrets', true),
  kindOf('', 'ServiceAccount', 'serviceaccounts', true),
];

export function listPath({ base, plural }: OwnKind): string {
  return `${base}/${plural}`;
}

export function ownPath({ base, plural, isNamespaced }: OwnKind, name: string, namespace?: string): string {
  return `${base}${isNamespaced ? `/namespaces/${namespace}` : ''}/${plural}/${name}`;
}
