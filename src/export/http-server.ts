import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzip } from 'node:zlib';
import { systemErrorCode } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import { isMeantForHere } from '../util/own-names.ts';
import { closeNow, listen } from '../util/server.ts';
import { exportErrors } from './errors.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers GET and HEAD of one path. `head` is true where the body will not be sent. */
export type HttpRoute = (request: {
  readonly accept: string | undefined;
  readonly head: boolean;
}) => HttpAnswer;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly routes: ReadonlyMap<string, HttpRoute>;
  readonly log: Logger;
  /** Names that this machine may be called by, beside `host`, `localhost` and addresses. */
  readonly ownNames: readonly string[];
  /** Other limits of time than the usual ones, for tests. */
  readonly timeouts?: HttpTimeouts;
}

/** A client that sends slowly or never ends its request holds a socket for so long, and never the daemon. */
export interface HttpTimeouts {
  /** From the start of a request to the end of its head. */
  readonly headMilliseconds: number;
  /** From the start of a request to its end. */
  readonly requestMilliseconds: number;
  /** Between two requests on one connection. */
  readonly idleMilliseconds: number;
  /** How often the first two are looked after. */
  readonly checkMilliseconds: number;
}

const usualTimeouts: HttpTimeouts = {
  headMilliseconds: 5_000,
  requestMilliseconds: 10_000,
  idleMilliseconds: 75_000,
  checkMilliseconds: 5_000,
};

/** Below this a gzip header and the system's time cost more than the bytes saved on loopback. */
const GZIP_FROM_BYTES = 1024;

/**
 * A small HTTP/1.1 server for pages that are made from memory. It knows nothing of what it serves.
 */
export class ExportHttpServer {
  readonly #options: HttpServerOptions;
  #server: Server | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the address once it listens.
   * @throws KISIM_E_EXPORT_PORT_IN_USE, KISIM_E_EXPORT_LISTEN
   */
  async start(): Promise<AddressInfo> {
    const { host, port, log, timeouts = usualTimeouts } = this.#options;
    const server = createServer(
      {
        requestTimeout: timeouts.requestMilliseconds,
        headersTimeout: timeouts.headMilliseconds,
        keepAliveTimeout: timeouts.idleMilliseconds,
        connectionsCheckingInterval: timeouts.checkMilliseconds,
        maxHeaderSize: 16_384,
      },
      (request, response) => this.#answer(request, response),
    );
    server.maxConnections = 64;
    server.on('clientError', (error, socket) => {
      log.debug('export-client-error', { error });
      const late = systemErrorCode(error) === 'ERR_HTTP_REQUEST_TIMEOUT';
      const status = late ? '408 Request Timeout' : '400 Bad Request';
      const answer = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      // Destroyed once that is sent: a client that never closes its side would else keep the socket.
      if (socket.writable) socket.end(answer, () => socket.destroy());
      else socket.destroy();
    });
    const address = await listen(server, { host, port }, (where, cause) =>
      systemErrorCode(cause) === 'EADDRINUSE'
        ? exportErrors.KISIM_E_EXPORT_PORT_IN_USE(where, { cause })
        : exportErrors.KISIM_E_EXPORT_LISTEN(where, { cause }),
    );
    server.on('error', (error) => log.error('export-server-error', { error }));
    this.#server = server;
    return address;
  }

  /** Ends open connections at once: every answer is made in one go, so none is cut but those being sent. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await closeNow(server);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    send(request, response, this.#page(path, request, response));
  }

  #page(path: string, request: IncomingMessage, response: ServerResponse): HttpAnswer {
    const { routes, log, host, ownNames } = this.#options;
    const head = request.method === 'HEAD';
    if (!isMeantForHere(request, host, ownNames)) return text(421, misdirected);
    const route = routes.get(path);
    if (route === undefined) return text(404, `no such page: try ${[...routes.keys()].join(' ')}\n`);
    if (request.method !== 'GET' && !head) {
      response.setHeader('Allow', 'GET, HEAD');
      return text(405, 'only GET and HEAD\n');
    }
    try {
      return route({ accept: request.headers.accept, head });
    } catch (error) {
      // A page that cannot be made is a defect of that page; metering and the other pages go on.
      log.error('export-page-failed', { path, error });
      return text(500, 'internal error, see the log\n');
    }
  }
}

const misdirected =
  'the Host header names another machine, and this port is for this machine alone: ask for localhost, 127.0.0.1 or ' +
  '[::1]; a proxy must send one of these as Host\n';

function text(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

function send(request: IncomingMessage, response: ServerResponse, answer: HttpAnswer): void {
  response.statusCode = answer.status;
  response.setHeader('Content-Type', answer.contentType);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Vary', 'Accept, Accept-Encoding');
  const plain = Buffer.from(answer.body);
  const end = (bytes: Buffer) => {
    response.setHeader('Content-Length', bytes.length);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  };
  if (plain.length < GZIP_FROM_BYTES || !acceptsGzip(request.headers['accept-encoding'])) {
    end(plain);
    return;
  }
  // On a thread of the pool, level 1: the loop that meters does not wait for it.
  gzip(plain, { level: 1 }, (error, packed) => {
    if (response.destroyed) return;
    if (error === null) response.setHeader('Content-Encoding', 'gzip');
    end(error === null ? packed : plain);
  });
}

/** Whether `Accept-Encoding` allows gzip: by name or else by `*`, with a weight above 0. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const weights = new Map<string, number>();
  for (const part of String(header ?? '').split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((item) => item.trim().toLowerCase());
    weights.set(coding, Number(parameters.find((item) => item.startsWith('q='))?.slice(2) ?? 1));
  }
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
