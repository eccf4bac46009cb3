import { manifestErrors as errors } from './errors.ts';
import type { Located } from './located.ts';

/** API group by kind: a Service of another group is something else. */
const groups: Readonly<Record<string, string>> = {
  Namespace: '',
  Node: '',
  Pod: '',
  ReplicationController: '',
  Service: '',
  DaemonSet: 'apps',
  Deployment: 'apps',
  ReplicaSet: 'apps',
  StatefulSet: 'apps',
  Job: 'batch',
  PriorityClass: 'scheduling.k8s.io',
  RuntimeClass: 'node.k8s.io',
};

/** Kinds that pods are placed without here; volumes are not looked at. */
const withoutPart = new Set([
  'APIService',
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'ControllerRevision',
  'CronJob',
  'CSIDriver',
  'CSINode',
  'CustomResourceDefinition',
  'Endpoints',
  'EndpointSlice',
  'Event',
  'HorizontalPodAutoscaler',
  'Ingress',
  'IngressClass',
  'Lease',
  'LimitRange',
  'MutatingWebhookConfiguration',
  'NetworkPolicy',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'PodDisruptionBudget',
  'PodTemplate',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'Secret',
  'ServiceAccount',
  'StorageClass',
  'ValidatingWebhookConfiguration',
  'VolumeAttachment',
]);

/** One object of a known kind. */
export interface Manifest {
  readonly kind: string;
  readonly namespace: string;
  readonly object: Located;
}

/** Unpacks Lists; throws for kinds that are not known. */
export function manifestsIn(object: Located, passedOver: Map<string, number>): Manifest[] {
  const kind = object.get('kind').text();
  if (kind === 'List' || (kind.endsWith('List') && kind.slice(0, -4) in groups)) {
    return object
      .get('items')
      .items()
      .flatMap((item) => manifestsIn(withKind(item, kind), passedOver));
  }
  const apiVersion = object.get('apiVersion').text();
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  if (groups[kind] !== group) {
    if (!withoutPart.has(kind)) throw errors.KISIM_E_MANIFEST_KIND(`${object.place}: ${apiVersion} ${kind}`);
    passedOver.set(kind, (passedOver.get(kind) ?? 0) + 1);
    return [];
  }
  const namespace = object.get('metadata').get('namespace').textOr('default');
  return [{ kind, namespace, object }];
}

/** Items of a NodeList need not say what they are. */
function withKind(item: Located, listKind: string): Located {
  if (listKind === 'List' || item.get('kind').present) return item;
  const kind = listKind.slice(0, -4);
  const group = groups[kind];
  return item.with({ apiVersion: group === '' ? 'v1' : `${group}/v1`, kind });
}
