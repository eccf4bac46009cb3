import type { ClusterState } from '../../cluster/cluster-state.ts';
import { gangFits } from '../../queueing/gang.ts';
import type { QueuedJob, QueueState, RunningJob } from '../../queueing/policy.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { GangSize } from './gang-planner.ts';
import type { RunningItem, WaitingItem } from './queue-items.ts';

export interface LiveQueueStateOptions {
  /** @throws where a template cannot be read */
  readonly sizeOf: (item: WaitingItem) => GangSize;
  /** Names of the nodes that pods of a Job are on, by the Job's uid. */
  readonly nodesOf: (jobUid: string) => readonly string[];
  /** Told of an item that cannot be read; it is left out. */
  readonly unread: (item: WaitingItem, error: unknown) => void;
  /** Unix milliseconds that are second 0. */
  readonly beginning: Milliseconds;
}

/** A state with the items that its jobs stand for. */
export interface LiveQueue {
  readonly state: QueueState;
  readonly items: readonly WaitingItem[];
}

/** Makes the queue of a live cluster what admission policies know. */
export class LiveQueueState {
  readonly #o: LiveQueueStateOptions;
  readonly #ids = new Map<string, number>();
  /** Undefined: it cannot be read, which was told. */
  readonly #sizes = new WeakMap<WaitingItem, GangSize | undefined>();
  #nextId = 0;

  constructor(options: LiveQueueStateOptions) {
    this.#o = options;
  }

  secondsAt(unixMilliseconds: Milliseconds): number {
    return (unixMilliseconds - this.#o.beginning) / 1000;
  }

  /**
   * @param blocked uids of items that are known to have no room, or are not to be chosen now
   */
  make(
    cluster: ClusterState,
    waiting: Iterable<WaitingItem>,
    running: Iterable<RunningItem>,
    blocked: ReadonlySet<string>,
  ): LiveQueue {
    const readable = [...waiting].filter((item) => this.#sizeOf(item) !== undefined);
    const items = readable.sort(
      (a, b) => a.sinceUnixMilliseconds - b.sinceUnixMilliseconds || (a.uid < b.uid ? -1 : 1),
    );
    const going = [...running].filter((item) => this.#sizeOf(item) !== undefined);
    this.#forgetOthers([...items, ...going]);
    const jobs = items.map((item) => this.#jobOf(item));
    const indices = new Map(cluster.nodes.map(({ name }, at) => [name, at]));
    const state: QueueState = {
      nowSeconds: cluster.now,
      jobs,
      fitsNow: Uint8Array.from(jobs, (job, i) =>
        !blocked.has(items[i]!.uid) && gangFits(cluster, job) ? 1 : 0,
      ),
      running: going.map((item) => this.#runningOf(item, indices)),
      cluster,
      // Nothing here measures them; a policy that needs them says so.
      cpuUtilisation: undefined,
      memoryUtilisation: undefined,
      oomKillsLastHour: undefined,
    };
    return { state, items };
  }

  #jobOf(item: WaitingItem): QueuedJob {
    const { name, namespace, type, priority, estimatedSeconds, estimateOrigin } = item;
    return {
      id: this.#idOf(item.uid),
      name,
      namespace,
      type,
      priority,
      arrivalSeconds: this.secondsAt(item.sinceUnixMilliseconds),
      ...this.#sizeOf(item)!,
      estimatedSeconds,
      estimateOrigin,
    };
  }

  #runningOf(item: RunningItem, indices: ReadonlyMap<string, number>): RunningJob {
    const job = this.#jobOf(item);
    const podNodes = new Int32Array(job.pods).fill(-1);
    for (const [i, name] of this.#o.nodesOf(item.jobUid).entries())
      if (i < podNodes.length) podNodes[i] = indices.get(name) ?? -1;
    return { job, admittedSeconds: this.secondsAt(item.admittedUnixMilliseconds), podNodes };
  }

  #sizeOf(item: WaitingItem): GangSize | undefined {
    if (!this.#sizes.has(item)) this.#sizes.set(item, this.#read(item));
    return this.#sizes.get(item);
  }

  #read(item: WaitingItem): GangSize | undefined {
    try {
      const size = this.#o.sizeOf(item);
      return size.pods === 0 ? undefined : size;
    } catch (error) {
      this.#o.unread(item, error);
      return undefined;
    }
  }

  #idOf(uid: string): number {
    let id = this.#ids.get(uid);
    if (id === undefined) {
      id = this.#nextId++;
      this.#ids.set(uid, id);
    }
    return id;
  }

  #forgetOthers(items: readonly WaitingItem[]): void {
    const here = new Set(items.map(({ uid }) => uid));
    for (const uid of this.#ids.keys()) if (!here.has(uid)) this.#ids.delete(uid);
  }
}
