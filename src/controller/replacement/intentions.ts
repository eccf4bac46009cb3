import type { Milliseconds } from '../../util/units.ts';

/** Where the pod is to go that its owner makes in place of one that was evicted. */
export interface Intention {
  /** Uid of the controller that makes it. */
  readonly owner: string;
  /** Uid of the pod that was evicted. */
  readonly evicted: string;
  readonly node: string;
  /** Monotonic; a pod that comes later is decided as any other. */
  readonly until: Milliseconds;
}

/** What re-placement has planned for pods that are still to come. The placement loop asks it about each new pod. */
export class Intentions {
  readonly #now: () => Milliseconds;
  #open: Intention[] = [];
  /** By the uid of the pod that came. */
  readonly #taken = new Map<string, Intention>();

  constructor(monotonicMilliseconds: () => Milliseconds) {
    this.#now = monotonicMilliseconds;
  }

  add(intention: Intention): void {
    this.#open.push(intention);
  }

  /** The eviction did not come about. */
  withdraw(evicted: string): void {
    this.#open = this.#open.filter((each) => each.evicted !== evicted);
  }

  /** The node that a pod is meant for, the same each time until the plan is too old. One pod takes each place. */
  nodeFor(uid: string, owner: string | undefined): string | undefined {
    this.#forgetOld();
    const taken = this.#taken.get(uid);
    if (taken !== undefined) return taken.node;
    const at = owner === undefined ? -1 : this.#open.findIndex((each) => each.owner === owner);
    if (at < 0) return undefined;
    const [intention] = this.#open.splice(at, 1);
    this.#taken.set(uid, intention!);
    return intention!.node;
  }

  /** A pod has a node. Returns what was planned for it, once. */
  settle(uid: string): Intention | undefined {
    const taken = this.#taken.get(uid);
    this.#taken.delete(uid);
    return taken;
  }

  /** Places that no pod has come to yet. */
  get open(): number {
    this.#forgetOld();
    return this.#open.length + this.#taken.size;
  }

  #forgetOld(): void {
    const now = this.#now();
    if (this.#open.some(({ until }) => now >= until))
      this.#open = this.#open.filter(({ until }) => now < until);
    for (const [uid, { until }] of this.#taken) if (now >= until) this.#taken.delete(uid);
  }
}
