/** A kind of object that the fake server keeps. */
export interface Resource {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Its status is written through `/status` only. */
  readonly status?: boolean;
  /** A PUT may leave the resource version out. */
  readonly unconditional?: boolean;
  /** Its replicas are read and set through `/scale`. */
  readonly scale?: boolean;
  /** Not of Kubernetes itself: served only where a test says that the add-on is installed. */
  readonly addOn?: 'kueue';
}

function core(plural: string, kind: string, more: Partial<Resource> = {}): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: true, unconditional: true, ...more };
}

function grouped(group: string, plural: string, kind: string, more: Partial<Resource> = {}): Resource {
  return core(plural, kind, { group, ...more });
}

export const resources: readonly Resource[] = [
  core('configmaps', 'ConfigMap'),
  core('events', 'Event'),
  core('namespaces', 'Namespace', { namespaced: false, status: true }),
  core('nodes', 'Node', { namespaced: false, status: true }),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', { status: true }),
  core('pods', 'Pod', { status: true }),
  core('secrets', 'Secret'),
  core('replicationcontrollers', 'ReplicationController', { status: true }),
  core('serviceaccounts', 'ServiceAccount'),
  core('services', 'Service', { status: true }),
  grouped('admissionregistration.k8s.io', 'mutatingadmissionpolicies', 'MutatingAdmissionPolicy', {
    namespaced: false,
  }),
  grouped(
    'admissionregistration.k8s.io',
    'mutatingadmissionpolicybindings',
    'MutatingAdmissionPolicyBinding',
    {
      namespaced: false,
    },
  ),
  grouped('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', {
    namespaced: false,
  }),
  grouped('apps', 'daemonsets', 'DaemonSet', { status: true }),
  grouped('apps', 'deployments', 'Deployment', { status: true, scale: true }),
  grouped('apps', 'replicasets', 'ReplicaSet', { status: true }),
  grouped('apps', 'statefulsets', 'StatefulSet', { status: true }),
  grouped('batch', 'cronjobs', 'CronJob', { status: true }),
  grouped('batch', 'jobs', 'Job', { status: true }),
  grouped('coordination.k8s.io', 'leases', 'Lease', { unconditional: false }),
  grouped('events.k8s.io', 'events', 'Event'),
  grouped('kueue.x-k8s.io', 'admissionchecks', 'AdmissionCheck', {
    version: 'v1beta2',
    namespaced: false,
    status: true,
    addOn: 'kueue',
  }),
  grouped('kueue.x-k8s.io', 'workloads', 'Workload', { version: 'v1beta2', status: true, addOn: 'kueue' }),
  grouped('policy', 'poddisruptionbudgets', 'PodDisruptionBudget', { status: true }),
  grouped('rbac.authorization.k8s.io', 'clusterrolebindings', 'ClusterRoleBinding', { namespaced: false }),
  grouped('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole', { namespaced: false }),
  grouped('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding'),
  grouped('rbac.authorization.k8s.io', 'roles', 'Role'),
];

/** `pods`, `leases.coordination.k8s.io`: as messages name it. */
export function qualified({ group, plural }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `Pod`, `Job.batch`. */
export function qualifiedKind({ group, kind }: Resource): string {
  return group === '' ? kind : `${kind}.${group}`;
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

export interface ResourcePath {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Undefined for a path that is none of a known resource. */
export function parsePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return undefined;
  const group = isCore ? '' : parts[1]!;
  const version = parts[isCore ? 1 : 2];
  const rest = parts.slice(isCore ? 2 : 3);
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, name, subresource] = inNamespace ? rest.slice(2) : rest;
  // `/api/v1/namespaces/NAME/finalize` and the like are of the namespace itself.
  const find = (word: string | undefined) =>
    resources.find((each) => each.group === group && each.version === version && each.plural === word);
  const resource = find(plural);
  if (resource === undefined || (inNamespace && !resource.namespaced)) return undefined;
  return { resource, namespace: inNamespace ? rest[1] : undefined, name, subresource };
}
