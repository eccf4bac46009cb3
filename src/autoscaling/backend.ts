import type { BackendName } from './policy.ts';

/** What one replica of a backend does with requests, and what it costs. */
export interface BackendSpec {
  /** Seconds of a batch of n: (baseSeconds + n * secondsPerRequest) * work, on a processor of its own. */
  readonly baseSeconds: number;
  readonly secondsPerRequest: number;
  /**
   * Of the work of a request, mean 1: (1 - variability) + variability * X, X exponential with mean 1. 0 is always the same, 1 is
   * exponential; the squared coefficient of variation is its square. A batch takes what its first request takes.
   */
  readonly variability: number;
  /** Requests that a replica takes from the queue at once when it is free. */
  readonly maxBatch: number;
  /** From the decision to the first request, uniform between both. */
  readonly startupSeconds: readonly [least: number, most: number];
  /** Processors that the replicas share; where more of them are busy, each is as much slower (time slicing). */
  readonly processors: number;
  /** Share by which each further busy replica slows all, beside the sharing: caches, memory, links. */
  readonly interference: number;
  /** Of a replica that is there: starting, free, or on its way out. */
  readonly idleWatts: number;
  /** Of one that works on a batch. */
  readonly busyWatts: number;
  /** Of a replica. */
  readonly memoryBytes: number;
}

/** Everything that a simulation of serving depends on but the load. */
export interface ServingSpec {
  readonly backends: Readonly<Record<BackendName, BackendSpec>>;
  /** A request that has waited so long leaves and has failed. */
  readonly timeoutSeconds: number;
  /** Requests that one backend's queue holds; a further one is refused. */
  readonly queueLimit: number;
  /** Of the machines, that replicas take memory from. */
  readonly memoryBytes: number;
}

const GIB = 2 ** 30;

/**
 * KISim's testbed in numbers: one image takes 77.17 ms on the GPU and 81.55 ms on the CPU backend (its synthetic test, batch of
 * 1, results/comparison/comprehensive_comparison_report.txt), so that three CPU replicas answer some 37 a second. What it did not
 * measure is assumed: batching of 4 at a third of the time a further image, four GPUs, power of a small inference card and of the
 * cores of a replica, start-up as long as a model server takes to load a small model.
 */
export const defaultServing: ServingSpec = {
  backends: {
    gpu: {
      baseSeconds: 0.0515,
      secondsPerRequest: 0.0257,
      variability: 0.2,
      maxBatch: 4,
      startupSeconds: [15, 25],
      processors: 4,
      interference: 0.01,
      idleWatts: 30,
      busyWatts: 110,
      memoryBytes: 4 * GIB,
    },
    cpu: {
      baseSeconds: 0,
      secondsPerRequest: 0.08155,
      variability: 0.3,
      maxBatch: 1,
      startupSeconds: [5, 10],
      processors: 10,
      interference: 0.01,
      idleWatts: 6,
      busyWatts: 30,
      memoryBytes: 2 * GIB,
    },
  },
  timeoutSeconds: 10,
  queueLimit: 2000,
  memoryBytes: 128 * GIB,
};
