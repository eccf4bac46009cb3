import type { LabelSelector, Labels } from './labels.ts';

export interface Toleration {
  /** Empty with `Exists`: tolerates every taint. */
  readonly key: string;
  readonly operator: 'Exists' | 'Equal' | 'Lt' | 'Gt';
  readonly value: string;
  /** Undefined: every effect. */
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | undefined;
}

export interface NodeSelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** All requirements of a term hold together; a term without any matches nothing. */
export interface NodeSelectorTerm {
  readonly matchExpressions: readonly NodeSelectorRequirement[];
  readonly matchFields: readonly NodeSelectorRequirement[];
}

export interface NodeAffinity {
  /** One of the terms must match. Undefined: every node will do. */
  readonly required: readonly NodeSelectorTerm[] | undefined;
  readonly preferred: readonly { readonly weight: number; readonly term: NodeSelectorTerm }[];
}

export interface PodAffinityTerm {
  readonly topologyKey: string;
  readonly selector: LabelSelector | undefined;
  /** Empty together with an undefined namespaceSelector: the pod's own namespace. */
  readonly namespaces: readonly string[];
  readonly namespaceSelector: LabelSelector | undefined;
  readonly matchLabelKeys: readonly string[];
  readonly mismatchLabelKeys: readonly string[];
}

export interface PodAffinity {
  readonly required: readonly PodAffinityTerm[];
  readonly preferred: readonly { readonly weight: number; readonly term: PodAffinityTerm }[];
}

export interface TopologySpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway';
  readonly selector: LabelSelector | undefined;
  readonly minDomains: number | undefined;
  readonly nodeAffinityPolicy: 'Honor' | 'Ignore';
  readonly nodeTaintsPolicy: 'Honor' | 'Ignore';
  readonly matchLabelKeys: readonly string[];
}

/** What a container asks for. A resource that it does not name is undefined: Kubernetes then scores with a default. */
export interface ContainerRequests {
  readonly cpuMilli: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly extended?: Readonly<Record<string, number>>;
}

export interface Container {
  readonly image: string;
  readonly requests: ContainerRequests;
  readonly hostPorts: readonly {
    readonly hostIp: string;
    readonly protocol: string;
    readonly hostPort: number;
  }[];
  /** An init container that goes on running beside the others (restartPolicy Always). */
  readonly sidecar?: boolean;
}

/** The parts of a pod that only Kubernetes' own filters and scores look at. */
export interface PodScheduling {
  readonly labels: Labels;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly overhead: ContainerRequests | undefined;
  /** Requests of the pod as a whole, which stand in for the sum over its containers. */
  readonly podRequests: ContainerRequests | undefined;
  readonly imageVolumes: readonly string[];
  readonly nodeSelector: Labels;
  readonly nodeName: string | undefined;
  readonly nodeAffinity: NodeAffinity | undefined;
  readonly podAffinity: PodAffinity | undefined;
  readonly podAntiAffinity: PodAffinity | undefined;
  readonly tolerations: readonly Toleration[];
  readonly topologySpread: readonly TopologySpreadConstraint[];
  /** Selector of the Services and the controller that hold this pod, for the default spreading; undefined: none do. */
  readonly ownerSelector: LabelSelector | undefined;
  readonly priority: number;
}

export interface PodGpuRequest {
  readonly count: number;
  /** Thousandths of each GPU: 1000 is a whole one; less only with a count of 1. */
  readonly milliEach: number;
  /** Models that will do; empty: all. */
  readonly models: readonly string[];
}

/**
 * One pod as a scheduler sees it: what it asks for and what is predicted of it, never what it will really do.
 * Immutable.
 */
export interface Pod {
  /** Dense, from 0, in one run. */
  readonly id: number;
  readonly name: string;
  readonly namespace: string;
  /** What scheduling counts against a node: max of init and main containers, with overhead. */
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly gpu?: PodGpuRequest;
  readonly extended?: Readonly<Record<string, number>>;
  /** Predicted mean use of CPU while it runs. */
  readonly predictedCpuMilli: number;
  /** Predicted time from its start to its end; Infinity where nothing says that it ends. */
  readonly predictedSeconds: number;
  /** How long it may be held back after its arrival; 0 for nearly all pods. */
  readonly slackSeconds: number;
  /** Pods with one shape are equal for every policy but for their names and predictions; -1: not classed. */
  readonly shape: number;
  readonly scheduling?: PodScheduling;
}
