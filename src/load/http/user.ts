import type { RandomStream } from '../../util/rng.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { TargetChoice } from './choice.ts';
import type { UserGroup } from './closed-loop.ts';
import type { FailureKind } from './failure.ts';
import type { LoadContext } from './load-context.ts';
import { drawThinkTime } from './think-time.ts';
import type { AnswerListener, Connection } from './transport.ts';

/** Without an answer a user waits this long at least: nobody hammers a server that refuses thousands of times a second. */
export const PAUSE_AFTER_FAILURE_MILLISECONDS = 100;

/** Where users are told to whom their time has come. */
export interface UserAgenda {
  wakeAt(id: number, due: Milliseconds): void;
}

/** One user of a closed loop: a connection of its own to every server, and a place in its script. */
export class LoadUser implements AnswerListener {
  readonly id: number;
  isActive = false;
  isSending = false;
  isFinished = false;
  /** When the request under way, or the next one, is to be sent. */
  due: Milliseconds = 0;
  readonly #context: LoadContext;
  readonly #group: UserGroup;
  readonly #choice: TargetChoice;
  readonly #random: RandomStream;
  readonly #agenda: UserAgenda;
  readonly #connections = new Map<string, Connection>();
  #step = 0;
  #loops = 0;
  #target = 0;

  constructor(
    id: number,
    context: LoadContext,
    group: UserGroup,
    choice: TargetChoice,
    random: RandomStream,
    agenda: UserAgenda,
  ) {
    this.id = id;
    this.#context = context;
    this.#group = group;
    this.#choice = choice;
    this.#random = random;
    this.#agenda = agenda;
  }

  /** Comes in, at the beginning of its script; one who has not ended its last request yet goes on with it. */
  begin(at: Milliseconds): void {
    if (this.isFinished) return;
    this.isActive = true;
    if (this.isSending) return;
    this.#step = 0;
    this.#loops = 0;
    this.#proceed(at);
  }

  /** Is not wanted any more: ends when its request is answered. */
  leave(): void {
    this.isActive = false;
    if (!this.isSending) this.close();
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.abandon();
  }

  /** Its time has come. */
  goOn(due: Milliseconds): void {
    if (this.isActive) this.#send(due);
  }

  /** On to the next request of the script; thinks before it where it is to. */
  #proceed(from: Milliseconds): void {
    const { script, loops } = this.#group;
    let due = from;
    for (;;) {
      if (this.#step === script.length) {
        this.#step = 0;
        this.#loops++;
        if (this.#loops >= loops) {
          this.isFinished = true;
          this.isActive = false;
          this.close();
          return;
        }
      }
      const step = script[this.#step++]!;
      if (step.kind === 'think') {
        due += 1000 * drawThinkTime(step.time, this.#random);
        continue;
      }
      this.#target = step.kind === 'choose' ? this.#choice.next() : step.target;
      if (due > this.#context.now()) this.#agenda.wakeAt(this.id, due);
      else this.#send(due);
      return;
    }
  }

  #send(due: Milliseconds): void {
    const { targets, recorder, transport } = this.#context;
    const target = targets[this.#target]!;
    let connection = this.#connections.get(target.origin);
    if (connection === undefined) {
      connection = transport.connect(target.origin);
      this.#connections.set(target.origin, connection);
    }
    const now = this.#context.now();
    this.due = due;
    this.isSending = true;
    recorder.sent(this.#target, now, now - due);
    connection.send(target, this);
  }

  answered(status: number, bytes: number): void {
    const now = this.#context.now();
    this.#context.recorder.answered(this.#target, now, now - this.due, status, bytes);
    this.#end(now, undefined, undefined);
  }

  failed(kind: FailureKind, error: unknown): void {
    const now = this.#context.now();
    this.#context.recorder.failed(this.#target, now, now - this.due, kind);
    this.#end(kind === 'timeout' ? now : now + PAUSE_AFTER_FAILURE_MILLISECONDS, kind, error);
  }

  /** Gives up a request that has waited too long. */
  sweep(now: Milliseconds): void {
    if (!this.isSending || now - this.due < this.#context.timeoutOf(this.#target)) return;
    this.#connections.get(this.#context.targets[this.#target]!.origin)?.abandon();
    this.failed('timeout', undefined);
  }

  #end(goesOn: Milliseconds, kind: FailureKind | undefined, error: unknown): void {
    this.isSending = false;
    this.#context.seen(this.#target, kind, error);
    if (this.#context.isOver) return;
    if (this.isActive) this.#proceed(goesOn);
    else this.close();
  }
}
