import type { Labels } from '../../cluster/labels.ts';
import { KueueQueue } from '../../controller/admission/kueue-queue.ts';
import type { JobBook } from '../../controller/jobs/job-book.ts';
import type { Leadership } from '../../controller/ports.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { ApiAdmissionCheck } from '../../kubernetes/kueue/api-objects.ts';
import { CheckWriter } from '../../kubernetes/kueue/check-writer.ts';
import type { KueueVersion } from '../../kubernetes/kueue/version.ts';
import { WorkloadWatcher } from '../../kubernetes/kueue/workload-watcher.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';

export interface KueueSideOptions {
  readonly api: KubeApi;
  readonly version: KueueVersion;
  readonly book: JobBook;
  readonly strength: 'preferred' | 'required';
  readonly labelsOf: (node: string) => Labels | undefined;
  readonly mode: 'act' | 'dry-run';
  readonly leadership: Leadership;
  readonly decidedBy: () => string;
  readonly subscribe: (changed: () => void) => () => void;
  readonly changed: () => void;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Kueue's objects on one cluster: its workloads as a queue, and its checks, which are said to be served while this process leads. */
export class KueueSide {
  readonly queue: KueueQueue;
  readonly #o: KueueSideOptions;
  readonly #workloads: WorkloadWatcher;
  readonly #writer: CheckWriter;
  /** Checks that nobody is said to serve, by name. */
  readonly #unserved = new Map<string, ApiAdmissionCheck>();
  readonly #ending = new AbortController();
  #ends: () => void = () => undefined;
  #serving: Promise<void> = Promise.resolve();

  constructor(options: KueueSideOptions) {
    this.#o = options;
    const { api, version, book, strength, labelsOf, leadership, decidedBy, subscribe, clock } = options;
    this.#workloads = new WorkloadWatcher({
      api,
      version,
      random: options.random,
      clock,
      trouble: troubleLog(options.log, 'watch-trouble', clock, { kind: 'kueue' }),
      changed: options.changed,
      unserved: (check) => {
        this.#unserved.set(check.metadata?.name ?? '', check);
        this.#serve();
      },
    });
    this.#writer = new CheckWriter({
      api,
      version,
      own: () => this.#workloads.own,
      now: () => new Date(clock.unixMilliseconds()),
    });
    this.queue = new KueueQueue({
      workloads: this.#workloads,
      writer: this.#writer,
      book,
      strength,
      labelsOf,
      subscribe,
      stillLeader: () => leadership.isLeader,
      decidedBy,
    });
  }

  get synced(): Promise<boolean> {
    return this.#workloads.synced;
  }

  start(): void {
    this.#ends = this.#o.leadership.subscribe(() => this.#serve());
    this.#workloads.start();
  }

  async stop(): Promise<void> {
    this.#ends();
    this.#ending.abort(new Error('the queue is being stopped'));
    await this.#serving;
    await this.#workloads.stop();
  }

  #serve(): void {
    const { leadership, mode } = this.#o;
    if (mode !== 'act' || !leadership.isLeader) return;
    const checks = [...this.#unserved];
    this.#unserved.clear();
    this.#serving = this.#serving.then(() => this.#serveAll(checks));
  }

  /** Never rejects. What fails is tried again with the next term, or when the check changes. */
  async #serveAll(checks: readonly (readonly [string, ApiAdmissionCheck])[]): Promise<void> {
    const { log } = this.#o;
    for (const [name, check] of checks) {
      const result = await this.#writer.serve(check, this.#ending.signal);
      if (result.outcome === 'written') log.info('admission-check-served', { check: name });
      else if (result.outcome === 'failed' && !this.#ending.signal.aborted) {
        this.#unserved.set(name, check);
        log.error('admission-check-not-served', { check: name, error: result.error });
      }
    }
  }
}
