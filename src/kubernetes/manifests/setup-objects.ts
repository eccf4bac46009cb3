import type { ApiObject } from '../api-objects.ts';
import type { ActingFeature } from '../permissions.ts';
import {
  clusterRole,
  clusterRoleBinding,
  namespaceObject,
  ownRole,
  ownRoleBinding,
  serviceAccount,
} from './account.ts';
import { gatePolicy, gatePolicyBinding } from './gate-policy.ts';
import { gateWebhook, type WebhookAddress } from './gate-webhook.ts';

export interface SetupOptions {
  readonly namespace: string;
  readonly features: readonly ActingFeature[];
  readonly schedulers?: readonly string[];
  /** As `serverFeatures` found it; left out: nothing sets the gate but the pods themselves. */
  readonly gatesBy?: 'policy' | { readonly address: WebhookAddress; readonly authority: string };
}

/**
 * Everything that the program needs in a cluster, in the order in which it is made. Removed in the opposite order: first
 * what gates new pods, so that none is gated when nobody frees it any more.
 */
export function setupObjects({
  namespace,
  features,
  schedulers,
  gatesBy,
}: SetupOptions): readonly ApiObject[] {
  const scope = { namespace, ...(schedulers === undefined ? {} : { schedulers }) };
  return [
    namespaceObject(namespace),
    serviceAccount(namespace),
    clusterRole(features),
    clusterRoleBinding(namespace),
    ownRole(namespace, features),
    ownRoleBinding(namespace),
    ...(gatesBy === undefined
      ? []
      : gatesBy === 'policy'
        ? [gatePolicy(scope), gatePolicyBinding()]
        : [gateWebhook({ ...scope, ...gatesBy })]),
  ];
}

const plurals: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  MutatingAdmissionPolicy: 'mutatingadmissionpolicies',
  MutatingAdmissionPolicyBinding: 'mutatingadmissionpolicybindings',
  MutatingWebhookConfiguration: 'mutatingwebhookconfigurations',
};

/** Path of an object that `setupObjects` makes. */
export function objectPath({ apiVersion, kind, metadata: { name, namespace } }: ApiObject): string {
  const plural = plurals[kind];
  if (plural === undefined) throw new RangeError(`no object of the set-up is a ${kind}`);
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}/${name}`;
}
