import type { ApiCondition, ApiPodTemplate, ObjectMeta } from '../api-objects.ts';

/**
 * Objects of Kueue (kueue.x-k8s.io v1beta2, https://kueue.sigs.k8s.io/docs/reference/kueue.v1beta2/), as far as they are read
 * or written; v1beta1 has the same fields.
 */
export interface ApiAdmissionCheck {
  readonly metadata?: ObjectMeta;
  readonly spec?: { readonly controllerName?: string };
  readonly status?: { readonly conditions?: readonly ApiCondition[] };
}

export interface ApiPodSet {
  readonly name?: string;
  readonly count?: number;
  readonly template?: ApiPodTemplate;
}

export type CheckState = 'Pending' | 'Ready' | 'Retry' | 'Rejected';

/** What a check adds to the pods of a set. Kueue refuses the workload where a key is there already. */
export interface ApiPodSetUpdate {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
}

export interface ApiCheckState {
  readonly name: string;
  readonly state: CheckState;
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly podSetUpdates?: readonly ApiPodSetUpdate[];
}

export interface ApiWorkload {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly podSets?: readonly ApiPodSet[];
    readonly queueName?: string;
    readonly priority?: number;
    readonly active?: boolean;
    readonly maximumExecutionTimeSeconds?: number;
  };
  readonly status?: {
    readonly conditions?: readonly ApiCondition[];
    readonly admission?: { readonly clusterQueue?: string };
    readonly admissionChecks?: readonly ApiCheckState[];
  };
}

/** Whether a condition is there and true. */
export function holds(conditions: readonly ApiCondition[] | undefined, type: string): boolean {
  return conditions?.some((each) => each.type === type && each.status === 'True') === true;
}
