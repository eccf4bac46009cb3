import type { RandomStream } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { LoadPattern } from '../pattern/load-pattern.ts';
import { Arrivals, type Spacing } from './arrivals.ts';
import { TargetChoice } from './choice.ts';
import { DueQueue } from './due-queue.ts';
import type { FailureKind } from './failure.ts';
import type { LoadContext, LoadLoop } from './load-context.ts';
import type { AnswerListener, Connection } from './transport.ts';

export interface OpenLoopPlan {
  readonly kind: 'open';
  /** Requests a second. */
  readonly pattern: LoadPattern;
  readonly spacing: Spacing;
  /** To one origin; what is due while all of them are busy waits, and its wait counts. */
  readonly mostConnections: number;
}

/**
 * Requests come when the pattern says so, whatever became of those before: latencies are counted from when a request was
 * due, so that a server that stalls is charged with all who came while it did (no coordinated omission).
 */
export class OpenLoop implements LoadLoop {
  readonly endsEarly = false;
  readonly #context: LoadContext;
  readonly #pattern: LoadPattern;
  readonly #arrivals: Arrivals;
  readonly #choice: TargetChoice;
  readonly #origins: readonly Origin[];
  /** Of each target. */
  readonly #originOf: readonly Origin[];
  #next: Milliseconds;

  constructor(plan: OpenLoopPlan, context: LoadContext, random: RandomStream) {
    this.#context = context;
    this.#pattern = plan.pattern;
    this.#arrivals = new Arrivals(plan.pattern, plan.spacing, random.fork('arrivals'));
    this.#choice = new TargetChoice(context.shares, random.fork('targets'));
    const names = [...new Set(context.targets.map(({ origin }) => origin))];
    this.#origins = names.map((name) => new Origin(name, plan.mostConnections, context));
    this.#originOf = context.targets.map(({ origin }) => this.#origins[names.indexOf(origin)]!);
    this.#next = this.#arrivals.next() * 1000;
  }

  get durationSeconds(): number {
    return this.#pattern.durationSeconds;
  }

  wake(now: Milliseconds): void {
    while (this.#next <= now) {
      const target = this.#choice.next();
      this.#originOf[target]!.submit(target, this.#next);
      this.#next = this.#arrivals.next() * 1000;
    }
    const end = 1000 * this.durationSeconds;
    if (now < end) this.#context.arm(Math.min(this.#next, end));
  }

  sweep(now: Milliseconds): void {
    for (const origin of this.#origins) origin.sweep(now);
  }

  isDone(now: Milliseconds): boolean {
    return (
      now >= 1000 * this.durationSeconds &&
      this.#next === Number.POSITIVE_INFINITY &&
      this.#context.recorder.inFlight === 0 &&
      this.#origins.every(({ waiting }) => waiting === 0)
    );
  }

  close(): void {
    for (const origin of this.#origins) origin.close();
  }

  wanted(fromSeconds: number, toSeconds: number): number {
    return this.#pattern.amountBetween(fromSeconds, toSeconds) / (toSeconds - fromSeconds);
  }

  users(): null {
    return null;
  }
}

/** The connections to one server, opened as they are needed. */
class Origin {
  readonly #name: string;
  readonly #most: number;
  readonly #context: LoadContext;
  readonly #slots: Slot[] = [];
  readonly #free: Slot[] = [];
  readonly #queue = new DueQueue();

  constructor(name: string, most: number, context: LoadContext) {
    this.#name = name;
    this.#most = most;
    this.#context = context;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  submit(target: number, due: Milliseconds): void {
    const slot = this.#free.pop() ?? this.#open();
    if (slot === undefined) this.#queue.push(due, target);
    else slot.send(target, due);
  }

  #open(): Slot | undefined {
    if (this.#slots.length >= this.#most) return undefined;
    const slot = new Slot(this.#context, this.#context.transport.connect(this.#name), this);
    this.#slots.push(slot);
    return slot;
  }

  /** A connection has nothing to do any more. */
  released(slot: Slot): void {
    const queue = this.#queue;
    if (queue.length === 0 || this.#context.isOver) {
      this.#free.push(slot);
      return;
    }
    const { target, due } = queue;
    queue.shift();
    slot.send(target, due);
  }

  sweep(now: Milliseconds): void {
    const context = this.#context;
    const queue = this.#queue;
    while (queue.length > 0 && now - queue.due >= context.timeoutOf(queue.target)) {
      context.recorder.neverSent(queue.target, now, now - queue.due);
      queue.shift();
    }
    for (const slot of this.#slots) slot.sweep(now);
  }

  close(): void {
    for (const slot of this.#slots) slot.close();
  }
}

class Slot implements AnswerListener {
  busy = false;
  due: Milliseconds = 0;
  readonly #context: LoadContext;
  readonly #connection: Connection;
  readonly #origin: Origin;
  #target = 0;

  constructor(context: LoadContext, connection: Connection, origin: Origin) {
    this.#context = context;
    this.#connection = connection;
    this.#origin = origin;
  }

  send(target: number, due: Milliseconds): void {
    const { recorder, targets } = this.#context;
    const now = this.#context.now();
    this.busy = true;
    this.due = due;
    this.#target = target;
    recorder.sent(target, now, now - due);
    this.#connection.send(targets[target]!, this);
  }

  answered(status: number, bytes: number): void {
    const now = this.#context.now();
    this.#context.recorder.answered(this.#target, now, now - this.due, status, bytes);
    this.#end(undefined, undefined);
  }

  failed(kind: FailureKind, error: unknown): void {
    const now = this.#context.now();
    this.#context.recorder.failed(this.#target, now, now - this.due, kind);
    this.#end(kind, error);
  }

  sweep(now: Milliseconds): void {
    if (!this.busy || now - this.due < this.#context.timeoutOf(this.#target)) return;
    this.#connection.abandon();
    this.failed('timeout', undefined);
  }

  close(): void {
    this.#connection.abandon();
  }

  #end(kind: FailureKind | undefined, error: unknown): void {
    this.busy = false;
    this.#context.seen(this.#target, kind, error);
    this.#origin.released(this);
  }
}
