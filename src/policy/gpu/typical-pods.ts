import type { Pod, PodGpuRequest } from '../../cluster/pod.ts';

/** A request of the workload that a cluster is there for, and its share of all pods (0 to 1). */
export interface TypicalPod {
  readonly cpuMilli: number;
  /** Thousandths of each GPU; 0 for a pod without. */
  readonly milliEach: number;
  readonly gpus: number;
  /** Models that will do; empty: all. */
  readonly models: readonly string[];
  readonly share: number;
}

const NO_GPUS: PodGpuRequest = { count: 0, milliEach: 0, models: [] };

/**
 * The typical pods of a workload: distinct requests (memory is not looked at), the most frequent first, until they are
 * `coverage` of all pods; their shares are then of those. Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing
 * Workloads with Fragmentation Gradient Descent", ATC 2023, section 4; equal counts the greater request first, as
 * pkg/utils/frag.go of hkust-adsl/kubernetes-scheduler-simulator has it.
 *
 * @param coverage 0 to 1; 0.95 in the study
 */
export function typicalPods(pods: Iterable<Pod>, coverage = 0.95): readonly TypicalPod[] {
  const tally = new PodTally();
  for (const pod of pods) tally.add(pod);
  return tally.typical(coverage);
}

/** Counts requests as pods come. */
export class PodTally {
  readonly #counts = new Map<string, TypicalPod>();
  total = 0;

  add(pod: Pod): void {
    const { count, milliEach, models } = pod.gpu ?? NO_GPUS;
    const request = { cpuMilli: pod.cpuMilli, milliEach, gpus: count, models, share: 1 };
    const key = keyOf(request);
    const known = this.#counts.get(key);
    this.#counts.set(key, known === undefined ? request : { ...known, share: known.share + 1 });
    this.total++;
  }

  /** See `typicalPods`. */
  typical(coverage: number): readonly TypicalPod[] {
    const sorted = [...this.#counts.values()].sort(moreFrequent);
    const wanted = (coverage * 100 * this.total) / 100;
    let covered = 0;
    let taken = 0;
    while (covered < wanted && taken < sorted.length) covered += sorted[taken++]!.share;
    const all = taken === sorted.length;
    // Divided twice, as published: the last bit of a share can decide a truncated score.
    return sorted.slice(0, taken).map((pod) => {
      const share = pod.share / this.total;
      return { ...pod, share: all ? share : share / (covered / this.total) };
    });
  }

  /** The counts as JSON, and back. */
  save(): readonly TypicalPod[] {
    return [...this.#counts.values()];
  }

  restore(saved: readonly TypicalPod[]): void {
    this.#counts.clear();
    this.total = 0;
    for (const pod of saved) {
      this.#counts.set(keyOf(pod), pod);
      this.total += pod.share;
    }
  }
}

function keyOf({ cpuMilli, milliEach, gpus, models }: TypicalPod): string {
  return `${cpuMilli} ${milliEach} ${gpus} ${models.join('|')}`;
}

function moreFrequent(a: TypicalPod, b: TypicalPod): number {
  if (a.share !== b.share) return b.share - a.share;
  if (a.cpuMilli !== b.cpuMilli) return b.cpuMilli - a.cpuMilli;
  if (a.milliEach !== b.milliEach) return b.milliEach - a.milliEach;
  if (a.gpus !== b.gpus) return b.gpus - a.gpus;
  const [first, second] = [a.models.join('|'), b.models.join('|')];
  if (first === second) return 0;
  return first < second ? 1 : -1;
}
