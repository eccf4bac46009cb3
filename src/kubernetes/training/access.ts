import { missingVerbs } from '../access-review.ts';
import type { KubeApi } from '../kube-api.ts';
import type { Permission } from '../permissions.ts';
import { trainingErrors } from './errors.ts';

/** What it takes to train on a cluster, of who asks for it; the workers themselves may do nothing. */
export const trainingPermissions: readonly Pick<Permission, 'apiGroup' | 'resource' | 'verbs' | 'why'>[] = [
  {
    apiGroup: 'batch',
    resource: 'jobs',
    verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
    why: 'to make the Job, let it run once its order is there, see how far it is, and remove it',
  },
  {
    apiGroup: '',
    resource: 'configmaps',
    verbs: ['create', 'get'],
    why: 'to hand over the order, and to find it again after a call that was cut short',
  },
  { apiGroup: '', resource: 'pods', verbs: ['list', 'watch'], why: 'to see what the workers do' },
  { apiGroup: '', resource: 'pods/log', verbs: ['get'], why: 'to read progress and results' },
  {
    apiGroup: '',
    resource: 'events',
    verbs: ['list'],
    why: 'to tell why the cluster makes no pods',
  },
];

/**
 * Looks whether who runs this may train there, before anything is written.
 *
 * @throws KISIM_E_TRAINING_FORBIDDEN with all that is missing, KISIM_E_KUBE_...
 */
export async function demandTrainingAccess(api: KubeApi, namespace: string): Promise<void> {
  const wanted = trainingPermissions.map(
    (each): Permission => ({ ...each, feature: 'placement', scope: 'own' }),
  );
  const missing = await missingVerbs(api, wanted, namespace);
  if (missing.length === 0) return;
  const words = missing.map(
    ({ verb, permission: { apiGroup, resource } }) =>
      `${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`,
  );
  throw trainingErrors.KISIM_E_TRAINING_FORBIDDEN(`${words.join(', ')} in ${namespace}`);
}
