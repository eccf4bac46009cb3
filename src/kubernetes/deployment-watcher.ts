import type { Clock } from '../util/clock.ts';
import type { RandomSource } from '../util/rng.ts';
import type { ApiDeployment } from './api-objects.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { ListWatch, type ListWatchOptions, type TroublePlace } from './list-watch.ts';
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

export interface DeploymentWatcherOptions {
  readonly api: KubeApi;
  readonly random: RandomSource;
  readonly trouble: (place: TroublePlace, error: unknown) => void;
  readonly clock?: Clock;
  readonly wait?: NonNullable<ListWatchOptions<unknown>['wait']>;
  /** Called after each change. */
  readonly changed?: () => void;
}

/** Deployments of all namespaces that the program has something to do with; others take no room. */
export class DeploymentWatcher {
  readonly #deployments: ListWatch<AdvisedDeployment>;

  constructor({ api, random, trouble, clock, wait, changed = () => undefined }: DeploymentWatcherOptions) {
    this.#deployments = new ListWatch<AdvisedDeployment>({
      api,
      path: '/apis/apps/v1/deployments',
      trim: advisedDeployment,
      handlers: { applied: changed, deleted: changed },
      trouble,
      random,
      ...(clock === undefined ? {} : { clock }),
      ...(wait === undefined ? {} : { wait }),
    });
  }

  start(): void {
    this.#deployments.start();
  }

  stop(): Promise<void> {
    return this.#deployments.stop();
  }

  /** True once all that is there is known; false where it was stopped before. */
  get synced(): Promise<boolean> {
    return this.#deployments.synced;
  }

  list(): IterableIterator<AdvisedDeployment> {
    return this.#deployments.values();
  }
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
