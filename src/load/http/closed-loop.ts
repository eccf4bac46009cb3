import { IndexedHeap } from '../../simulation/indexed-heap.ts';
import type { RandomStream } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { LoadPattern } from '../pattern/load-pattern.ts';
import { TargetChoice } from './choice.ts';
import type { LoadContext, LoadLoop } from './load-context.ts';
import type { ThinkTime } from './think-time.ts';
import { LoadUser, type UserAgenda } from './user.ts';

/** What a user does: one after the other, again and again. `choose` draws a target by its weight. */
export type ScriptStep =
  | { readonly kind: 'request'; readonly target: number }
  | { readonly kind: 'choose' }
  | { readonly kind: 'think'; readonly time: ThinkTime };

export interface UserGroup {
  readonly name: string;
  /** Users; rounded to whole ones. */
  readonly pattern: LoadPattern;
  /** Holds at least one request. */
  readonly script: readonly ScriptStep[];
  /** How often a user goes through its script; Infinity for as long as the pattern lasts. */
  readonly loops: number;
}

export interface ClosedLoopPlan {
  readonly kind: 'closed';
  readonly groups: readonly UserGroup[];
}

/**
 * Users who each wait for an answer before they go on. A user's latency counts from when it was due to send. As slow answers
 * hold users back, these latencies are what so many users see, and say nothing of a stream that would not wait.
 */
export class ClosedLoop implements LoadLoop, UserAgenda {
  readonly durationSeconds: number;
  readonly endsEarly: boolean;
  readonly #context: LoadContext;
  readonly #groups: readonly ActiveGroup[];
  readonly #users: LoadUser[] = [];
  /** When users who wait are to go on. */
  readonly #due: IndexedHeap;

  constructor({ groups }: ClosedLoopPlan, context: LoadContext, random: RandomStream) {
    this.#context = context;
    this.durationSeconds = groups.reduce((most, { pattern }) => Math.max(most, pattern.durationSeconds), 0);
    this.endsEarly = groups.some(({ loops }) => loops < Number.POSITIVE_INFINITY);
    const capacity = groups.reduce((sum, { pattern }) => sum + Math.round(pattern.highestLevel), 0);
    this.#due = new IndexedHeap(capacity);
    const choice = new TargetChoice(context.shares, random.fork('targets'));
    this.#groups = groups.map((group) => {
      const first = this.#users.length;
      const most = Math.round(group.pattern.highestLevel);
      for (let i = 0; i < most; i++) {
        const id = first + i;
        const thinking = random.fork(`user ${id}`);
        this.#users.push(new LoadUser(id, context, group, choice, thinking, this));
      }
      return new ActiveGroup(group, this.#users.slice(first));
    });
  }

  /** Of users: wakes this one then. */
  wakeAt(id: number, due: Milliseconds): void {
    this.#due.set(id, due);
    this.#context.arm(due);
  }

  wake(now: Milliseconds): void {
    for (const group of this.#groups) {
      group.follow(now / 1000, (user) => this.#due.remove(user.id));
      if (group.nextChangeSeconds < Number.POSITIVE_INFINITY)
        this.#context.arm(group.nextChangeSeconds * 1000);
    }
    while (this.#due.nextKey <= now) {
      const id = this.#due.nextId;
      const due = this.#due.nextKey;
      this.#due.remove(id);
      this.#users[id]!.goOn(due);
    }
    if (this.#due.count > 0) this.#context.arm(this.#due.nextKey);
  }

  sweep(now: Milliseconds): void {
    for (const user of this.#users) user.sweep(now);
  }

  isDone(now: Milliseconds): boolean {
    if (this.#context.recorder.inFlight > 0) return false;
    return now >= this.durationSeconds * 1000 || this.#groups.every((group) => group.isDone);
  }

  close(): void {
    for (const user of this.#users) user.close();
  }

  wanted(fromSeconds: number, toSeconds: number): number {
    const amount = this.#groups.reduce(
      (sum, { pattern }) => sum + pattern.amountBetween(fromSeconds, toSeconds),
      0,
    );
    return amount / (toSeconds - fromSeconds);
  }

  users(): number {
    return this.#users.reduce((count, { isActive }) => count + (isActive ? 1 : 0), 0);
  }
}

/** The users of a group, of whom the first so many are active. */
class ActiveGroup {
  readonly pattern: LoadPattern;
  nextChangeSeconds = 0;
  readonly #users: readonly LoadUser[];
  #active = 0;

  constructor({ pattern }: UserGroup, users: readonly LoadUser[]) {
    this.pattern = pattern;
    this.#users = users;
  }

  /** Brings in the users of the pattern, and lets go of those who are too many. */
  follow(nowSeconds: number, onGone: (user: LoadUser) => void): void {
    while (this.nextChangeSeconds <= nowSeconds) {
      const at = this.nextChangeSeconds;
      const wanted = Math.round(this.pattern.levelAt(at));
      for (; this.#active < wanted; this.#active++) this.#users[this.#active]!.begin(at * 1000);
      for (; this.#active > wanted; this.#active--) {
        const user = this.#users[this.#active - 1]!;
        user.leave();
        onGone(user);
      }
      this.nextChangeSeconds = this.pattern.nextChangeAfter(at);
    }
  }

  /** All users that ever come have come and have gone through their loops. */
  get isDone(): boolean {
    return (
      this.nextChangeSeconds >= this.pattern.durationSeconds && this.#users.every((user) => user.isFinished)
    );
  }
}
