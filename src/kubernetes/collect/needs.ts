import type { Need } from '../access-review.ts';

/** What collecting takes of a cluster. Events are taken where they may be seen. */
export const collectNeeds: readonly Need[] = [
  ...(
    [
      ['', 'nodes', 'to see what there is'],
      ['', 'namespaces', 'to see which are opted in'],
      ['', 'pods', 'to see what is asked for, and the pods of Jobs'],
      ['batch', 'jobs', 'to see the Jobs'],
    ] as const
  ).map(([apiGroup, resource, why]) => ({
    scope: 'cluster' as const,
    apiGroup,
    resource,
    verbs: ['list', 'watch'],
    why,
  })),
];

/** What a generated workload takes beside it, in its own namespace. */
export const workloadNeeds: readonly Need[] = [
  {
    scope: 'own',
    apiGroup: 'batch',
    resource: 'jobs',
    verbs: ['create', 'list', 'delete'],
    why: 'to make the Jobs of the workload, and to take them away',
  },
  {
    scope: 'cluster',
    apiGroup: '',
    resource: 'namespaces',
    verbs: ['create', 'get', 'delete'],
    why: 'for the namespace of the workload',
  },
];

export const eventNeeds: readonly Need[] = [
  {
    scope: 'cluster',
    apiGroup: '',
    resource: 'events',
    verbs: ['list', 'watch'],
    why: 'to see why a pod was not scheduled',
  },
];
