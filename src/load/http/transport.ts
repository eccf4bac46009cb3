import type { Milliseconds } from '../../util/units.ts';
import type { FailureKind } from './failure.ts';
import type { LoadTarget } from './target.ts';

/** Who waits for the answer to one request. Exactly one of the two is called, once. */
export interface AnswerListener {
  /** The answer is complete. */
  answered(status: number, bytes: number): void;
  /** There is no answer. */
  failed(kind: FailureKind, error: unknown): void;
}

/** One connection to one origin, one request at a time; opened by the first request, and again where the server closed it. */
export interface Connection {
  send(target: LoadTarget, listener: AnswerListener): void;
  /** Ends the request that is under way without a call, and with it the connection; the next `send` opens a new one. */
  abandon(): void;
}

export interface Transport {
  connect(origin: string): Connection;
}

/** Time as a generator sees it. */
export interface LoadTime {
  monotonicMilliseconds(): Milliseconds;
  /** Calls back after so long, at once (but not within this call) for 0; gives what takes that back. */
  after(milliseconds: Milliseconds, call: () => void): () => void;
}
