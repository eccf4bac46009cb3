import { autoscalingErrors } from '../errors.ts';
import { BehaviorLimits, defaultBehavior, type HpaBehavior } from '../hpa/behavior.ts';
import { desiredReplicas } from '../hpa/desired-replicas.ts';
import {
  type AutoscalingDecision,
  type AutoscalingObservation,
  type AutoscalingPolicy,
  type BackendName,
  backendNames,
  measuredPods,
  measuredReplicas,
  type ReplicaLimits,
} from '../policy.ts';

export interface HpaSettings {
  /** `averageUtilization` of each backend's HPA. */
  readonly targetPercent: Readonly<Record<BackendName, number>>;
  /** `--horizontal-pod-autoscaler-tolerance`. */
  readonly tolerance: number;
  readonly behavior: HpaBehavior;
}

/** The controller's defaults; the target is the one of the Kubernetes documentation's walk-through raised to what is usual. */
export const defaultHpa: HpaSettings = {
  targetPercent: { gpu: 70, cpu: 70 },
  tolerance: 0.1,
  behavior: defaultBehavior,
};

/**
 * Two HorizontalPodAutoscalers (autoscaling/v2), one for each backend, on the utilization of its replicas: the algorithm of the
 * controller with its tolerance, stabilisation windows and policies. It is meant to be asked every 15 s, the controller's period.
 * Requests are spread as they are by default: the HPA has no say in it.
 */
export class HpaPolicy implements AutoscalingPolicy {
  readonly name = 'hpa';
  readonly needs = ['gpuReplicas', 'cpuReplicas', 'gpu', 'cpu'] as const;
  readonly #limits: ReplicaLimits;
  readonly #settings: HpaSettings;
  readonly #behavior: Readonly<Record<BackendName, BehaviorLimits>>;

  constructor(limits: ReplicaLimits, settings: HpaSettings = defaultHpa) {
    this.#limits = limits;
    this.#settings = settings;
    const { behavior } = settings;
    this.#behavior = { gpu: new BehaviorLimits(behavior), cpu: new BehaviorLimits(behavior) };
  }

  reset(): void {
    for (const name of backendNames) this.#behavior[name].clear();
  }

  decide(observation: AutoscalingObservation): AutoscalingDecision {
    const gpu = this.#decide(observation, 'gpu');
    const cpu = this.#decide(observation, 'cpu');
    return {
      gpuReplicas: gpu.replicas,
      cpuReplicas: cpu.replicas,
      placement: 'balanced',
      reason: `${gpu.reason}; ${cpu.reason}`,
    };
  }

  #decide(observation: AutoscalingObservation, backend: BackendName): { replicas: number; reason: string } {
    const current = measuredReplicas(observation, backend);
    const pods = measuredPods(observation, backend);
    const range = this.#limits[backend];
    const limits = this.#behavior[backend];
    const now = observation.atSeconds;
    limits.begin(current, now);
    if (current === 0) return { replicas: 0, reason: `${backend} is switched off` };
    if (current > range.max || current < range.min) {
      const replicas = current > range.max ? range.max : range.min;
      limits.remember(current, replicas, now);
      return { replicas, reason: `${backend} was outside ${range.min} to ${range.max}` };
    }
    if (pods.ready > 0 && pods.utilizationPercent === undefined)
      throw autoscalingErrors.KISIM_E_AUTOSCALE_METRIC(
        `${backend}.utilizationPercent is missing at second ${now}`,
      );
    const { targetPercent, tolerance } = this.#settings;
    const target = targetPercent[backend];
    const measured = { ...pods, utilizationPercent: pods.utilizationPercent ?? 0 };
    const wanted = desiredReplicas(current, measured, target, tolerance);
    const replicas =
      wanted.utilizationPercent === undefined ? current : limits.apply(current, wanted.replicas, range, now);
    const seen = wanted.utilizationPercent === undefined ? 'no ready pod' : `${wanted.utilizationPercent} %`;
    return { replicas, reason: `${backend} ${seen} of ${target} %: ${current} to ${replicas}` };
  }
}
