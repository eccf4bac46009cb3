import type { BackendSpec, ServingSpec } from '../../src/autoscaling/backend.ts';
import type { BackendName, ReplicaLimits } from '../../src/autoscaling/policy.ts';
import { ServingSimulation } from '../../src/autoscaling/serving-simulation.ts';
import type { LoadPattern } from '../../src/load/pattern/load-pattern.ts';
import { StepPattern } from '../../src/load/pattern/load-pattern.ts';

/** A replica that takes one second a request, always, and no time to start. */
export const plainBackend: BackendSpec = {
  baseSeconds: 0,
  secondsPerRequest: 1,
  variability: 0,
  maxBatch: 1,
  startupSeconds: [0, 0],
  processors: Number.POSITIVE_INFINITY,
  interference: 0,
  idleWatts: 10,
  busyWatts: 100,
  memoryBytes: 1,
};

export const wideLimits: ReplicaLimits = { gpu: { min: 0, max: 16 }, cpu: { min: 0, max: 16 } };

export interface PlainServing {
  readonly cpu?: Partial<BackendSpec>;
  readonly gpu?: Partial<BackendSpec>;
  readonly timeoutSeconds?: number;
  readonly queueLimit?: number;
}

export function plainServing({ cpu, gpu, timeoutSeconds, queueLimit }: PlainServing = {}): ServingSpec {
  return {
    backends: { gpu: { ...plainBackend, ...gpu }, cpu: { ...plainBackend, ...cpu } },
    timeoutSeconds: timeoutSeconds ?? 1e9,
    queueLimit: queueLimit ?? 100_000,
    memoryBytes: 100,
  };
}

export const steady = (rate: number): LoadPattern =>
  new StepPattern('steady', [{ untilSeconds: 1e12, level: rate }]);

export interface ServingRun {
  readonly spec: ServingSpec;
  readonly rate: number;
  readonly seed: number;
  readonly replicas: Readonly<Record<BackendName, number>>;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Mean wait of the requests taken up in one long interval after the warm-up. */
export function meanWait({ spec, rate, seed, replicas, warmUpSeconds, seconds }: ServingRun): number {
  const simulation = new ServingSimulation(spec, wideLimits);
  simulation.begin({ pattern: steady(rate), seed, atSeconds: 0, replicas });
  simulation.advance(warmUpSeconds);
  simulation.advance(warmUpSeconds + seconds);
  const { gpu, cpu } = simulation.stations;
  return (
    (gpu.interval.waitedSeconds + cpu.interval.waitedSeconds) / (gpu.interval.started + cpu.interval.started)
  );
}
