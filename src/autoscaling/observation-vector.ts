import type { LoadTrendForm } from './load-history.ts';
import {
  type AutoscalingObservation,
  measuredNumber,
  type ObservationField,
  type ReplicaLimits,
} from './policy.ts';

/** The ten numbers, in KISim's order. */
export const observationFields = [
  'cpuUtilizationPercent',
  'memoryUtilizationPercent',
  'gpuUtilizationPercent',
  'latencyP95Milliseconds',
  'throughputPerSecond',
  'gpuReplicas',
  'cpuReplicas',
  'loadTrend',
  'loadVariance',
  'episodeProgress',
] as const satisfies readonly Exclude<ObservationField, 'gpu' | 'cpu'>[];

export const OBSERVATION_SIZE = observationFields.length;

/** How the ten numbers are given to a network; it belongs to a model, which knows no other. */
export interface VectorForm {
  /** `kisim`: as they are measured. `normalised`: each within -1 .. 1, or little beyond. */
  readonly form: LoadTrendForm;
  readonly limits: ReplicaLimits;
  /** Latency that is written as one half. */
  readonly objectiveSeconds: number;
  /** Requests a second that are written as 1. */
  readonly highestLoad: number;
}

/**
 * Writes an observation [10].
 *
 * @throws KISIM_E_AUTOSCALE_METRIC where one of the ten was not measured
 */
export function writeObservation(
  observation: AutoscalingObservation,
  { form, limits, objectiveSeconds, highestLoad }: VectorForm,
  to: Float32Array,
): void {
  for (let i = 0; i < OBSERVATION_SIZE; i++) to[i] = measuredNumber(observation, observationFields[i]!);
  if (form === 'kisim') return;
  for (let i = 0; i < 3; i++) to[i] = to[i]! / 100;
  // Latencies have no bound; their meaning is in how they compare with the objective.
  to[3] = to[3]! / (to[3]! + 1000 * objectiveSeconds);
  to[4] = to[4]! / highestLoad;
  to[5] = to[5]! / limits.gpu.max;
  to[6] = to[6]! / limits.cpu.max;
}
