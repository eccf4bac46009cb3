import type { BackendName, Placement } from '../../autoscaling/policy.ts';
import type { ScalingRecord } from '../../history/loop-record.ts';
import type {
  DeploymentName,
  DeploymentReplicas,
  ScaleResult,
} from '../../kubernetes/scale/deployment-scale.ts';

/** What somebody has to measure: the other fields of an observation follow from these, the clock and the Deployments. */
export const measuredFields = [
  'cpuUtilizationPercent',
  'memoryUtilizationPercent',
  'gpuUtilizationPercent',
  'latencyP95Milliseconds',
  'throughputPerSecond',
] as const;
export type MeasuredField = (typeof measuredFields)[number];

/** Measures some of the fields. */
export interface MetricSource {
  readonly name: string;
  readonly gives: readonly MeasuredField[];
  /**
   * The value of one of them now. Undefined: it was not measured.
   *
   * @throws coded errors naming what is missing; the signal's reason
   */
  read(field: MeasuredField, signal: AbortSignal): Promise<number | undefined>;
}

/** Measures the pods of backends, as the HPA's algorithm needs it. */
export interface PodMetricSource {
  readonly gives: readonly BackendName[];
  /**
   * Percent of what each pod asks for: a number for each pod that is measured, or one `forAll`.
   *
   * @throws coded errors naming what is missing; the signal's reason
   */
  readPods(
    backend: BackendName,
    signal: AbortSignal,
  ): Promise<{ readonly percents: readonly number[]; readonly isForAll: boolean }>;
}

/** Reads and sets replicas. */
export interface ReplicaScaler {
  /** @throws KISIM_E_SCALE_..., KISIM_E_KUBE_... */
  read(target: DeploymentName, signal: AbortSignal): Promise<DeploymentReplicas>;
  scale(
    target: DeploymentName & Pick<DeploymentReplicas, 'uid'>,
    replicas: number,
    signal: AbortSignal,
  ): Promise<ScaleResult>;
}

/** Sends requests to backends as a policy places them, where somebody can. */
export interface RequestRouter {
  /** @param ready replicas of each backend that serve */
  route(placement: Placement, ready: Readonly<Record<BackendName, number>>): void;
}

/** Where decisions about replicas are kept. Must neither throw nor wait. */
export interface ScalingSink {
  scaled(record: ScalingRecord): void;
}
