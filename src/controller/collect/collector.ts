import type { CollectionRecord, CollectionSink } from '../../history/collection-record.ts';
import type { Clock } from '../../util/clock.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import { type SampledCluster, sampleCluster } from './cluster-sampler.ts';
import { collectErrors } from './errors.ts';

/** Where it is kept. */
export interface CollectionStore extends CollectionSink {
  /** Writes what waits; false where the disk did not take it. */
  flush(): boolean;
  readonly status: { readonly lastError: string | undefined };
}

export interface CollectorOptions {
  readonly cluster: SampledCluster;
  readonly store: CollectionStore;
  /** What is wrong with the connection; undefined: all that is watched was heard. */
  readonly trouble: () => string | undefined;
  /** Called at each sample: what takes longer is read for the next one. */
  readonly beforeSample: () => void;
  readonly createdJobs: () => number;
  readonly intervalMilliseconds: Milliseconds;
  /** Undefined: until the signal. */
  readonly forMilliseconds: Milliseconds | undefined;
  /** What of the record does not change. */
  readonly record: Pick<CollectionRecord, 'namespace' | 'strategy' | 'seed' | 'workload'>;
  readonly onProgress: (progress: CollectorProgress) => void;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** The end of what was collected before, where it goes on. */
  readonly lastUnixMilliseconds: Milliseconds | undefined;
}

export interface CollectorProgress {
  readonly samples: number;
  readonly elapsedMilliseconds: Milliseconds;
  /** Undefined: the server is heard. */
  readonly trouble: string | undefined;
}

/** Samples that come later than this after they were due have one missing before them: the machine slept, or was far too busy. */
const LATE_INTERVALS = 2;

/** Samples the cluster, and keeps the books of when it was collected and when not. */
export class Collector {
  readonly #o: CollectorOptions;
  readonly #from: Milliseconds;
  readonly #startedAt: Milliseconds;
  #samples = 0;
  #lastSample: Milliseconds | undefined;
  /** Since when the server is not heard. */
  #lostSince: Milliseconds | undefined;

  constructor(options: CollectorOptions) {
    this.#o = options;
    this.#from = options.clock.unixMilliseconds();
    this.#startedAt = this.#monotonic();
    const { lastUnixMilliseconds: last } = options;
    if (last !== undefined && last < this.#from) this.#gap(last, this.#from, 'not-running');
  }

  /** Of this time alone. */
  get elapsedMilliseconds(): Milliseconds {
    return this.#monotonic() - this.#startedAt;
  }

  get samples(): number {
    return this.#samples;
  }

  /**
   * Samples until the time is over or the signal comes.
   *
   * @throws KISIM_E_COLLECT_NOT_WRITTEN where the disk takes no more; what was written before is there
   */
  async run(signal: AbortSignal): Promise<'finished' | 'stopped'> {
    const { intervalMilliseconds: interval, forMilliseconds, sleep } = this.#o;
    const end = forMilliseconds ?? Number.POSITIVE_INFINITY;
    for (;;) {
      this.#tick();
      const elapsed = this.elapsedMilliseconds;
      if (signal.aborted) return 'stopped';
      if (elapsed >= end) return 'finished';
      // Whole intervals from the beginning on: what a sample takes does not add up.
      const next = Math.min(end, (Math.floor(elapsed / interval) + 1) * interval);
      await sleep(Math.max(1, Math.ceil(next - elapsed)), signal);
    }
  }

  /** The last word. Never throws for the disk: whoever ends has said what was wrong. @returns whether it was written */
  end(how: NonNullable<CollectionRecord['ended']>): boolean {
    this.#tellSelf(how);
    return this.#o.store.flush();
  }

  #tick(): void {
    const { clock, cluster, store, trouble, beforeSample, onProgress, intervalMilliseconds } = this.#o;
    const now = clock.unixMilliseconds();
    const says = trouble();
    beforeSample();
    if (says === undefined) {
      if (this.#lostSince !== undefined) this.#gap(this.#lostSince, now, 'watch-lost');
      else if (
        this.#lastSample !== undefined &&
        now - this.#lastSample > LATE_INTERVALS * intervalMilliseconds
      )
        this.#gap(this.#lastSample + intervalMilliseconds, now, 'sample-missed');
      this.#lostSince = undefined;
      store.collected({ kind: 'cluster-state', record: sampleCluster(cluster, now) });
      this.#samples += 1;
      this.#lastSample = now;
    } else {
      // As it was at the last sample is not how it is: there is no state, and the gap grows until the server is heard.
      this.#lostSince ??= this.#lastSample ?? this.#from;
      this.#gap(this.#lostSince, now, 'watch-lost');
    }
    this.#tellSelf(undefined);
    if (!store.flush())
      throw collectErrors.KISIM_E_COLLECT_NOT_WRITTEN(store.status.lastError ?? 'the history took nothing');
    onProgress({ samples: this.#samples, elapsedMilliseconds: this.elapsedMilliseconds, trouble: says });
  }

  #tellSelf(ended: CollectionRecord['ended']): void {
    const { store, clock, intervalMilliseconds, record, createdJobs } = this.#o;
    store.collected({
      kind: 'collection',
      record: {
        ...record,
        fromUnixMilliseconds: this.#from,
        toUnixMilliseconds: clock.unixMilliseconds(),
        ended,
        intervalMilliseconds,
        samples: this.#samples,
        createdJobs: createdJobs(),
      },
    });
  }

  #gap(
    fromUnixMilliseconds: Milliseconds,
    toUnixMilliseconds: Milliseconds,
    reason: 'not-running' | 'watch-lost' | 'sample-missed',
  ): void {
    this.#o.store.collected({
      kind: 'collection-gap',
      record: { fromUnixMilliseconds, toUnixMilliseconds, reason },
    });
  }

  #monotonic(): Milliseconds {
    return this.#o.clock.monotonicNanoseconds() / 1e6;
  }
}
