/**
 * Objects of the Kubernetes API in their wire form, as far as placement reads or writes them. All fields that the API
 * may leave out are optional; fields that are not named here are kept as they are where an object is written back.
 */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly apiVersion?: string;
    readonly kind: string;
    readonly name: string;
    readonly uid?: string;
    readonly controller?: boolean;
  }[];
}

export interface ApiRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Expressions and fields hold together; a term with neither matches no node. */
export interface ApiNodeSelectorTerm {
  readonly matchExpressions?: readonly ApiRequirement[];
  readonly matchFields?: readonly ApiRequirement[];
}

export interface ApiPreferredTerm {
  readonly weight: number;
  readonly preference: ApiNodeSelectorTerm;
}

export interface ApiNodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: {
    readonly nodeSelectorTerms: readonly ApiNodeSelectorTerm[];
  };
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly ApiPreferredTerm[];
}

export interface ApiAffinity {
  readonly nodeAffinity?: ApiNodeAffinity;
  readonly podAffinity?: unknown;
  readonly podAntiAffinity?: unknown;
}

export interface ApiPodSpec {
  readonly nodeName?: string;
  readonly schedulerName?: string;
  readonly affinity?: ApiAffinity;
  readonly schedulingGates?: readonly { readonly name: string }[];
}

export interface ApiPod {
  readonly metadata?: ObjectMeta;
  readonly spec?: ApiPodSpec;
  readonly status?: unknown;
}

export interface ApiPodTemplate {
  readonly metadata?: ObjectMeta;
  readonly spec?: ApiPodSpec;
}

export interface ApiCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

export interface ApiJob {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly suspend?: boolean;
    readonly managedBy?: string;
    readonly parallelism?: number;
    /** Left out for a work queue: its pods know when all is done. */
    readonly completions?: number;
    readonly template?: ApiPodTemplate;
  };
  readonly status?: {
    readonly startTime?: string;
    readonly active?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly ApiCondition[];
  };
}

export interface ApiDeployment {
  readonly metadata?: ObjectMeta;
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly template?: ApiPodTemplate;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

export interface ApiTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

export interface ApiNode {
  readonly metadata?: ObjectMeta;
  readonly spec?: { readonly taints?: readonly ApiTaint[]; readonly unschedulable?: boolean };
}

/** What is sent to create or apply an object. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & { readonly name: string };
  readonly [field: string]: unknown;
}
