import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../util/clock.ts';
import { KisimError } from '../util/errors.ts';
import type { RandomSource } from '../util/rng.ts';
import { Backoff } from './backoff.ts';
import { errors } from './errors.ts';
import type { KubeApi, WatchEvent } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { listPages, PagesExpired, Refused, VersionLost } from './list-pages.ts';
import { refusal, statusOf } from './refusal.ts';

export interface ListWatchHandlers<T> {
  /** New where there is no `before`, changed otherwise. */
  applied(object: T, before: T | undefined): void;
  deleted(object: T): void;
  /** A whole list has been taken in: until something is told again this is all there is. */
  listed?(): void;
}

/** Where something went wrong; none of it ends the watching. */
export type TroublePlace =
  /** The server's answer, or that there was none. */
  | 'list'
  | 'watch'
  /** One object, which `trim` threw at: what was known of it before stays. */
  | 'object'
  /** A handler threw. */
  | 'handler';

export interface ListWatchOptions<T> {
  readonly api: KubeApi;
  /** Of the collection: `/api/v1/pods`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * What is to be kept of an object, which is never held itself; it has no `managedFields`, and as an item of a list no
   * kind. Undefined: nothing, as if it were not there.
   */
  trim(object: KubeObject): T | undefined;
  readonly handlers: ListWatchHandlers<T>;
  readonly trouble: (place: TroublePlace, error: unknown) => void;
  readonly random: RandomSource;
  readonly clock?: Clock;
  /** Resolves after the time; rejects where the signal is aborted. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Objects of one page of a list. */
  readonly pageSize?: number;
  /** Everything is listed again once it is so old, against whatever a watch may have missed. */
  readonly reconcileSeconds?: number;
  /** The server tells its version every minute where anything changes; a watch that is silent for longer may be dead. */
  readonly inactivityMilliseconds?: number;
}

/** What every watch of one program is given alike. */
export type WatchBase = Pick<ListWatchOptions<unknown>, 'api' | 'random' | 'trouble' | 'clock' | 'wait'>;

export type ListWatchState = 'idle' | 'listing' | 'watching' | 'waiting' | 'stopped';

interface Entry<T> {
  readonly resourceVersion: string;
  readonly object: T;
}

const WATCH_SECONDS = [240, 300] as const;
/** A watch that lived so long was a good one, whatever ended it. */
const GOOD_WATCH_NANOSECONDS = 10e9;
/** After so many watches in a row that brought nothing the version they began from is doubted. */
const WATCHES_BEFORE_LIST = 3;

/**
 * Keeps what there is of one kind of object, by a list and watches that go on from it (as client-go's reflector), through
 * cut and silent connections, servers that restart, expired versions and refusals, until it is stopped. Handlers are told
 * of every change once, in order, also of what was deleted while nobody watched; what they throw is reported and loses
 * nothing.
 */
export class ListWatch<T> {
  readonly #options: ListWatchOptions<T>;
  readonly #clock: Clock;
  readonly #wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly #backoff: Backoff;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<boolean>();
  #version: string | undefined;
  /** Since the last success. */
  #hasLostVersion = false;
  /** The pages of a list expired under way: the next one is asked for in one piece, as client-go's pager does. */
  #inOnePiece = false;
  #listed = 0;
  #heard = 0;
  #state: ListWatchState = 'idle';
  #running: Promise<void> | undefined;

  constructor(options: ListWatchOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#wait = options.wait ?? ((milliseconds, signal) => sleep(milliseconds, undefined, { signal }));
    this.#backoff = new Backoff({ firstMilliseconds: 100, mostMilliseconds: 10_000 }, options.random);
  }

  /** True once a whole list has been told; false where it was stopped before that. */
  get synced(): Promise<boolean> {
    return this.#synced.promise;
  }

  get state(): ListWatchState {
    return this.#state;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#backoff.failures;
  }

  /** Monotonic nanoseconds when the server was last heard: what is known may be as old as this. */
  get lastHeardNanoseconds(): number {
    return this.#heard;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(uid: string): T | undefined {
    return this.#entries.get(uid)?.object;
  }

  *values(): IterableIterator<T> {
    for (const { object } of this.#entries.values()) yield object;
  }

  /** Begins; returns at once. Once only. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is under way any more; nothing is told after the call. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the watch was stopped'));
    await this.#running;
    this.#state = 'stopped';
    this.#synced.resolve(false);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const place = this.#mustList() ? 'list' : 'watch';
      try {
        if (place === 'list') await this.#list();
        else if (!(await this.#watch())) await this.#pause(this.#backoff.failed());
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(place, error);
      }
    }
  }

  #mustList(): boolean {
    if (this.#version === undefined) return true;
    const seconds = this.#options.reconcileSeconds ?? 3600;
    return this.#clock.monotonicNanoseconds() - this.#listed >= seconds * 1e9;
  }

  async #recover(place: 'list' | 'watch', error: unknown): Promise<void> {
    if (error instanceof VersionLost) {
      this.#version = undefined;
      if (error instanceof PagesExpired) this.#inOnePiece = true;
      // Expected from time to time, and the list that follows is the remedy; in a row it is not.
      const inRow = this.#hasLostVersion;
      this.#hasLostVersion = true;
      if (!inRow) return;
    }
    if (place === 'watch') {
      const again = error instanceof Refused ? error.passing : true;
      if (!again || this.#backoff.failures + 1 >= WATCHES_BEFORE_LIST) this.#version = undefined;
    }
    await this.#pauseAfter(place, error);
  }

  async #pauseAfter(place: 'list' | 'watch', error: unknown): Promise<void> {
    this.#report(place, error instanceof Refused || error instanceof VersionLost ? error.cause : error);
    const wanted = error instanceof Refused ? 1000 * error.retryAfterSeconds : 0;
    await this.#pause(this.#backoff.failed() + wanted);
  }

  async #pause(milliseconds: number): Promise<void> {
    this.#state = 'waiting';
    try {
      await this.#wait(milliseconds, this.#stop.signal);
    } catch (error) {
      // Stopped while it waited.
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  async #list(): Promise<void> {
    this.#state = 'listing';
    const { api, path, pageSize = 500, labelSelector, fieldSelector } = this.#options;
    const { signal } = this.#stop;
    const now = new Map<string, Entry<T> | undefined>();
    const version = await listPages({
      api,
      path,
      labelSelector,
      fieldSelector,
      ...(this.#inOnePiece ? {} : { pageSize }),
      signal,
      take: (object) => this.#take(object, now),
      heard: () => this.#hear(),
      again: async (error) => {
        await this.#pauseAfter('list', error);
        this.#state = 'listing';
      },
    });
    if (this.#stop.signal.aborted) return;
    this.#replaceBy(now);
    this.#version = version;
    this.#inOnePiece = false;
    this.#listed = this.#clock.monotonicNanoseconds();
    this.#synced.resolve(true);
  }

  /** What did not change is neither trimmed nor told again. */
  #take(object: KubeObject, into: Map<string, Entry<T> | undefined>): void {
    const { uid, resourceVersion } = object.metadata;
    const known = this.#entries.get(uid);
    into.set(uid, known?.resourceVersion === resourceVersion ? known : this.#entryOf(object));
  }

  #replaceBy(now: ReadonlyMap<string, Entry<T> | undefined>): void {
    // Before what is new: an object may have been made again under its old name.
    for (const uid of [...this.#entries.keys()]) if (now.get(uid) === undefined) this.#remove(uid);
    for (const [uid, entry] of now) if (entry !== undefined) this.#apply(uid, entry);
    this.#tell(() => this.#options.handlers.listed?.());
  }

  /** Whether it was a good one. */
  async #watch(): Promise<boolean> {
    this.#state = 'watching';
    const { api, path, labelSelector, fieldSelector, random } = this.#options;
    const { inactivityMilliseconds = 130_000 } = this.#options;
    const [least, most] = WATCH_SECONDS;
    const query = {
      resourceVersion: this.#version,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.floor(least + (most - least) * random.next()),
      labelSelector,
      fieldSelector,
    };
    const opened = this.#clock.monotonicNanoseconds();
    const { signal } = this.#stop;
    const answer = await api.watch({ path, query, signal, inactivityMilliseconds });
    this.#hear();
    if (answer.status !== 200) {
      const cause = refusal({ method: 'GET', path }, { status: answer.status, body: answer.body });
      if (answer.status === 410) throw new VersionLost(cause.message, { cause });
      throw new Refused(cause, answer.status, answer.retryAfterSeconds);
    }
    let good = false;
    const livedLong = (): boolean => this.#clock.monotonicNanoseconds() - opened >= GOOD_WATCH_NANOSECONDS;
    try {
      for await (const event of answer.events) {
        if (signal.aborted) return true;
        this.#hear();
        this.#event(event);
        good = true;
        this.#succeeded();
      }
    } catch (error) {
      // Where nothing of the kind changes there is nothing to tell, not even a version: as good an end as any. Whether the
      // connection was dead the next watch will find out.
      const silent = error instanceof KisimError && error.code === 'KISIM_E_KUBE_TIMEOUT';
      if (!silent || !livedLong()) throw error;
    } finally {
      if (livedLong()) {
        good = true;
        this.#succeeded();
      }
    }
    return good;
  }

  #succeeded(): void {
    this.#backoff.succeeded();
    this.#hasLostVersion = false;
  }

  #event({ type, object }: WatchEvent): void {
    const { path } = this.#options;
    if (type === 'ERROR') {
      const { code = 0 } = statusOf(object) ?? {};
      const cause = refusal({ method: 'GET', path }, { status: code, body: object });
      if (code === 410) throw new VersionLost(cause.message, { cause });
      throw new Refused(cause, code, undefined);
    }
    const found = object as KubeObject;
    const version = found.metadata?.resourceVersion;
    if (typeof version !== 'string')
      throw errors.KISIM_E_KUBE_ANSWER(`watch ${path}: ${type} without a version`);
    if (type !== 'BOOKMARK') {
      const { uid } = found.metadata;
      const entry = type === 'DELETED' ? undefined : this.#entryOf(found);
      if (entry === undefined) this.#remove(uid);
      else this.#apply(uid, entry);
    }
    this.#version = version;
  }

  /** Undefined for an object of no interest, or one that cannot be read and was not known before. */
  #entryOf(object: KubeObject): Entry<T> | undefined {
    const { managedFields: _, ...metadata } = object.metadata;
    try {
      const trimmed = this.#options.trim({ ...object, metadata });
      return trimmed === undefined
        ? undefined
        : { resourceVersion: metadata.resourceVersion, object: trimmed };
    } catch (error) {
      this.#report('object', error);
      return this.#entries.get(metadata.uid);
    }
  }

  #apply(uid: string, entry: Entry<T>): void {
    const before = this.#entries.get(uid);
    if (before === entry || before?.resourceVersion === entry.resourceVersion) return;
    this.#entries.set(uid, entry);
    this.#tell(() => this.#options.handlers.applied(entry.object, before?.object));
  }

  #remove(uid: string): void {
    const before = this.#entries.get(uid);
    if (before === undefined) return;
    this.#entries.delete(uid);
    this.#tell(() => this.#options.handlers.deleted(before.object));
  }

  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#report('handler', error);
    }
  }

  #report(place: TroublePlace, error: unknown): void {
    this.#options.trouble(place, error);
  }

  #hear(): void {
    this.#heard = this.#clock.monotonicNanoseconds();
  }
}
