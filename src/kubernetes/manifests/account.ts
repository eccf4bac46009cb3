import type { ApiObject } from '../api-objects.ts';
import { COMPONENT } from '../names.ts';
import { type ActingFeature, type Permission, permissionsOf } from '../permissions.ts';
import { ownMetadata } from './common.ts';

/** A rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface RoleObject extends ApiObject {
  readonly rules: readonly PolicyRule[];
}

const RBAC = 'rbac.authorization.k8s.io';

export function namespaceObject(namespace: string): ApiObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: ownMetadata(namespace) };
}

export function serviceAccount(namespace: string): ApiObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: ownMetadata(COMPONENT, namespace) };
}

/** What the program may do in the whole cluster. */
export function clusterRole(features: Iterable<ActingFeature>): RoleObject {
  const rules = rulesOf(permissionsOf(features, 'cluster'));
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: ownMetadata(COMPONENT), rules };
}

/** What it may do in its own namespace alone: its leases, its emergency stop. */
export function ownRole(namespace: string, features: Iterable<ActingFeature> = []): RoleObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: ownMetadata(COMPONENT, namespace),
    rules: rulesOf(permissionsOf(features, 'own')),
  };
}

export function clusterRoleBinding(namespace: string): ApiObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: ownMetadata(COMPONENT),
    ...bound('ClusterRole', namespace),
  };
}

export function ownRoleBinding(namespace: string): ApiObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: ownMetadata(COMPONENT, namespace),
    ...bound('Role', namespace),
  };
}

function bound(kind: 'Role' | 'ClusterRole', namespace: string): object {
  return {
    roleRef: { apiGroup: RBAC, kind, name: COMPONENT },
    subjects: [{ kind: 'ServiceAccount', name: COMPONENT, namespace }],
  };
}

/** One rule for each resource and set of names, so that two features that need the same nodes make one rule. */
function rulesOf(granted: readonly Permission[]): readonly PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const { apiGroup, resource, verbs, names } of granted) {
    const key = `${apiGroup}/${resource}/${names?.join(',') ?? ''}`;
    const before = rules.get(key)?.verbs ?? [];
    rules.set(key, {
      apiGroups: [apiGroup],
      resources: [resource],
      verbs: [...new Set([...before, ...verbs])],
      ...(names === undefined ? {} : { resourceNames: names }),
    });
  }
  return [...rules.values()];
}
