import type { Milliseconds } from '../../util/units.ts';
import type { FailureKind } from './failure.ts';
import type { LoadRecorder } from './recorder.ts';
import type { LoadTarget } from './target.ts';
import type { TargetShares } from './target-shares.ts';
import type { Transport } from './transport.ts';

/** What the loops work with. All times are milliseconds from the beginning of the run. */
export interface LoadContext {
  readonly targets: readonly LoadTarget[];
  readonly shares: TargetShares;
  readonly transport: Transport;
  readonly recorder: LoadRecorder;
  /** A request without a complete answer for so long, from when it was due, is given up. */
  timeoutOf(target: number): Milliseconds;
  /** Nothing is to be sent any more. */
  readonly isOver: boolean;
  now(): Milliseconds;
  /** Something is to be done at this time; `wake` will be called then. */
  arm(due: Milliseconds): void;
  /** Told of every answer and failure, after it was recorded. */
  seen(target: number, kind: FailureKind | undefined, error: unknown): void;
}

/** An open or a closed loop. */
export interface LoadLoop {
  readonly durationSeconds: number;
  /** It may have no more to do before that. */
  readonly endsEarly: boolean;
  /** Does what is due, and arms the next. */
  wake(now: Milliseconds): void;
  /** Gives up what has waited too long. */
  sweep(now: Milliseconds): void;
  /** Nothing will be sent any more; what is in flight may still be answered. */
  isDone(now: Milliseconds): boolean;
  /** Ends every connection, without recording what was under way. */
  close(): void;
  wanted(fromSeconds: number, toSeconds: number): number;
  users(): number | null;
}
