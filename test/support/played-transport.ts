import type { FailureKind } from '../../src/load/http/failure.ts';
import type { LoadTarget } from '../../src/load/http/target.ts';
import type { AnswerListener, Connection, Transport } from '../../src/load/http/transport.ts';
import type { PlayedTime } from './played-time.ts';

/** What a played server does with a request: answers after so long, fails, or never says anything. */
export type PlayedAnswer =
  | { readonly milliseconds: number; readonly status?: number; readonly bytes?: number }
  | { readonly fails: FailureKind; readonly milliseconds?: number }
  | 'never';

export interface PlayedRequest {
  readonly atMilliseconds: number;
  readonly connection: number;
  readonly target: LoadTarget;
}

/** A server on played time; what it answers is told for each request by its number and time. */
export class PlayedTransport implements Transport {
  readonly requests: PlayedRequest[] = [];
  connections = 0;
  abandoned = 0;
  readonly #time: PlayedTime;
  readonly #answer: (request: number, atMilliseconds: number) => PlayedAnswer;

  constructor(time: PlayedTime, answer: (request: number, atMilliseconds: number) => PlayedAnswer) {
    this.#time = time;
    this.#answer = answer;
  }

  connect(): Connection {
    const connection = this.connections++;
    let takeBack: (() => void) | undefined;
    return {
      send: (target, listener) => {
        if (takeBack !== undefined) throw new Error(`connection ${connection} has two requests at once`);
        const call = this.#take(connection, target, listener);
        const done = () => {
          takeBack = undefined;
          call?.();
        };
        takeBack = call === undefined ? () => undefined : this.#time.after(this.#after, done);
      },
      abandon: () => {
        this.abandoned++;
        takeBack?.();
        takeBack = undefined;
      },
    };
  }

  #after = 0;

  #take(connection: number, target: LoadTarget, listener: AnswerListener): (() => void) | undefined {
    const atMilliseconds = this.#time.now;
    const answer = this.#answer(this.requests.length, atMilliseconds);
    this.requests.push({ atMilliseconds, connection, target });
    if (answer === 'never') return undefined;
    this.#after = answer.milliseconds ?? 0;
    if ('fails' in answer) return () => listener.failed(answer.fails, new Error(`played ${answer.fails}`));
    return () => listener.answered(answer.status ?? 200, answer.bytes ?? 2);
  }
}
