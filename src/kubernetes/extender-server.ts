import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KisimError } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import { isMeantForHere } from '../util/own-names.ts';
import { readBody } from '../util/request-body.ts';
import { closeNow, listen, sendJson } from '../util/server.ts';
import type { Milliseconds } from '../util/units.ts';
import { actionErrors } from './action-errors.ts';
import type { ApiPod } from './api-objects.ts';
import { filterError, filterResult, priorities, readExtenderRequest } from './extender-wire.ts';

/** 5,000 whole nodes with their images are 50 MB; by name they are 100 kB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface ExtenderServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Before the names of the verbs; `/kisimd` where left out. */
  readonly prefix?: string;
  readonly maxBodyBytes?: number;
  /** From the whole request to the answer; under the scheduler's own `httpTimeout`. 150 where left out. */
  readonly timeLimitMilliseconds?: Milliseconds;
  readonly log: Logger;
  /** From 0 to 10 for each node; nodes that are left out get 0. */
  readonly score: (
    pod: ApiPod,
    nodeNames: readonly string[],
  ) => ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>>;
  /** Reasons by the names of nodes that the pod must not run on. Left out: it refuses none. */
  readonly refuse?: (
    pod: ApiPod,
    nodeNames: readonly string[],
  ) => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
}

/**
 * A scheduler extender: kube-scheduler asks `POST PREFIX/filter` and `POST PREFIX/prioritize` for each pod. Both forms of
 * node lists are served. What goes wrong is told in the answer, so that a scheduler with `ignorable: true` goes on without.
 */
export class ExtenderServer {
  readonly #options: ExtenderServerOptions;
  #server: Server | undefined;

  constructor(options: ExtenderServerOptions) {
    this.#options = options;
  }

  /** @throws KISIM_E_EXTENDER_LISTEN */
  async start(): Promise<AddressInfo> {
    const { host, port, log } = this.#options;
    const server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 75_000 },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => {
          // The scheduler went away in the middle of its request, as it does when its own time is over.
          log.debug('extender-connection-cut', { error });
          response.destroy();
        });
      },
    );
    server.maxConnections = 64;
    const address = await listen(server, { host, port }, (where, cause) =>
      actionErrors.KISIM_E_EXTENDER_LISTEN(where, { cause }),
    );
    server.on('error', (error) => log.error('extender-server-error', { error }));
    this.#server = server;
    return address;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await closeNow(server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verb = this.#verb(request);
    try {
      if (verb === 'health') return sendJson(response, 200, { status: 'ok' });
      if (verb === undefined)
        throw actionErrors.KISIM_E_EXTENDER_REQUEST(
          `${request.method} ${request.url} at ${request.headers.host ?? 'no host'}`,
        );
      const asked = readExtenderRequest(await this.#body(request));
      const { score, refuse } = this.#options;
      if (verb === 'prioritize') {
        const scores = await this.#inTime(() => score(asked.pod, asked.nodeNames));
        sendJson(response, 200, priorities(asked.nodeNames, scores));
      } else {
        const refused = await this.#inTime(() => refuse?.(asked.pod, asked.nodeNames) ?? new Map());
        sendJson(response, 200, filterResult(asked, refused));
      }
    } catch (error) {
      if (request.destroyed && !request.complete) throw error;
      this.#tell(verb, error, response);
    }
  }

  /** The answer to `filter` has a place for an error; that to `prioritize` has none, so that the status tells it. */
  #tell(verb: string | undefined, error: unknown, response: ServerResponse): void {
    const coded =
      error instanceof KisimError
        ? error
        : actionErrors.KISIM_E_EXTENDER_SCORE(error instanceof Error ? error.message : String(error), {
            cause: error,
          });
    this.#options.log.warn('extender-request-failed', { verb, error: coded });
    const answer = filterError(`${coded.code}: ${coded.message}`);
    if (verb === 'filter') sendJson(response, 200, answer);
    else sendJson(response, statusOf(coded.code), answer);
  }

  #verb(request: IncomingMessage): 'filter' | 'prioritize' | 'health' | undefined {
    const { host, prefix = '/kisimd' } = this.#options;
    if (!isMeantForHere(request, host)) return undefined;
    if (request.method === 'GET' && request.url === '/healthz') return 'health';
    if (request.method !== 'POST') return undefined;
    if (request.url === `${prefix}/filter`) return 'filter';
    return request.url === `${prefix}/prioritize` ? 'prioritize' : undefined;
  }

  async #body(request: IncomingMessage): Promise<string> {
    const { maxBodyBytes = MAX_BODY_BYTES } = this.#options;
    const text = await readBody(request, maxBodyBytes);
    if (text === undefined) throw actionErrors.KISIM_E_EXTENDER_TOO_LARGE(`more than ${maxBodyBytes} bytes`);
    return text;
  }

  /** Better no advice than one that comes when the scheduler waits no more. */
  async #inTime<T>(decide: () => T | Promise<T>): Promise<T> {
    const { timeLimitMilliseconds: limit = 150 } = this.#options;
    const began = performance.now();
    const late = () => actionErrors.KISIM_E_EXTENDER_SLOW(`not within ${limit} ms`);
    const decided = decide();
    if (!(decided instanceof Promise)) {
      // A decision that is computed in one go is late only when it is done.
      if (performance.now() - began > limit) throw late();
      return decided;
    }
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(late()), limit);
    try {
      return await Promise.race([decided, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function statusOf(code: string): number {
  if (code === actionErrors.KISIM_E_EXTENDER_TOO_LARGE('').code) return 413;
  if (code === actionErrors.KISIM_E_EXTENDER_REQUEST('').code) return 400;
  return code === actionErrors.KISIM_E_EXTENDER_SLOW('').code ? 503 : 500;
}
