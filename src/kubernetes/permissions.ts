import { AUTOSCALE_LEASE_NAME, LEASE_NAME, PAUSE_CONFIG_MAP, QUEUE_LEASE_NAME } from './names.ts';

/** What a user switches on; `placement` is always there. */
export type ActingFeature =
  | 'placement'
  | 'jobs'
  | 'deployments'
  | 'node-advice'
  | 'eviction'
  | 'kubelet-use'
  | 'metrics-use'
  | 'autoscaling'
  | 'queue'
  | 'kueue';

/** One rule of a role, with what it is for. */
export interface Permission {
  readonly feature: ActingFeature;
  /** `own`: in the program's own namespace alone. */
  readonly scope: 'cluster' | 'own';
  /** Empty: the core group. */
  readonly apiGroup: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Objects that it holds for; all where left out. */
  readonly names?: readonly string[];
  readonly why: string;
}

/**
 * Every verb that the program uses, and no other. `list` gives neither `watch` nor `get`; `patch` alone is enough to set
 * affinity and to take a gate away.
 */
export const permissions: readonly Permission[] = [
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: '',
    resource: 'pods',
    verbs: ['get', 'list', 'watch', 'patch'],
    why: 'to see pods, to place and free gated ones, and to read one again after a conflict',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: '',
    resource: 'nodes',
    verbs: ['list', 'watch'],
    why: 'to see what is free on which node',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: '',
    resource: 'namespaces',
    verbs: ['list', 'watch'],
    why: 'to see which namespaces are opted in',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: '',
    resource: 'services',
    verbs: ['list', 'watch'],
    why: 'to see which pods belong together, as the default scheduler spreads them',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: '',
    resource: 'replicationcontrollers',
    verbs: ['list', 'watch'],
    why: 'as for Services',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: 'apps',
    resource: 'replicasets',
    verbs: ['list', 'watch'],
    why: 'as for Services',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: 'apps',
    resource: 'statefulsets',
    verbs: ['list', 'watch'],
    why: 'as for Services',
  },
  {
    feature: 'placement',
    scope: 'cluster',
    apiGroup: '',
    resource: 'events',
    verbs: ['create', 'patch'],
    why: 'to tell of decisions, and to count those that are alike',
  },
  {
    feature: 'placement',
    scope: 'own',
    apiGroup: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['create'],
    why: 'to make the lease of the leader election (a name cannot be asked for before there is one)',
  },
  {
    feature: 'placement',
    scope: 'own',
    apiGroup: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    names: [LEASE_NAME],
    why: 'to hold the lease of the leader election',
  },
  {
    feature: 'placement',
    scope: 'own',
    apiGroup: '',
    resource: 'configmaps',
    verbs: ['list', 'watch'],
    names: [PAUSE_CONFIG_MAP],
    why: 'to see the emergency stop',
  },
  {
    feature: 'jobs',
    scope: 'cluster',
    apiGroup: 'batch',
    resource: 'jobs',
    verbs: ['get', 'list', 'watch', 'patch'],
    why: 'to place and start suspended Jobs that ask for it',
  },
  {
    feature: 'deployments',
    scope: 'cluster',
    apiGroup: 'apps',
    resource: 'deployments',
    verbs: ['get', 'list', 'watch', 'patch'],
    why: 'to set preferences in the templates of Deployments',
  },
  {
    feature: 'node-advice',
    scope: 'cluster',
    apiGroup: '',
    resource: 'nodes',
    verbs: ['get', 'patch'],
    why: 'to label nodes by efficiency and to mark those to avoid',
  },
  {
    feature: 'eviction',
    scope: 'cluster',
    apiGroup: '',
    resource: 'nodes',
    verbs: ['get', 'patch'],
    why: 'to cordon nodes that go to sleep',
  },
  {
    feature: 'eviction',
    scope: 'cluster',
    apiGroup: '',
    resource: 'pods/eviction',
    verbs: ['create'],
    why: 'to move pods off nodes, as disruption budgets allow',
  },
  {
    // Much more than it is used for: kubelets let who has it read logs and run commands in pods. Never given by default.
    feature: 'kubelet-use',
    scope: 'cluster',
    apiGroup: '',
    resource: 'nodes/proxy',
    verbs: ['get'],
    why: "to read what pods use of CPU from the kubelets' summaries",
  },
  {
    feature: 'metrics-use',
    scope: 'cluster',
    apiGroup: 'metrics.k8s.io',
    resource: 'nodes',
    verbs: ['list'],
    why: 'to read what nodes use of CPU from metrics-server',
  },
  {
    feature: 'metrics-use',
    scope: 'cluster',
    apiGroup: 'metrics.k8s.io',
    resource: 'pods',
    verbs: ['list'],
    why: 'to read what pods use of CPU from metrics-server',
  },
  {
    feature: 'autoscaling',
    scope: 'cluster',
    apiGroup: 'apps',
    resource: 'deployments',
    verbs: ['get'],
    why: 'to see whether a Deployment asks to be scaled, and how many of its pods serve',
  },
  {
    feature: 'autoscaling',
    scope: 'cluster',
    apiGroup: 'apps',
    resource: 'deployments/scale',
    verbs: ['get', 'patch'],
    why: 'to set the replicas of Deployments that ask for it',
  },
  {
    feature: 'autoscaling',
    scope: 'own',
    apiGroup: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    names: [AUTOSCALE_LEASE_NAME],
    why: 'to hold the lease of who autoscales',
  },
  {
    feature: 'queue',
    scope: 'cluster',
    apiGroup: 'batch',
    resource: 'jobs',
    verbs: ['get', 'list', 'watch', 'patch'],
    why: 'to admit suspended Jobs that ask for it',
  },
  {
    feature: 'queue',
    scope: 'own',
    apiGroup: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    names: [QUEUE_LEASE_NAME],
    why: 'to hold the lease of who admits from the queue',
  },
  {
    feature: 'kueue',
    scope: 'cluster',
    apiGroup: 'kueue.x-k8s.io',
    resource: 'admissionchecks',
    verbs: ['list', 'watch'],
    why: "to see which of Kueue's admission checks are the program's",
  },
  {
    feature: 'kueue',
    scope: 'cluster',
    apiGroup: 'kueue.x-k8s.io',
    resource: 'admissionchecks/status',
    verbs: ['patch'],
    why: 'to say that the checks are served',
  },
  {
    feature: 'kueue',
    scope: 'cluster',
    apiGroup: 'kueue.x-k8s.io',
    resource: 'workloads',
    verbs: ['list', 'watch'],
    why: 'to see which workloads wait for a check',
  },
  {
    feature: 'kueue',
    scope: 'cluster',
    apiGroup: 'kueue.x-k8s.io',
    resource: 'workloads/status',
    verbs: ['patch'],
    why: 'to let workloads start, and to say where',
  },
  {
    feature: 'kueue',
    scope: 'own',
    apiGroup: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    names: [QUEUE_LEASE_NAME],
    why: 'to hold the lease of who admits from the queue',
  },
];

export function permissionsOf(
  features: Iterable<ActingFeature>,
  scope: Permission['scope'],
): readonly Permission[] {
  const wanted = new Set<ActingFeature>(['placement', ...features]);
  return permissions.filter((each) => wanted.has(each.feature) && each.scope === scope);
}
