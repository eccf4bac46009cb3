import { Client, type Dispatcher } from 'undici';
import { failureKind } from './failure.ts';
import type { LoadTarget } from './target.ts';
import type { AnswerListener, Connection, Transport } from './transport.ts';

export interface UndiciOptions {
  /** To a connection that is open. */
  readonly connectTimeoutMilliseconds: number;
  /** Accepts certificates that nobody signed. */
  readonly insecure: boolean;
}

/** Connections by undici's `Client`: HTTP/1.1, kept alive, one request at a time, no redirects followed. */
export function undiciTransport(options: UndiciOptions): Transport {
  const requests = new WeakMap<LoadTarget, Dispatcher.DispatchOptions>();
  const requestOf = (target: LoadTarget) => {
    let request = requests.get(target);
    if (request === undefined) {
      request = dispatchOptions(target);
      requests.set(target, request);
    }
    return request;
  };
  return { connect: (origin) => new UndiciConnection(origin, options, requestOf) };
}

function dispatchOptions(target: LoadTarget): Dispatcher.DispatchOptions {
  return {
    path: target.path,
    method: target.method as Dispatcher.HttpMethod,
    headers: Object.entries(target.headers).flat(),
    body: target.body === undefined ? null : Buffer.from(target.body),
    // Whether a connection may be closed by the next answer is for the server to say.
    ...(target.closesConnection ? { reset: true } : {}),
  };
}

class UndiciConnection implements Connection {
  readonly #origin: string;
  readonly #options: UndiciOptions;
  readonly #requestOf: (target: LoadTarget) => Dispatcher.DispatchOptions;
  #client: Client | undefined;
  #exchange = new Exchange();

  constructor(
    origin: string,
    options: UndiciOptions,
    requestOf: (target: LoadTarget) => Dispatcher.DispatchOptions,
  ) {
    this.#origin = origin;
    this.#options = options;
    this.#requestOf = requestOf;
  }

  send(target: LoadTarget, listener: AnswerListener): void {
    this.#client ??= this.#open();
    this.#exchange.begin(listener);
    this.#client.dispatch(this.#requestOf(target), this.#exchange);
  }

  abandon(): void {
    const client = this.#client;
    if (client === undefined) return;
    this.#client = undefined;
    // What the old one is told from now on concerns nobody.
    this.#exchange.end();
    this.#exchange = new Exchange();
    void client.destroy();
  }

  #open(): Client {
    const { connectTimeoutMilliseconds, insecure } = this.#options;
    return new Client(this.#origin, {
      pipelining: 1,
      allowH2: false,
      // Time is kept by the generator, for all connections alike.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 600_000,
      connect: { timeout: connectTimeoutMilliseconds, rejectUnauthorized: !insecure },
    });
  }
}

/** What happens to the requests of a connection; one object for all of them, as they come one after the other. */
class Exchange implements Dispatcher.DispatchHandler {
  #listener: AnswerListener | undefined;
  #status = 0;
  #bytes = 0;

  begin(listener: AnswerListener): void {
    this.#listener = listener;
    this.#status = 0;
    this.#bytes = 0;
  }

  end(): void {
    this.#listener = undefined;
  }

  onRequestStart(): void {
    // By this method undici knows a handler of its current interface.
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  onResponseEnd(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    try {
      listener?.answered(this.#status, this.#bytes);
    } catch (error) {
      // undici would take it for a failure of the connection, which nobody waits for any more.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.failed(failureKind(error), error);
  }
}
