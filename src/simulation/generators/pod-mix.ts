import { DurationLaw } from './duration.ts';

const MINUTE = 60;
const HOUR = 3600;

/** One kind of pod of a mix. Amounts of CPU in cores; all sizes of a class are equally likely. */
export interface PodClass {
  readonly name: string;
  /** Share of the arrivals. */
  readonly share: number;
  readonly kind: 'batch' | 'service';
  readonly cores: readonly number[];
  /** Memory a core, uniform between the two. */
  readonly gibPerCore: readonly [number, number];
  readonly duration: DurationLaw;
  /** Mean use of CPU as a share of the request. */
  readonly useOfRequest: number;
}

export interface PodMix {
  readonly name: string;
  readonly classes: readonly PodClass[];
  /** Standard deviation of the logarithm of a pod's own use against its class's. */
  readonly useSigma: number;
  /** A pod never uses more than this many times its request. */
  readonly useLimit: number;
}

const short: PodClass = {
  name: 'short-batch',
  share: 0.5,
  kind: 'batch',
  cores: [1, 2, 2, 4],
  gibPerCore: [1, 2],
  duration: new DurationLaw(5 * MINUTE, 0.8),
  useOfRequest: 0.7,
};
const medium: PodClass = {
  name: 'medium-batch',
  share: 0.2,
  kind: 'batch',
  cores: [2, 4, 6],
  gibPerCore: [1, 2],
  duration: new DurationLaw(30 * MINUTE, 0.6),
  useOfRequest: 0.7,
};
const long: PodClass = {
  name: 'long-batch',
  share: 0.05,
  kind: 'batch',
  cores: [8, 10, 12, 14, 16],
  gibPerCore: [1, 2],
  duration: new DurationLaw(3 * HOUR, 0.3),
  useOfRequest: 0.7,
};
const service: PodClass = {
  name: 'service',
  share: 0.12,
  kind: 'service',
  cores: [1, 2, 3],
  gibPerCore: [1, 3],
  duration: new DurationLaw(2.5 * HOUR, 0.5),
  useOfRequest: 0.35,
};
const memoryHeavy: PodClass = {
  name: 'memory-heavy',
  share: 0.08,
  kind: 'service',
  cores: [1, 2],
  gibPerCore: [12, 24],
  duration: new DurationLaw(3 * HOUR, 0.5),
  useOfRequest: 0.15,
};
const cron: PodClass = {
  name: 'cron',
  share: 0.05,
  kind: 'batch',
  cores: [0.25, 0.5, 1],
  gibPerCore: [0.5, 1],
  duration: new DurationLaw(1 * MINUTE, 0.5),
  useOfRequest: 0.5,
};

const all = [short, medium, long, service, memoryHeavy, cron];

/** Batch of three lengths, services, memory-heavy services and cron jobs. */
export const standardMix: PodMix = { name: 'standard', classes: all, useSigma: 0.2, useLimit: 1 };

/** The same without the memory-heavy services: CPU is what runs out. */
export const balancedMix: PodMix = {
  name: 'balanced',
  classes: all.filter((each) => each !== memoryHeavy),
  useSigma: 0.2,
  useLimit: 1,
};

/** Few services, much work that can be put off. */
export const batchHeavyMix: PodMix = {
  name: 'batch-heavy',
  classes: [
    { ...short, share: 0.5 },
    { ...medium, share: 0.27 },
    { ...long, share: 0.08 },
    { ...service, share: 0.07 },
    { ...memoryHeavy, share: 0.03 },
    { ...cron, share: 0.05 },
  ],
  useSigma: 0.2,
  useLimit: 1,
};

/** Use far from the request on both sides: up to 1.4 times as much. */
export const unevenMix: PodMix = { name: 'uneven', classes: all, useSigma: 0.35, useLimit: 1.4 };

/** The mix with all pods smaller or larger by one factor, for clusters of other machines. */
export function scaledMix(mix: PodMix, factor: number): PodMix {
  return {
    ...mix,
    classes: mix.classes.map((each) => ({ ...each, cores: each.cores.map((cores) => cores * factor) })),
  };
}

export function meanCores(podClass: PodClass): number {
  return podClass.cores.reduce((sum, cores) => sum + cores, 0) / podClass.cores.length;
}
