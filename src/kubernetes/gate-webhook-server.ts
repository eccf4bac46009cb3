import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../util/log.ts';
import { readBody } from '../util/request-body.ts';
import { closeNow, listen, sendJson } from '../util/server.ts';
import { actionErrors } from './action-errors.ts';
import { type AdmissionReview, gateReview } from './gate-review.ts';

/** A pod is at most 1.5 MB in etcd, and an object comes with its old version. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MIN_VERSION = 'TLSv1.2';

export interface GateWebhookServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Of the webhook's path: `/gate`. */
  readonly path: string;
  /** PEM; for the name or address that the webhook configuration has. */
  readonly certificate: string;
  readonly key: string;
  readonly schedulers?: readonly string[];
  /** Whether pods are gated now: not where nobody would free them. */
  readonly gating: () => boolean;
  readonly log: Logger;
}

/**
 * Answers the API server's questions about new pods where the server cannot set the gate itself. Whatever goes wrong, the
 * pod is made: without an answer the server passes the webhook over (`failurePolicy: Ignore`).
 */
export class GateWebhookServer {
  readonly #options: GateWebhookServerOptions;
  #server: Server | undefined;

  constructor(options: GateWebhookServerOptions) {
    this.#options = options;
  }

  /** @throws KISIM_E_WEBHOOK_LISTEN */
  async start(): Promise<AddressInfo> {
    const { host, port, certificate, key, log } = this.#options;
    let server: Server;
    try {
      const limits = { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 75_000 };
      server = createServer(
        { cert: certificate, key, minVersion: MIN_VERSION, ...limits },
        (request, response) =>
          this.#answer(request, response).catch((error: unknown) => {
            log.debug('webhook-connection-cut', { error });
            response.destroy();
          }),
      );
    } catch (cause) {
      throw actionErrors.KISIM_E_WEBHOOK_LISTEN(`${host}:${port}: ${(cause as Error).message}`, { cause });
    }
    server.maxConnections = 64;
    const address = await listen(server, { host, port }, (where, cause) =>
      actionErrors.KISIM_E_WEBHOOK_LISTEN(where, { cause }),
    );
    server.on('error', (error) => log.error('webhook-server-error', { error }));
    this.#server = server;
    return address;
  }

  /**
   * From now on serves new connections with another certificate; those that are open stay.
   *
   * @throws KISIM_E_WEBHOOK_LISTEN for one that is none: the former goes on being served
   */
  renew({ certificate, key }: Pick<GateWebhookServerOptions, 'certificate' | 'key'>): void {
    try {
      this.#server?.setSecureContext({ cert: certificate, key, minVersion: MIN_VERSION });
    } catch (cause) {
      throw actionErrors.KISIM_E_WEBHOOK_LISTEN((cause as Error).message, { cause });
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await closeNow(server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, schedulers, gating } = this.#options;
    if (request.method === 'GET' && request.url === '/healthz')
      return sendJson(response, 200, { status: 'ok' });
    // The server adds `?timeout=2s`.
    if (request.method !== 'POST' || request.url?.split('?', 1)[0] !== path)
      return this.#refuse(response, 404, `${request.method} ${request.url}`);
    const review = parsed(await readBody(request, MAX_BODY_BYTES));
    // With no schedulers to gate for it answers as ever, and gates none.
    const answer = review && gateReview(review, gating() ? schedulers : []);
    if (answer === undefined) return this.#refuse(response, 400, 'no AdmissionReview');
    sendJson(response, 200, answer);
  }

  #refuse(response: ServerResponse, status: number, found: string): void {
    const error = actionErrors.KISIM_E_WEBHOOK_REQUEST(found);
    this.#options.log.warn('webhook-request-refused', { error });
    sendJson(response, status, { error: { code: error.code, message: error.message } });
  }
}

/** Undefined where it is none. */
function parsed(text: string | undefined): AdmissionReview | undefined {
  if (text === undefined) return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
