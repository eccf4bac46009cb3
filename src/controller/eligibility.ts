import type { PendingPod } from './ports.ts';

export interface EligibilityRules {
  /** Where the program itself runs. */
  readonly ownNamespace: string;
  /** Whether pods that nobody holds are looked at too: where decisions are only recorded. */
  readonly includeUngated: boolean;
}

/** What the program may do with a pod. */
export type Eligibility =
  /** Decide, and free it with the decision. */
  | { readonly may: 'place' }
  /** It carries our gate and is not ours to place (any more): freed as it is, since nobody else would. */
  | { readonly may: 'free'; readonly because: 'not-opted-in' }
  | {
      readonly may: 'leave';
      readonly because:
        | 'has-node'
        | 'deleting'
        | 'kube-system'
        | 'own-namespace'
        | 'daemon-set'
        | 'static-pod'
        | 'not-gated'
        | 'not-opted-in';
    };

/** The only place that decides whose pods are touched. */
export function eligibility(pod: PendingPod, rules: EligibilityRules): Eligibility {
  const leave = (because: Extract<Eligibility, { may: 'leave' }>['because']): Eligibility => ({
    may: 'leave',
    because,
  });
  if (pod.nodeName !== undefined && pod.nodeName !== '') return leave('has-node');
  if (pod.isDeleting) return leave('deleting');
  if (pod.namespace === 'kube-system') return leave('kube-system');
  if (pod.namespace === rules.ownNamespace) return leave('own-namespace');
  if (pod.ownerKinds.includes('DaemonSet')) return leave('daemon-set');
  if (pod.ownerKinds.includes('Node')) return leave('static-pod');
  if (!pod.isGated && !rules.includeUngated) return leave('not-gated');
  if (pod.isOptedIn) return { may: 'place' };
  return pod.isGated ? { may: 'free', because: 'not-opted-in' } : leave('not-opted-in');
}
