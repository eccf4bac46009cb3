import {
  type AutoscalingDecision,
  type AutoscalingObservation,
  type AutoscalingPolicy,
  type BackendName,
  measuredNumber,
  measuredReplicas,
  type ReplicaLimits,
  within,
} from '../policy.ts';

export interface ThresholdSettings {
  /** One more replica above it, percent. */
  readonly upPercent: number;
  /** One less below it, if latency allows. */
  readonly downPercent: number;
  /** p95 above it is one more replica of each, too. */
  readonly latencyMilliseconds: number;
}

export const defaultThreshold: ThresholdSettings = {
  upPercent: 75,
  downPercent: 30,
  latencyMilliseconds: 300,
};

/** One replica more or less by two marks of utilization and one of latency: the rule of thumb that autoscalers began with. */
export class ThresholdPolicy implements AutoscalingPolicy {
  readonly name = 'threshold';
  readonly needs = [
    'gpuUtilizationPercent',
    'cpuUtilizationPercent',
    'latencyP95Milliseconds',
    'gpuReplicas',
    'cpuReplicas',
  ] as const;
  readonly #limits: ReplicaLimits;
  readonly #settings: ThresholdSettings;

  constructor(limits: ReplicaLimits, settings: ThresholdSettings = defaultThreshold) {
    this.#limits = limits;
    this.#settings = settings;
  }

  reset(): void {
    // Nothing is remembered.
  }

  decide(observation: AutoscalingObservation): AutoscalingDecision {
    const late = measuredNumber(observation, 'latencyP95Milliseconds') > this.#settings.latencyMilliseconds;
    const gpu = this.#step(observation, 'gpu', late);
    const cpu = this.#step(observation, 'cpu', late);
    return {
      gpuReplicas: gpu.replicas,
      cpuReplicas: cpu.replicas,
      placement: 'balanced',
      reason: `gpu ${gpu.percent.toFixed(0)} %, cpu ${cpu.percent.toFixed(0)} %${late ? ', p95 too long' : ''}`,
    };
  }

  #step(observation: AutoscalingObservation, backend: BackendName, late: boolean) {
    const percent = measuredNumber(
      observation,
      backend === 'gpu' ? 'gpuUtilizationPercent' : 'cpuUtilizationPercent',
    );
    const { upPercent, downPercent } = this.#settings;
    const change = percent > upPercent || late ? 1 : percent < downPercent ? -1 : 0;
    const replicas = within(measuredReplicas(observation, backend) + change, this.#limits[backend]);
    return { replicas, percent };
  }
}
