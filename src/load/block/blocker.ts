import { DIRECT_TRANSFER_BYTES } from '../../native/burden.ts';
import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import type { HostRoots } from '../../util/host-roots.ts';
import type { Milliseconds, Nanoseconds } from '../../util/units.ts';
import { askedAmounts, type Burden, type Resource } from './burden.ts';
import { blockErrors } from './errors.ts';
import { Governor, LOOK_NANOSECONDS, type Reading } from './governor.ts';
import { HeldThreads } from './held-threads.ts';
import { checkFolder, checkMachine, machineHere } from './limits.ts';
import { type OwnUse, ownUse } from './own-use.ts';
import type { Holding } from './tally.ts';

export interface BlockerOptions {
  readonly burden: Burden;
  readonly forMilliseconds: Milliseconds;
  /** Where the files are made that are read and written; on a disk. */
  readonly folder: string;
  /** Of each file, a multiple of 1 MiB. */
  readonly fileBytes: number;
  /** Of --network. */
  readonly peer: { readonly host: string; readonly port: number } | undefined;
  readonly clock: Clock;
  readonly roots: HostRoots;
  /** The process that started this one, asked anew each time; where it changes, that one has gone. */
  readonly parent: () => number;
  /** Called once everything is held. */
  readonly onHeld?: () => void;
  /** Called about once a second. */
  readonly onWindow?: (holdings: readonly Holding[], leftMilliseconds: Milliseconds) => void;
}

export interface BlockReport {
  /** `failed`: see `failure`. */
  readonly end: 'time' | 'asked' | 'parent-gone' | 'failed';
  readonly seconds: number;
  readonly holdings: readonly Holding[];
  readonly failure: KisimError | undefined;
}

/** One thread does about so much: more is done by several. */
const DISK_BYTES_PER_THREAD = 400e6;
const MOST_DISK_THREADS = 8;
/** Threads let go by themselves so long after the time is over. */
const GRACE_NANOSECONDS = 1e9;

/**
 * Holds a burden for a time. What is held is held by threads of this process: memory is its own, files have no name, so
 * everything is gone with the process, however it ends.
 */
export class Blocker {
  readonly #options: BlockerOptions;
  readonly #use: OwnUse;

  constructor(options: BlockerOptions) {
    this.#options = options;
    this.#use = ownUse(options.roots.proc);
  }

  /**
   * Resolves when everything is let go: at the end of the time, when the signal is aborted, when the parent has gone, or
   * when something goes wrong after it was held.
   *
   * @throws what keeps it from holding everything: KISIM_E_BLOCK_CPU, _MEMORY, _DISK, _DISK_FULL, _PEER, _ACCOUNT...
   */
  async run(signal: AbortSignal): Promise<BlockReport> {
    const { burden, folder, fileBytes, roots, clock, parent, onHeld } = this.#options;
    checkMachine(burden, machineHere(roots));
    const files = this.#diskThreads('disk-read') + this.#diskThreads('disk-write');
    if (files > 0) {
      checkFolder(folder, files * fileBytes);
      this.#use.disk();
    }
    const parentAtBegin = parent();
    const threads = new HeldThreads();
    try {
      const aborted = new Promise<'aborted'>((resolve) => {
        if (signal.aborted) resolve('aborted');
        signal.addEventListener('abort', () => resolve('aborted'), { once: true });
      });
      const held = Promise.all(this.#start(threads));
      const first = await Promise.race([held.then(() => 'held' as const), threads.failed, aborted]);
      if (first instanceof KisimError) throw first;
      if (first === 'aborted') return { end: 'asked', seconds: 0, holdings: [], failure: undefined };
      const reading = this.#reading(threads);
      this.#checkOwnMemory(threads, reading);
      onHeld?.();
      const begin = clock.monotonicNanoseconds();
      const governor = new Governor(askedAmounts(burden), begin, reading);
      return await this.#hold(threads, governor, begin, parentAtBegin, signal);
    } finally {
      await threads.end();
    }
  }

  /** Now that all threads are there, which take memory too. */
  #checkOwnMemory(threads: HeldThreads, { residentBytes }: Reading): void {
    const asked = this.#options.burden.memoryBytes;
    if (asked === undefined) return;
    const own = residentBytes - threads.of('memory').reduce((sum, words) => sum + words.done, 0);
    if (own > asked)
      throw blockErrors.KISIM_E_BLOCK_MEMORY_SMALL(`${asked} bytes asked for, the program has ${own}`);
  }

  async #hold(
    threads: HeldThreads,
    governor: Governor,
    begin: Nanoseconds,
    parentAtBegin: number,
    signal: AbortSignal,
  ): Promise<BlockReport> {
    const { clock, forMilliseconds, parent, onWindow } = this.#options;
    const last = begin + forMilliseconds * 1e6;
    threads.letGoAt(last + GRACE_NANOSECONDS);
    const { promise, resolve, reject } = Promise.withResolvers<BlockReport['end']>();
    let failure: KisimError | undefined;
    const fail = (error: unknown) => {
      if (error instanceof KisimError) {
        failure = error;
        resolve('failed');
      } else reject(error);
    };
    void threads.failed.then(fail);
    const asked = () => resolve('asked');
    signal.addEventListener('abort', asked, { once: true });
    if (signal.aborted) asked();
    const look = () => {
      const now = clock.monotonicNanoseconds();
      try {
        const reading = this.#reading(threads);
        if (governor.window(now, reading)) onWindow?.(governor.holdings(), (last - now) / 1e6);
        if (now >= last) resolve('time');
        else if (parent() !== parentAtBegin) resolve('parent-gone');
        else grant(threads, governor.look(now, reading));
      } catch (error) {
        fail(error);
      }
    };
    const timer = setInterval(look, LOOK_NANOSECONDS / 1e6);
    look();
    try {
      const end = await promise;
      const seconds = (clock.monotonicNanoseconds() - begin) / 1e9;
      return { end, seconds, holdings: governor.holdings(), failure };
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', asked);
    }
  }

  /** One promise for each thread, which resolves when it is ready. */
  #start(threads: HeldThreads): Promise<void>[] {
    const { burden, folder, fileBytes, peer, roots } = this.#options;
    const ready: Promise<void>[] = [];
    const { cpuCores, memoryBytes, networkBytesPerSecond } = burden;
    if (memoryBytes !== undefined) {
      const reserveBytes = machineHere(roots).memoryReserveBytes;
      ready.push(threads.start({ kind: 'memory', askedBytes: memoryBytes, reserveBytes }));
    }
    for (const kind of ['disk-read', 'disk-write'] as const) {
      const count = this.#diskThreads(kind);
      const transferBytes = transferOf(diskRate(burden, kind) / count);
      for (let i = 0; i < count; i++) ready.push(threads.start({ kind, folder, fileBytes, transferBytes }));
    }
    if (networkBytesPerSecond !== undefined) {
      // A second's worth may be under way.
      const mostUnconfirmedBytes = Math.max(1024 * 1024, networkBytesPerSecond);
      ready.push(threads.start({ kind: 'network', ...peer!, mostUnconfirmedBytes }));
    }
    // One more than is needed, where there is one, so that what another process took can be made up for.
    const cores = Math.min(Math.ceil(cpuCores ?? 0) + 1, Math.ceil(machineHere(roots).cores));
    if (cpuCores !== undefined) for (let i = 0; i < cores; i++) ready.push(threads.start({ kind: 'cpu' }));
    return ready;
  }

  #diskThreads(kind: 'disk-read' | 'disk-write'): number {
    return Math.min(
      MOST_DISK_THREADS,
      Math.ceil(diskRate(this.#options.burden, kind) / DISK_BYTES_PER_THREAD),
    );
  }

  #reading(threads: HeldThreads): Reading {
    const hasDisk = threads.of('disk-read').length + threads.of('disk-write').length > 0;
    const disk = hasDisk ? this.#use.disk() : undefined;
    const done = (kind: 'disk-read' | 'disk-write' | 'network') =>
      threads.of(kind).reduce((sum, words) => sum + words.done, 0);
    return {
      cpuNanoseconds: this.#use.cpuNanoseconds(),
      residentBytes: this.#use.residentBytes(),
      diskReadBytes: disk?.readBytes,
      diskWrittenBytes: disk?.writtenBytes,
      diskReadDone: done('disk-read'),
      diskWriteDone: done('disk-write'),
      sentBytes: done('network'),
      confirmedBytes: threads.of('network').reduce((sum, words) => sum + words.confirmed, 0),
    };
  }
}

function grant(threads: HeldThreads, allowed: ReadonlyMap<Resource, number>): void {
  for (const [resource, amount] of allowed) {
    const words = threads.of(resource);
    // What is left of an earlier grant is part of the new one, as what was done so far is known by measurement.
    for (const each of words) each.granted = each.done + amount / words.length;
  }
}

function diskRate(burden: Burden, kind: 'disk-read' | 'disk-write'): number {
  return (kind === 'disk-read' ? burden.diskReadBytesPerSecond : burden.diskWriteBytesPerSecond) ?? 0;
}

/** About fifty transfers a second, as far as whole pages of at most 1 MiB make that possible; a power of two, so that files end with one. */
function transferOf(bytesPerSecond: number): number {
  let bytes = 4096;
  while (bytes < DIRECT_TRANSFER_BYTES && bytes * 50 < bytesPerSecond) bytes *= 2;
  return bytes;
}
