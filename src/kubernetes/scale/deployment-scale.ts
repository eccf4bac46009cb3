import { KisimError } from '../../util/errors.ts';
import { actionErrors } from '../action-errors.ts';
import type { ApiDeployment, ObjectMeta } from '../api-objects.ts';
import { type GuardedWrites, guardedPatch } from '../guarded-patch.ts';
import { sameObject } from '../json-patch.ts';
import { SCALE_LABEL, SCALE_LABEL_VALUE } from '../names.ts';
import { refusal } from '../refusal.ts';
import { scaleErrors } from './errors.ts';

export interface DeploymentName {
  readonly namespace: string;
  readonly name: string;
}

/** A Deployment's replicas, as they are wanted and as they are there. */
export interface DeploymentReplicas extends DeploymentName {
  readonly uid: string;
  /** `spec.replicas`. */
  readonly wanted: number;
  /** Pods that there are. */
  readonly present: number;
  /** Of those, the ones that serve. */
  readonly ready: number;
}

/** A Scale (autoscaling/v1), as far as it is looked at. */
export interface ApiScale {
  readonly metadata?: ObjectMeta;
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

export type ScaleResult =
  | { readonly outcome: 'scaled'; readonly from: number; readonly to: number }
  /** It is so already. */
  | { readonly outcome: 'kept'; readonly from: number; readonly to: number }
  /** Nothing was written since the lease was lost. */
  | { readonly outcome: 'not-leader' }
  | { readonly outcome: 'failed'; readonly error: KisimError };

export function nameOf({ namespace, name }: DeploymentName): string {
  return `${namespace}/${name}`;
}

export function deploymentPath({ namespace, name }: DeploymentName): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
}

/** Reads and sets the replicas of Deployments that ask for it, by their scale subresource. */
export class DeploymentScaler {
  readonly #writes: GuardedWrites;

  constructor(writes: GuardedWrites) {
    this.#writes = writes;
  }

  /**
   * What is known of it now.
   *
   * @throws KISIM_E_SCALE_GONE, KISIM_E_SCALE_NOT_OPTED_IN, KISIM_E_KUBE_... where the server refuses or does not answer
   */
  async read(target: DeploymentName, signal?: AbortSignal): Promise<DeploymentReplicas> {
    const request = { method: 'GET', path: deploymentPath(target) } as const;
    const response = await this.#writes.api.request(signal === undefined ? request : { ...request, signal });
    if (response.status === 404) throw scaleErrors.KISIM_E_SCALE_GONE(nameOf(target));
    if (response.status !== 200) throw refusal(request, response);
    const { metadata, spec, status } = response.body as ApiDeployment;
    if (metadata?.deletionTimestamp !== undefined)
      throw scaleErrors.KISIM_E_SCALE_GONE(`${nameOf(target)} is being deleted`);
    if (metadata?.labels?.[SCALE_LABEL] !== SCALE_LABEL_VALUE)
      throw scaleErrors.KISIM_E_SCALE_NOT_OPTED_IN(nameOf(target));
    return {
      ...target,
      uid: metadata.uid ?? '',
      wanted: spec?.replicas ?? 1,
      // The server leaves a count of none out.
      present: status?.replicas ?? 0,
      ready: status?.readyReplicas ?? 0,
    };
  }

  /**
   * Sets the replicas, at the version that is read here: a change in between is seen, and the write made anew for it. What
   * was read before is passed along so that another Deployment of the same name is not taken for it.
   */
  async scale(
    { uid, ...target }: DeploymentName & Pick<DeploymentReplicas, 'uid'>,
    replicas: number,
    signal?: AbortSignal,
  ): Promise<ScaleResult> {
    if (!this.#writes.stillLeader()) return { outcome: 'not-leader' };
    const path = `${deploymentPath(target)}/scale`;
    const request = { method: 'GET', path } as const;
    let scale: ApiScale;
    try {
      const response = await this.#writes.api.request(
        signal === undefined ? request : { ...request, signal },
      );
      if (response.status === 404) return { outcome: 'failed', error: gone(target) };
      if (response.status !== 200) return { outcome: 'failed', error: refusal(request, response) };
      scale = response.body as ApiScale;
    } catch (error) {
      if (error instanceof KisimError) return { outcome: 'failed', error };
      // Rejected with the signal's reason, whatever that is.
      if (signal?.aborted === true)
        return { outcome: 'failed', error: actionErrors.KISIM_E_KUBE_WRITE(`${path}: called off`) };
      throw error;
    }
    if (scale.metadata?.uid !== uid) return { outcome: 'failed', error: gone(target) };
    let from = scale.spec?.replicas ?? 0;
    const result = await guardedPatch(this.#writes, {
      path,
      object: scale,
      propose: (current) => {
        from = current.spec?.replicas ?? 0;
        return from === replicas
          ? undefined
          : [
              ...sameObject(current.metadata ?? {}),
              // `add` replaces what is there; a count of none may be left out by the server.
              { op: 'add', path: '/spec/replicas', value: replicas },
            ];
      },
      mostRefusals: 0,
      ...(signal === undefined ? {} : { signal }),
    });
    switch (result.outcome) {
      case 'written':
        return { outcome: 'scaled', from, to: replicas };
      case 'settled':
        return { outcome: 'kept', from, to: replicas };
      case 'gone':
        return { outcome: 'failed', error: gone(target) };
      case 'not-leader':
        return { outcome: 'not-leader' };
      case 'failed':
        return { outcome: 'failed', error: result.error };
    }
  }
}

function gone(target: DeploymentName): KisimError {
  return scaleErrors.KISIM_E_SCALE_GONE(`${nameOf(target)} has vanished`);
}
