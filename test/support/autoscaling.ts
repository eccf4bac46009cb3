import type { AutoscalingObservation } from '../../src/autoscaling/policy.ts';
import { type AutoscalingProblem, defaultProblem } from '../../src/autoscaling/problem.ts';

/** Everything measured, nothing remarkable. */
export const calmObservation: AutoscalingObservation = {
  atSeconds: 0,
  cpuUtilizationPercent: 50,
  memoryUtilizationPercent: 20,
  gpuUtilizationPercent: 50,
  latencyP95Milliseconds: 100,
  throughputPerSecond: 40,
  gpuReplicas: 3,
  cpuReplicas: 3,
  loadTrend: 0,
  loadVariance: 0.1,
  episodeProgress: 0.5,
  gpu: { ready: 3, unready: 0, unmeasured: 0, utilizationPercent: 70 },
  cpu: { ready: 3, unready: 0, unmeasured: 0, utilizationPercent: 70 },
};

/** KISim's problem with a tenth of the load and short episodes: quick to simulate. */
export const smallProblem: AutoscalingProblem = {
  ...defaultProblem,
  episodeSeconds: 120,
  load: { low: 5, high: 40 },
};
