import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../util/clock.ts';
import { KisimError } from '../../util/errors.ts';
import { expositionContentType, negotiateFormat } from '../../util/exposition.ts';
import type { Logger } from '../../util/log.ts';
import { isMeantForHere } from '../../util/own-names.ts';
import { RandomStream } from '../../util/rng.ts';
import { listen } from '../../util/server.ts';
import type { Milliseconds } from '../../util/units.ts';
import { testApplicationErrors } from './errors.ts';
import { sendBytes } from './network-answer.ts';
import { RequestMetrics } from './request-metrics.ts';
import { parseRequest, routeNames } from './routes.ts';
import { type Served, Station } from './station.ts';
import type { Work } from './work.ts';
import { WorkerPool } from './worker-pool.ts';

export interface TestApplicationOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Requests in service at once; each has a thread of its own. */
  readonly servers: number;
  /** Most requests that wait for a server. */
  readonly queueLimit: number;
  /** Of the draws of `exp:`. */
  readonly seed: number;
  /** Where files of /disk are made. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A client that neither sends nor takes anything for so long is cut off, so that it holds no server. */
const STALLED_MILLISECONDS = 30_000;
/** What nginx counts requests as whose client did not wait for the answer. */
const CLIENT_GONE = 499;

/**
 * A web application that costs what its requests ask for: CPU time, memory, disk writes or bytes. Requests wait in one
 * queue for one of a number of servers, so that it can be told beforehand how it behaves: see `Station`.
 */
export class TestApplication {
  readonly #options: TestApplicationOptions;
  readonly #station: Station;
  readonly #metrics = new RequestMetrics(routeNames);
  readonly #random: RandomStream;
  #server: Server | undefined;
  #pool: WorkerPool | undefined;
  #stopping = false;

  constructor(options: TestApplicationOptions) {
    this.#options = options;
    this.#station = new Station(options);
    this.#random = new RandomStream(options.seed).fork('test application');
  }

  /**
   * Resolves with the address once it listens and its threads run.
   *
   * @throws KISIM_E_TEST_APPLICATION_LISTEN, KISIM_E_TEST_APPLICATION_WORKER
   */
  async start(): Promise<AddressInfo> {
    const { host, port, servers, folder, log } = this.#options;
    this.#pool = await WorkerPool.start(servers, { folder });
    const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        log.error('test-application-answer-failed', { error });
        response.destroy();
      });
    });
    let address: AddressInfo;
    try {
      address = await listen(server, { host, port }, (where, cause) =>
        testApplicationErrors.KISIM_E_TEST_APPLICATION_LISTEN(where, { cause }),
      );
    } catch (error) {
      await this.#pool.stop();
      throw error;
    }
    server.on('error', (error) => log.error('test-application-server-error', { error }));
    this.#server = server;
    return address;
  }

  /**
   * Takes no new connections, refuses what waits in the queue, and ends what is in service after so long at most.
   */
  async stop(drainMilliseconds: Milliseconds): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    this.#station.refuseWaiting(testApplicationErrors.KISIM_E_TEST_APPLICATION_STOPPING('a waiting request'));
    const late = setTimeout(() => server.closeAllConnections(), drainMilliseconds);
    await closed;
    clearTimeout(late);
    await this.#pool?.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    if (this.#stopping) response.setHeader('Connection', 'close');
    response.once('finish', () => {
      // Answers that were begun before have promised to keep the connection.
      if (this.#stopping) request.socket.end();
    });
    const url = urlOf(request);
    try {
      if (!isMeantForHere(request, this.#options.host)) {
        throw testApplicationErrors.KISIM_E_TEST_APPLICATION_HOST(`'${request.headers.host ?? ''}'`);
      }
      if (!this.#page(request, response, url.pathname)) await this.#work(request, response, url);
    } catch (error) {
      if (!response.destroyed) this.#refuse(response, error);
    }
    const route = url.pathname.slice(1);
    const code = response.writableEnded ? response.statusCode : CLIENT_GONE;
    if (routeNames.includes(route)) this.#metrics.answered(route, code);
  }

  /** Pages that cost nothing and wait for nobody. */
  #page(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    if (path === '/healthz') {
      // A replica that is being taken away says so, and gets no new requests.
      send(
        response,
        this.#stopping ? 503 : 200,
        'text/plain; charset=utf-8',
        this.#stopping ? 'stopping\n' : 'ok\n',
      );
      return true;
    }
    if (path !== '/metrics') return false;
    const format = negotiateFormat(request.headers.accept);
    const { servers } = this.#options;
    const { inService, queued } = this.#station;
    const page = this.#metrics.page(format, { servers, inService, queued });
    send(response, 200, expositionContentType[format], page);
    return true;
  }

  async #work(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const asked = parseRequest(request.method ?? '', url.pathname, url.searchParams);
    if (this.#stopping) throw testApplicationErrors.KISIM_E_TEST_APPLICATION_STOPPING(url.pathname);
    const work = asked.draw(this.#random);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client has gone')));
    const served = await this.#station.run((server) => this.#serve(server, work, response), gone.signal);
    this.#metrics.served(asked.route, served.waitNanoseconds, served.serviceNanoseconds);
    if (work.kind === 'network') return;
    const text = `${JSON.stringify(told(work, served))}\n`;
    response.setHeader('Server-Timing', timing(served));
    send(response, 200, 'application/json', text);
  }

  async #serve(server: number, work: Work, response: ServerResponse): Promise<number | undefined> {
    if (work.kind === 'network') {
      await sendBytes(response, work.bytes, STALLED_MILLISECONDS);
      return undefined;
    }
    return (await this.#pool!.carryOut(server, work)).cpuNanoseconds;
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (!(error instanceof KisimError)) {
      this.#options.log.error('test-application-request-failed', { error });
      const body = { error: { code: 'internal', message: 'internal error, see the log' } };
      send(response, 500, 'application/json', JSON.stringify(body));
      return;
    }
    const { code, message, expected, action } = error;
    const body = { error: { code, message, expected, action } };
    send(response, statusOf(code), 'application/json', JSON.stringify(body));
  }
}

/** What is no path at all (`*`, `//`) is a route that does not exist. */
function urlOf(request: IncomingMessage): URL {
  const url = URL.parse(`http://here${request.url}`);
  return url ?? new URL('http://here/');
}

function statusOf(code: string): number {
  switch (code) {
    case 'KISIM_E_TEST_APPLICATION_ROUTE':
      return 404;
    case 'KISIM_E_TEST_APPLICATION_REQUEST':
      return 400;
    case 'KISIM_E_TEST_APPLICATION_HOST':
      return 421;
    case 'KISIM_E_TEST_APPLICATION_FULL':
    case 'KISIM_E_TEST_APPLICATION_STOPPING':
      return 503;
    case 'KISIM_E_TEST_APPLICATION_MEMORY':
    case 'KISIM_E_TEST_APPLICATION_DISK':
      return 507;
    default:
      return 500;
  }
}

function told(
  work: Work,
  { result, waitNanoseconds, serviceNanoseconds }: Served<number | undefined>,
): object {
  const { kind, ...asked } = work;
  return {
    route: kind,
    asked,
    waitMilliseconds: waitNanoseconds / 1e6,
    serviceMilliseconds: serviceNanoseconds / 1e6,
    cpuMilliseconds: (result ?? 0) / 1e6,
  };
}

/** https://www.w3.org/TR/server-timing/ */
function timing({ waitNanoseconds, serviceNanoseconds }: Served<unknown>): string {
  return `wait;dur=${(waitNanoseconds / 1e6).toFixed(3)}, service;dur=${(serviceNanoseconds / 1e6).toFixed(3)}`;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(bytes);
}
