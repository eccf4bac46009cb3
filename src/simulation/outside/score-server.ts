import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Policy } from '../../policy/policy.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import { isMeantForHere } from '../../util/own-names.ts';
import { readBody } from '../../util/request-body.ts';
import { RandomStream } from '../../util/rng.ts';
import { closeNow, listen, sendJson } from '../../util/server.ts';
import { scoreServerErrors } from './errors.ts';
import { type DecodedRequest, decodeNodeRequest, decodeNodesRequest } from './wire-decode.ts';

const MAX_BODY_BYTES = 32 * 1024 * 1024;
const REQUEST_MILLISECONDS = 10_000;

export interface ScoreServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly policy: Policy;
  readonly seed: number;
  readonly log: Logger;
}

/**
 * Serves a policy to programs in other languages: `POST /score` with `{pod, nodes}` answers `{scores}` by node name, with
 * `{pod, node}` it answers `{score}`. Every request stands for itself: what a policy remembers of earlier ones it
 * remembers of none here.
 */
export class ScoreServer {
  readonly #options: ScoreServerOptions;
  #server: Server | undefined;

  constructor(options: ScoreServerOptions) {
    this.#options = options;
  }

  /** @throws KISIM_E_SCORE_LISTEN */
  async start(): Promise<AddressInfo> {
    const { host, port, log } = this.#options;
    const server = createServer(
      {
        requestTimeout: REQUEST_MILLISECONDS,
        headersTimeout: REQUEST_MILLISECONDS / 2,
        keepAliveTimeout: 75_000,
      },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => {
          log.error('score-answer-failed', { error });
          response.destroy();
        });
      },
    );
    server.maxConnections = 64;
    const address = await listen(server, { host, port }, (where, cause) =>
      scoreServerErrors.KISIM_E_SCORE_LISTEN(where, { cause }),
    );
    server.on('error', (error) => log.error('score-server-error', { error }));
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
    try {
      const body = await this.#page(request);
      sendJson(response, 200, body);
    } catch (error) {
      if (!(error instanceof KisimError)) {
        this.#options.log.error('score-request-failed', { error });
        sendJson(response, 500, { error: { code: 'internal', message: 'internal error, see the log' } });
        return;
      }
      const { code, message, expected, action } = error;
      sendJson(response, statusOf(code), { error: { code, message, expected, action } });
      // A body that nobody reads must not be taken for the next request.
      if (!request.complete && request.readableFlowing === null) request.destroy();
    }
  }

  async #page(request: IncomingMessage): Promise<object> {
    const { host, policy } = this.#options;
    if (!isMeantForHere(request, host))
      throw scoreServerErrors.KISIM_E_SCORE_HOST(`'${request.headers.host ?? ''}'`);
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/healthz' && request.method === 'GET') return { status: 'ok', policy: policy.name };
    if (path !== '/score' || request.method !== 'POST')
      throw scoreServerErrors.KISIM_E_SCORE_METHOD(`${request.method} ${path}`);
    const body = parse(await readBody(request, MAX_BODY_BYTES));
    if (body['node'] !== undefined && body['nodes'] === undefined) {
      const scores = this.#scores(decodeNodeRequest(body));
      return { score: scores[0] };
    }
    const decoded = decodeNodesRequest(body);
    const scores = this.#scores(decoded);
    return {
      scores: Object.fromEntries(
        Array.from(decoded.asked, (node, i) => [decoded.cluster.nodes[node]!.name, scores[i]]),
      ),
    };
  }

  /**
   * A policy that ranks nothing, or that goes by more than its ranking (awake nodes first), gives its choice 1 and the
   * others 0.
   */
  #scores({ cluster, pod, asked, slackLeft }: DecodedRequest): Float64Array {
    const { policy, seed } = this.#options;
    const run = policy.start({ cluster, random: new RandomStream(seed).fork('score server') });
    const order = Array.from(asked, (node, i) => ({ node, i })).sort((a, b) => a.node - b.node);
    const candidates = { nodes: Int32Array.from(order, ({ node }) => node), count: asked.length, slackLeft };
    const out = new Float64Array(asked.length);
    run.scores?.(pod, candidates, out);
    const chosen = candidates.nodes.indexOf(run.choose(pod, { ...candidates, slackLeft: 0 }));
    if (run.scores === undefined || out.some((score) => score > out[chosen]!))
      for (let i = 0; i < candidates.count; i++) out[i] = i === chosen ? 1 : 0;
    const inOrder = new Float64Array(asked.length);
    for (const [at, { i }] of order.entries()) inOrder[i] = out[at]!;
    return inOrder;
  }
}

function statusOf(code: string): number {
  if (code === 'KISIM_E_SCORE_TOO_LARGE') return 413;
  if (code === 'KISIM_E_SCORE_METHOD') return 404;
  if (code === 'KISIM_E_SCORE_HOST') return 421;
  return 400;
}

function parse(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined)
    throw scoreServerErrors.KISIM_E_SCORE_TOO_LARGE(`more than ${MAX_BODY_BYTES} bytes`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw scoreServerErrors.KISIM_E_SCORE_REQUEST((cause as Error).message, { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw scoreServerErrors.KISIM_E_SCORE_REQUEST('the body is no object');
  return body as Readonly<Record<string, unknown>>;
}
