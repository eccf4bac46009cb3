import type { Pod } from '../cluster/pod.ts';
import type { Milliseconds } from '../util/units.ts';

/** A pod on a node, with what decides whether it may be evicted. */
export interface Resident {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly ownerKinds: readonly string[];
  /** Whether one of its owners is a controller, which makes another pod in its place. */
  readonly isControlled: boolean;
  /** Whether it keeps data on its node: `emptyDir` or `hostPath` volumes. */
  readonly hasLocalStorage: boolean;
  /** `kisimd.io/keep-awake`: its node must not be put to sleep, nor the pod be moved. */
  readonly keepsAwake: boolean;
  /** `kisimd.io/move`: what its owner says. */
  readonly move: 'allowed' | 'never' | undefined;
  readonly isOptedIn: boolean;
  readonly isDeleting: boolean;
  /** By the API server's clock. */
  readonly createdUnixMilliseconds: Milliseconds;
  readonly pod: Pod;
}

/** Whether it belongs to its node, and is no work that could be elsewhere: a DaemonSet's, or a static pod. */
export function belongsToNode({ ownerKinds }: Pick<Resident, 'ownerKinds'>): boolean {
  return ownerKinds.includes('DaemonSet') || ownerKinds.includes('Node');
}

export type StaysBecause =
  | 'kube-system'
  | 'own-namespace'
  | 'not-opted-in'
  | 'unowned'
  | 'keep-awake'
  | 'not-allowed'
  | 'job'
  | 'local-storage';

/** Why a pod must not be evicted by the program; undefined: it may, as far as disruption budgets allow. */
export function staysBecause(pod: Resident, ownNamespace: string): StaysBecause | undefined {
  if (pod.namespace === 'kube-system') return 'kube-system';
  if (pod.namespace === ownNamespace) return 'own-namespace';
  if (!pod.isOptedIn) return 'not-opted-in';
  if (!pod.isControlled) return 'unowned';
  if (pod.keepsAwake) return 'keep-awake';
  if (pod.move === 'never') return 'not-allowed';
  if (pod.move === 'allowed') return undefined;
  if (pod.ownerKinds.includes('Job')) return 'job';
  if (pod.hasLocalStorage) return 'local-storage';
  return undefined;
}
