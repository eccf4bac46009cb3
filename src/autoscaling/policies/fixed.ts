import type { AutoscalingDecision, AutoscalingPolicy, Placement } from '../policy.ts';

/** So many replicas, whatever comes. KISim's baseline is three of each. */
export class FixedPolicy implements AutoscalingPolicy {
  readonly name: string;
  readonly needs = [] as const;
  readonly #decision: AutoscalingDecision;

  constructor(gpuReplicas: number, cpuReplicas: number, placement: Placement = 'balanced', name = 'fixed') {
    this.name = name;
    this.#decision = { gpuReplicas, cpuReplicas, placement, reason: 'fixed' };
  }

  reset(): void {
    // Nothing is remembered.
  }

  decide(): AutoscalingDecision {
    return this.#decision;
  }
}
