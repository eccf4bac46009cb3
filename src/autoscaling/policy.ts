import { autoscalingErrors } from './errors.ts';

/** The two groups of replicas of KISim's problem (GuilinDev/KISim, arXiv 2507.07932): each one Deployment. */
export const backendNames = ['gpu', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/**
 * Which backend a request goes to while both have a replica that is free; where only one has, it goes there, and where none has, to
 * the one that is expected to be through with its queue sooner. In the order of the third number of KISim's action.
 */
export const placements = ['prefer-gpu', 'balanced', 'prefer-cpu'] as const;
export type Placement = (typeof placements)[number];

/** Least and greatest number of replicas, both included. */
export interface ReplicaRange {
  readonly min: number;
  readonly max: number;
}
export type ReplicaLimits = Readonly<Record<BackendName, ReplicaRange>>;

/** The pods of one backend as an autoscaler sees them. `undefined`: not measured, which is never the same as 0. */
export interface BackendPods {
  /** Ready and with a metric. */
  readonly ready: number;
  /** There, and not ready yet. */
  readonly unready: number;
  /** Ready, and without a metric. */
  readonly unmeasured: number;
  /** Mean of the ready ones with a metric over the last interval, percent of what they ask for. */
  readonly utilizationPercent: number | undefined;
}

/**
 * What a policy may know when it decides. The ten numbers of KISim's observation, the pods that the HPA's algorithm asks for, and
 * the time. A field that was not measured is `undefined`; a policy that needs it then throws KISIM_E_AUTOSCALE_METRIC.
 */
export interface AutoscalingObservation {
  /** Seconds of a clock that never goes back; only differences count. */
  readonly atSeconds: number;
  /** 0 .. 100, of the CPU that the ready replicas of the CPU backend may use, over the observation window. */
  readonly cpuUtilizationPercent: number | undefined;
  /** 0 .. 100, of the machines' memory. */
  readonly memoryUtilizationPercent: number | undefined;
  /** 0 .. 100, of the GPU that the ready replicas of the GPU backend may use, over the observation window. */
  readonly gpuUtilizationPercent: number | undefined;
  /** Of the requests that ended within the observation window, the failed ones among them. */
  readonly latencyP95Milliseconds: number | undefined;
  /** Requests answered, per second of the observation window. */
  readonly throughputPerSecond: number | undefined;
  /** As last asked for (`spec.replicas`), ready or not. */
  readonly gpuReplicas: number | undefined;
  readonly cpuReplicas: number | undefined;
  /** -1 falling .. 1 rising; `LoadHistory` makes it of throughputs. */
  readonly loadTrend: number | undefined;
  /** 0 steady .. 1 restless; `LoadHistory` makes it of throughputs. */
  readonly loadVariance: number | undefined;
  /** 0 at the beginning of the episode, 1 at its end. */
  readonly episodeProgress: number | undefined;
  readonly gpu: BackendPods | undefined;
  readonly cpu: BackendPods | undefined;
}

export type ObservationField = Exclude<keyof AutoscalingObservation, 'atSeconds'>;

export interface AutoscalingDecision {
  /** Replicas to ask for, within the policy's limits. */
  readonly gpuReplicas: number;
  readonly cpuReplicas: number;
  readonly placement: Placement;
  /** One line for people: why so many. */
  readonly reason: string;
}

/**
 * What decides on replicas, simulated and live alike. It may remember what it saw and said since `reset`; it draws nothing and
 * reads no clock, so that the same observations give the same decisions.
 *
 * @example
 * policy.reset();
 * const { gpuReplicas, cpuReplicas } = policy.decide(observation);
 */
export interface AutoscalingPolicy {
  readonly name: string;
  /** Fields that `decide` reads: what need not be measured is not in it. */
  readonly needs: readonly ObservationField[];
  /** Forgets all; an episode begins. */
  reset(): void;
  /** @throws KISIM_E_AUTOSCALE_METRIC where a field that it needs was not measured */
  decide(observation: AutoscalingObservation): AutoscalingDecision;
}

/** @throws KISIM_E_AUTOSCALE_METRIC where it was not measured or is no finite number */
export function measuredNumber(
  observation: AutoscalingObservation,
  field: Exclude<ObservationField, BackendName>,
): number {
  const value = observation[field];
  if (value === undefined || !Number.isFinite(value))
    throw autoscalingErrors.KISIM_E_AUTOSCALE_METRIC(
      `${field} is ${value === undefined ? 'missing' : value} at second ${observation.atSeconds}`,
    );
  return value;
}

/** @throws KISIM_E_AUTOSCALE_METRIC where they were not looked at */
export function measuredPods(observation: AutoscalingObservation, backend: BackendName): BackendPods {
  const pods = observation[backend];
  if (pods === undefined)
    throw autoscalingErrors.KISIM_E_AUTOSCALE_METRIC(
      `the pods of the ${backend} backend are missing at second ${observation.atSeconds}`,
    );
  return pods;
}

/** @throws KISIM_E_AUTOSCALE_METRIC */
export function measuredReplicas(observation: AutoscalingObservation, backend: BackendName): number {
  return measuredNumber(observation, backend === 'gpu' ? 'gpuReplicas' : 'cpuReplicas');
}

export function within(replicas: number, { min, max }: ReplicaRange): number {
  return Math.min(Math.max(replicas, min), max);
}
