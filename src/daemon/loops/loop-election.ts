import { LeaseLeadership } from '../../controller/lease-leadership.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { LeaderElector, type LeaseTimes } from '../../kubernetes/lease.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { RandomSource } from '../../util/rng.ts';
import type { Sleep } from '../../util/sleep.ts';

export interface LoopElectionOptions {
  /** Its own connection: behind a burst of writes a renewal would wait. */
  readonly api: KubeApi;
  readonly namespace: string;
  /** Of the lease: each loop beside placement has a leader of its own. */
  readonly lease: string;
  /** Of this process alone. */
  readonly identity: string;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly times?: LeaseTimes | undefined;
}

/** Stands for the leadership of one loop from `start` to `stop`. */
export class LoopElection {
  readonly leadership: LeaseLeadership;
  readonly #elector: LeaderElector;
  readonly #identity: string;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;

  constructor({ lease, times, ...options }: LoopElectionOptions) {
    this.#identity = options.identity;
    this.#elector = new LeaderElector({
      ...options,
      name: lease,
      ...(times === undefined ? {} : { times }),
      started: () => this.leadership.started(),
      ended: () => this.leadership.ended(),
    });
    this.leadership = new LeaseLeadership(() => this.#elector.stillLeader());
  }

  /** `IDENTITY#FENCING-TOKEN` of the present term. */
  readonly decidedBy = (): string => `${this.#identity}#${this.#elector.term?.fencingToken ?? 0}`;

  readonly stillLeader = (): boolean => this.leadership.isLeader;

  start(): void {
    this.#running = this.#elector.run(this.#ending.signal);
  }

  /** Hands the lease back. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}
