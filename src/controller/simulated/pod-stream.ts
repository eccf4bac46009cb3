import type { Pod } from '../../cluster/pod.ts';
import { type ArrivalRhythm, relativeRate } from '../../simulation/generators/arrivals.ts';
import { DurationLaw } from '../../simulation/generators/duration.ts';
import type { RandomStream } from '../../util/rng.ts';

/** All of its pods; an opted-in namespace of the simulated cluster. */
export const SIMULATED_NAMESPACE = 'simulated';

const GIBIBYTE = 2 ** 30;
const MEAN_GAP_SECONDS = 6;
/** A cluster that is used has pods: so many are created at its beginning, one after the other. */
const OPENING_PODS = 24;
const OPENING_GAP_SECONDS = 0.2;
/** A day in ten minutes. */
const RHYTHM: ArrivalRhythm = { amplitude: 0.6, periodSeconds: 600, phaseSeconds: 0 };
/** Spread of a pod's own use around what is predicted of its kind, and how far it goes. */
const USE_SIGMA = 0.15;

interface PodKind {
  readonly name: string;
  readonly share: number;
  readonly ownerKind: 'ReplicaSet' | 'Job';
  readonly cores: readonly number[];
  readonly gibibytesPerCore: number;
  readonly life: DurationLaw;
  readonly useOfRequest: number;
  readonly slackSeconds: number;
}

const KINDS: readonly PodKind[] = [
  {
    name: 'web',
    share: 0.45,
    ownerKind: 'ReplicaSet',
    cores: [2, 2, 4, 8],
    gibibytesPerCore: 2,
    life: new DurationLaw(220, 0.4),
    useOfRequest: 0.4,
    slackSeconds: 0,
  },
  {
    name: 'build',
    share: 0.35,
    ownerKind: 'Job',
    cores: [8, 16, 32],
    gibibytesPerCore: 1,
    life: new DurationLaw(120, 0.4),
    useOfRequest: 0.85,
    slackSeconds: 0,
  },
  {
    name: 'cache',
    share: 0.12,
    ownerKind: 'ReplicaSet',
    cores: [2, 4],
    gibibytesPerCore: 8,
    life: new DurationLaw(280, 0.3),
    useOfRequest: 0.15,
    slackSeconds: 0,
  },
  {
    // Can be put off for a minute.
    name: 'report',
    share: 0.08,
    ownerKind: 'Job',
    cores: [16, 48],
    gibibytesPerCore: 1,
    life: new DurationLaw(90, 0.3),
    useOfRequest: 0.9,
    slackSeconds: 60,
  },
];

const SHARES = KINDS.map(({ share }) => share);

/** A pod that is created at an instant, with what it will really do: that is not known to any policy. */
export interface StreamedPod {
  readonly uid: string;
  readonly atSeconds: number;
  readonly pod: Pod;
  readonly ownerKind: string;
  /** Milli-cores, as long as it runs; never more than it asked for. */
  readonly useMilli: number;
  /** From its start to its end, on whatever node. */
  readonly lifeSeconds: number;
}

/**
 * Pods without an end, the same ones from the same stream of random numbers: arrivals by a Poisson process with the rhythm of a
 * day that lasts ten minutes (thinning, Lewis and Shedler 1979), one in six seconds on average after a quick beginning, living
 * for half a minute to several minutes.
 */
export class PodStream {
  readonly #random: RandomStream;
  /** Part of all names, so that those of two runs differ. */
  readonly #tag: string;
  #now = 0;
  #count = 0;

  constructor(random: RandomStream) {
    this.#random = random;
    this.#tag = random.bits32().toString(36).padStart(7, '0');
  }

  next(): StreamedPod {
    const random = this.#random;
    const kind = KINDS[random.weighted(SHARES)]!;
    const cores = random.pick(kind.cores);
    const requested = cores * 1000;
    const predictedCpuMilli = requested * kind.useOfRequest;
    const useMilli = Math.min(requested, predictedCpuMilli * random.logNormal(1, USE_SIGMA));
    const lifeSeconds = Math.max(30, kind.life.draw(random));
    const id = this.#count++;
    return {
      uid: `simulated-${this.#tag}-${id}`,
      atSeconds: this.#arrival(),
      ownerKind: kind.ownerKind,
      useMilli,
      lifeSeconds,
      pod: {
        id,
        name: `${kind.name}-${this.#tag}-${id}`,
        namespace: SIMULATED_NAMESPACE,
        cpuMilli: requested,
        memoryBytes: cores * kind.gibibytesPerCore * GIBIBYTE,
        predictedCpuMilli,
        predictedSeconds: kind.life.medianSeconds,
        slackSeconds: kind.slackSeconds,
        shape: -1,
      },
    };
  }

  #arrival(): number {
    if (this.#count <= OPENING_PODS) {
      this.#now += OPENING_GAP_SECONDS;
      return this.#now;
    }
    const peak = 1 + RHYTHM.amplitude;
    do this.#now += this.#random.exponential(MEAN_GAP_SECONDS / peak);
    while (this.#random.next() * peak >= relativeRate(RHYTHM, this.#now));
    return this.#now;
  }
}
