import type { CpuCount, NodeUse, NodeUseSink, PodUse } from '../../attribution/node-use.ts';
import type { UsedSample } from '../../evaluation/switchback/journal-records.ts';
import type { PlacedBy } from '../../evaluation/switchback/pod-ledger.ts';
import type { Milliseconds, Nanoseconds } from '../../util/units.ts';

/** Of a node that nothing was heard of for so long the use is unknown. */
const STALE_MILLISECONDS: Milliseconds = 90_000;

/** So long after the end of a pod readings may still tell of it. */
const LATE_MILLISECONDS: Milliseconds = 900_000;

const order = ['a', 'b', 'before', 'untouched'] as const;

export interface UsedCpuOptions {
  /** Who placed a pod; undefined for pods that are no work (of DaemonSets) or not known. */
  readonly placedBy: (uid: string) => PlacedBy | undefined;
  /** Whether a pod was created while the experiment watched: then all that it used counts. */
  readonly isNew: (uid: string) => boolean;
}

/** CPU seconds that pods used, summed up by who placed them, from counters as they are read of the nodes. */
export class UsedCpu implements NodeUseSink {
  readonly #options: UsedCpuOptions;
  readonly #heard = new Map<string, Milliseconds>();
  /** Last counts by pod, and within it of the whole or of its containers. */
  readonly #counts = new Map<string, Map<string, Nanoseconds>>();
  readonly #ended = new Map<string, Milliseconds>();
  readonly #nanoseconds = { a: 0, b: 0, before: 0, untouched: 0 };

  constructor(options: UsedCpuOptions) {
    this.#options = options;
  }

  take(use: NodeUse): void {
    this.#heard.set(use.node, use.receivedUnixMilliseconds);
    for (const pod of use.pods) {
      const placedBy = this.#options.placedBy(pod.uid);
      if (placedBy === undefined) continue;
      const counts = this.#counts.get(pod.uid) ?? new Map<string, Nanoseconds>();
      this.#counts.set(pod.uid, counts);
      for (const [key, { cpuNanoseconds }] of countsOf(pod)) {
        const before = counts.get(key) ?? (this.#options.isNew(pod.uid) ? 0 : cpuNanoseconds);
        counts.set(key, cpuNanoseconds);
        // A counter that fell began anew: all that it shows was used since.
        this.#nanoseconds[placedBy] += cpuNanoseconds >= before ? cpuNanoseconds - before : cpuNanoseconds;
      }
    }
  }

  /** Since the beginning; undefined where the use of one of the nodes is not known. */
  read(nodes: Iterable<string>, now: Milliseconds): UsedSample | undefined {
    for (const node of nodes) {
      const heard = this.#heard.get(node);
      if (heard === undefined || now - heard > STALE_MILLISECONDS) return undefined;
    }
    if (this.#heard.size === 0) return undefined;
    return order.map((placedBy) => this.#nanoseconds[placedBy] / 1e9) as unknown as UsedSample;
  }

  /** The pod has ended. Readings of it may come late. */
  ended(uid: string, now: Milliseconds): void {
    this.#ended.set(uid, now);
    for (const [gone, at] of this.#ended) {
      if (now - at < LATE_MILLISECONDS) break;
      this.#ended.delete(gone);
      this.#counts.delete(gone);
    }
  }
}

function countsOf({ cpu, containers }: PodUse): readonly (readonly [string, CpuCount])[] {
  if (cpu !== undefined) return [['', cpu]];
  return containers.map((container) => [
    `${container.name}/${container.startUnixMilliseconds ?? ''}`,
    container.cpu,
  ]);
}
