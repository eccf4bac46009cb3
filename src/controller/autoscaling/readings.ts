import {
  type AutoscalingObservation,
  backendNames,
  type ObservationField,
} from '../../autoscaling/policy.ts';
import type { LoopReading } from '../../history/loop-record.ts';
import type { KisimError } from '../../util/errors.ts';

const units: Readonly<Record<Exclude<ObservationField, 'gpu' | 'cpu'>, string>> = {
  cpuUtilizationPercent: '%',
  memoryUtilizationPercent: '%',
  gpuUtilizationPercent: '%',
  latencyP95Milliseconds: 'ms',
  throughputPerSecond: '1/s',
  gpuReplicas: 'count',
  cpuReplicas: 'count',
  loadTrend: 'share',
  loadVariance: 'share',
  episodeProgress: 'share',
};

/** What a policy saw, as it is kept. */
export function seenReadings(
  observation: AutoscalingObservation,
  needs: readonly ObservationField[],
): readonly LoopReading[] {
  const readings: LoopReading[] = [];
  for (const name of Object.keys(units) as (keyof typeof units)[])
    if (needs.includes(name)) readings.push({ name, amount: observation[name], unit: units[name] });
  for (const backend of backendNames) {
    const pods = observation[backend];
    if (pods === undefined || !needs.includes(backend)) continue;
    readings.push(
      { name: `${backend}.utilizationPercent`, amount: pods.utilizationPercent, unit: '%' },
      { name: `${backend}.ready`, amount: pods.ready, unit: 'count' },
      { name: `${backend}.unready`, amount: pods.unready, unit: 'count' },
      { name: `${backend}.unmeasured`, amount: pods.unmeasured, unit: 'count' },
    );
  }
  return readings;
}

/** The API server may answer a little later; a metric that is missing or a right that is not given stays so. */
const passing: ReadonlySet<string> = new Set([
  'KISIM_E_KUBE_UNREACHABLE',
  'KISIM_E_KUBE_TIMEOUT',
  'KISIM_E_KUBE_WRITE',
]);

export function passes({ code }: KisimError): boolean {
  return passing.has(code);
}
