import type { Clock } from '../util/clock.ts';
import { KisimError } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { RandomSource } from '../util/rng.ts';
import type { Sleep } from '../util/sleep.ts';
import type { Milliseconds } from '../util/units.ts';
import { actionErrors } from './action-errors.ts';
import type { KubeApi, KubeRequest, KubeResponse } from './kube-api.ts';
import { type ApiLease, type LeaseSpec, microTime, sameRecord } from './lease-record.ts';
import { refusal } from './refusal.ts';

/** As client-go's leader election has them by default. */
export interface LeaseTimes {
  /** Others wait so long after they last saw the record change. */
  readonly leaseSeconds: number;
  /** The holder stops so long after it last began a renewal that succeeded: well before others may begin. */
  readonly renewSeconds: number;
  /** Between two tries. */
  readonly retrySeconds: number;
}

export const usualLeaseTimes: LeaseTimes = { leaseSeconds: 15, renewSeconds: 10, retrySeconds: 2 };

/** wait.JitterUntil of client-go: candidates do not all ask at the same moment. */
const JITTER = 1.2;
const RELEASE_MILLISECONDS: Milliseconds = 2_000;

/** The time from winning the lease to losing it. */
export interface Term {
  readonly identity: string;
  /** Greater in each later term, of whoever. */
  readonly fencingToken: number;
  /** Aborted when the term ends. */
  readonly signal: AbortSignal;
}

export interface LeaderElectorOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly name: string;
  /** Of this process alone. */
  readonly identity: string;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly times?: LeaseTimes;
  readonly started: (term: Term) => void;
  /** Waited for before the lease is released or asked for again. */
  readonly ended?: (term: Term) => Promise<void> | void;
  /** Told of every new holder, this one among them. */
  readonly leads?: (identity: string) => void;
}

interface Observed {
  readonly spec: LeaseSpec;
  readonly resourceVersion: string | undefined;
  /** By the local monotonic clock, when the record was first seen so. */
  readonly sinceNanoseconds: number;
}

/**
 * Leader election by a Lease, as client-go does it (tools/leaderelection): a record that has not changed for its whole
 * duration, by the local monotonic clock, may be taken; every write names the version that was read. Unlike there, who
 * loses stands for election again, and every term has a fencing token of its own, also after one of the same holder.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #times: LeaseTimes;
  readonly #path: string;
  #observed: Observed | undefined;
  #term: Term | undefined;
  /** When the last renewal that succeeded was sent, by both clocks. */
  #renewedNanoseconds = 0;
  #renewedUnix: Milliseconds = 0;
  #lastProblem: string | undefined;

  /** @throws KISIM_E_KUBE_LEASE where the times contradict each other */
  constructor(options: LeaderElectorOptions) {
    const times = options.times ?? usualLeaseTimes;
    const { leaseSeconds, renewSeconds, retrySeconds } = times;
    if (!(leaseSeconds > renewSeconds && renewSeconds > retrySeconds * JITTER && retrySeconds > 0))
      throw actionErrors.KISIM_E_KUBE_LEASE(
        `lease ${leaseSeconds} s, renewal within ${renewSeconds} s, retry after ${retrySeconds} s`,
      );
    this.#options = options;
    this.#times = times;
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`;
  }

  /** The present term, which may have run out already: `stillLeader` says. */
  get term(): Term | undefined {
    return this.#term;
  }

  /**
   * Whether nobody else can hold the lease yet. Asked before every write. A host that was suspended finds that its wall clock
   * has gone on while the monotonic one stood still; both must agree that the term has time left.
   */
  stillLeader(): boolean {
    if (this.#term === undefined) return false;
    const { clock } = this.#options;
    const { renewSeconds } = this.#times;
    return (
      clock.monotonicNanoseconds() - this.#renewedNanoseconds < renewSeconds * 1e9 &&
      clock.unixMilliseconds() - this.#renewedUnix < renewSeconds * 1e3
    );
  }

  /** Stands for election until the signal is aborted, then hands the lease back. */
  async run(signal: AbortSignal): Promise<void> {
    const { sleep, random } = this.#options;
    const retry = this.#times.retrySeconds * 1e3;
    while (!signal.aborted) {
      if ((await this.#attempt(false)) === 'held') await this.#lead(signal);
      else await sleep(retry * (1 + JITTER * random.next()), signal);
    }
    await this.#release();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { identity, sleep, log, started, ended } = this.#options;
    const endTerm = new AbortController();
    const fencingToken = this.#observed?.spec.leaseTransitions ?? 0;
    const term: Term = { identity, fencingToken, signal: endTerm.signal };
    this.#term = term;
    let why: 'stopped' | 'taken' | 'late' | undefined;
    try {
      log.info('lease-won', { identity, fencingToken });
      started(term);
      while (why === undefined) {
        await sleep(this.#times.retrySeconds * 1e3, signal);
        if (signal.aborted) why = 'stopped';
        else {
          const result = await this.#attempt(true);
          if (result === 'other') why = 'taken';
          else if (result === 'failed' && !this.stillLeader()) why = 'late';
        }
      }
    } finally {
      // Also where a fault of the program ends it: who has no loop to renew the lease leads no more.
      this.#term = undefined;
      endTerm.abort();
    }
    if (why === 'stopped') log.info('lease-given-up', { identity, fencingToken });
    else log.warn('lease-lost', { identity, fencingToken, why });
    await ended?.(term);
  }

  /** One try to get or keep the lease. `other`: somebody else has it. */
  async #attempt(leading: boolean): Promise<'held' | 'other' | 'failed'> {
    try {
      const result = await this.#acquireOrRenew(leading);
      this.#lastProblem = undefined;
      return result;
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      // Once for each kind of trouble: a server that is away is asked every two seconds.
      if (error.code !== this.#lastProblem) this.#options.log.warn('lease-trouble', { error });
      this.#lastProblem = error.code;
      return 'failed';
    }
  }

  /** tryAcquireOrRenew of client-go's leaderelection.go. */
  async #acquireOrRenew(leading: boolean): Promise<'held' | 'other' | 'failed'> {
    const { identity, clock, name } = this.#options;
    // Who leads knows the last version: one request instead of two.
    if (leading && this.#observed?.spec.holderIdentity === identity && this.stillLeader()) {
      if (await this.#write(this.#observed, true)) return 'held';
    }
    const read = await this.#request({ method: 'GET', path: `${this.#path}/${name}` });
    if (read.status === 404) return (await this.#create(leading)) ? 'held' : 'failed';
    if (read.status !== 200) throw refusal({ method: 'GET', path: `${this.#path}/${name}` }, read);
    const lease = read.body as ApiLease;
    this.#observe(lease);
    const observed = this.#observed!;
    const { holderIdentity = '', leaseDurationSeconds = this.#times.leaseSeconds } = observed.spec;
    if (holderIdentity !== '' && holderIdentity !== identity) {
      const age = clock.monotonicNanoseconds() - observed.sinceNanoseconds;
      if (age < leaseDurationSeconds * 1e9) return 'other';
    }
    const keeps = leading && holderIdentity === identity;
    // A term whose lease is another's or nobody's has ended, though it may be won anew at once.
    if (leading && !keeps) return 'other';
    return (await this.#write(observed, keeps)) ? 'held' : 'failed';
  }

  /** Of a lease that was never there, or that somebody removed: terms go on being counted. */
  async #create(keeps: boolean): Promise<boolean> {
    const request = { method: 'POST', path: this.#path } as const;
    const sent = this.#now();
    const body = this.#lease(this.#record(this.#observed?.spec, keeps), undefined);
    const response = await this.#request({ ...request, body });
    if (response.status === 409) return false;
    if (response.status !== 201) throw refusal(request, response);
    this.#won(response.body as ApiLease, sent);
    return true;
  }

  /** False where somebody else wrote first. */
  async #write(observed: Observed, keeps: boolean): Promise<boolean> {
    const request = { method: 'PUT', path: `${this.#path}/${this.#options.name}` } as const;
    const sent = this.#now();
    const body = this.#lease(this.#record(observed.spec, keeps), observed.resourceVersion);
    const response = await this.#request({ ...request, body });
    if (response.status === 409 || response.status === 404) return false;
    if (response.status !== 200) throw refusal(request, response);
    this.#won(response.body as ApiLease, sent);
    return true;
  }

  /** The time counts from before the request: others count from when it was carried out, or later. */
  #won(lease: ApiLease, sent: { readonly nanoseconds: number; readonly unix: Milliseconds }): void {
    this.#observe(lease);
    this.#renewedNanoseconds = sent.nanoseconds;
    this.#renewedUnix = sent.unix;
  }

  #now(): { readonly nanoseconds: number; readonly unix: Milliseconds } {
    const { clock } = this.#options;
    return { nanoseconds: clock.monotonicNanoseconds(), unix: clock.unixMilliseconds() };
  }

  #observe({ metadata, spec = {} }: ApiLease): void {
    const { clock, leads, log } = this.#options;
    const before = this.#observed;
    const changed = before === undefined || !sameRecord(before.spec, spec);
    this.#observed = {
      spec,
      resourceVersion: metadata.resourceVersion,
      sinceNanoseconds: changed ? clock.monotonicNanoseconds() : before.sinceNanoseconds,
    };
    const holder = spec.holderIdentity ?? '';
    if (holder === '' || holder === before?.spec.holderIdentity) return;
    log.info('lease-holder', { holder });
    leads?.(holder);
  }

  #record(before: LeaseSpec | undefined, keeps: boolean): LeaseSpec {
    const { identity, clock } = this.#options;
    const now = microTime(clock.unixMilliseconds());
    const transitions = before?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#times.leaseSeconds),
      acquireTime: keeps ? (before?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: keeps || before === undefined ? transitions : transitions + 1,
    };
  }

  #lease(spec: LeaseSpec, resourceVersion: string | undefined): ApiLease {
    const { name, namespace } = this.#options;
    const version = resourceVersion === undefined ? {} : { resourceVersion };
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace, ...version },
      spec,
    };
  }

  /** A request must not outlive the term that it is to prolong. */
  #request(request: KubeRequest): Promise<KubeResponse> {
    const { clock, api } = this.#options;
    const renew = this.#times.renewSeconds * 1e3;
    const since = (clock.monotonicNanoseconds() - this.#renewedNanoseconds) / 1e6;
    const left = this.#term === undefined ? renew : Math.max(100, renew - since);
    return api.request({ ...request, timeoutMilliseconds: Math.ceil(left) });
  }

  /** So that the next leader need not wait for the lease to run out. It may have been lost meanwhile, which is no harm. */
  async #release(): Promise<void> {
    const { identity, clock, api, name, log } = this.#options;
    const observed = this.#observed;
    if (observed?.spec.holderIdentity !== identity) return;
    const now = microTime(clock.unixMilliseconds());
    const spec: LeaseSpec = {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: observed.spec.leaseTransitions ?? 0,
    };
    const request = { method: 'PUT', path: `${this.#path}/${name}` } as const;
    try {
      const body = this.#lease(spec, observed.resourceVersion);
      const response = await api.request({ ...request, body, timeoutMilliseconds: RELEASE_MILLISECONDS });
      if (response.status !== 200 && response.status !== 409)
        log.warn('lease-not-released', { error: refusal(request, response) });
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      log.warn('lease-not-released', { error });
    }
  }
}
