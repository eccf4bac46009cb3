import type { ApiDeployment } from './api-objects.ts';
import type { KubeObject } from './kube-object.ts';
import { ListWatch, type WatchBase } from './list-watch.ts';
import { AFFINITY_ANNOTATION, PREFER_LABEL, PREFER_LABEL_VALUE } from './names.ts';

/** A Deployment that asks for preferences, or still has some. */
export interface AdvisedDeployment {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Whether its label asks for them now. */
  readonly isAsked: boolean;
  /** Without managed fields: what a patch is made from. */
  readonly object: ApiDeployment;
}

/** Deployments of all namespaces that the program has something to do with; others take no room. */
export function watchDeployments(base: WatchBase): ListWatch<AdvisedDeployment> {
  return new ListWatch<AdvisedDeployment>({
    ...base,
    path: '/apis/apps/v1/deployments',
    trim: advisedDeployment,
    handlers: { applied: () => undefined, deleted: () => undefined },
  });
}

/** Undefined for a Deployment that neither asks for preferences nor has any of the program's. */
export function advisedDeployment(object: KubeObject): AdvisedDeployment | undefined {
  const { uid, name, namespace = 'default' } = object.metadata;
  const deployment = object as ApiDeployment;
  const { labels, annotations } = deployment.metadata ?? {};
  const isAsked = labels?.[PREFER_LABEL] === PREFER_LABEL_VALUE;
  if (!isAsked && annotations?.[AFFINITY_ANNOTATION] === undefined) return undefined;
  return { uid, namespace, name, isAsked, object: deployment };
}
