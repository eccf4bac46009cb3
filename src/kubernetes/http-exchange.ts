import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Connection, unanswered } from './connection.ts';
import { errors } from './errors.ts';
import type { KubeRequest, KubeResponse, PatchType } from './kube-api.ts';
import { ListScanner } from './list-scanner.ts';

const contentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
};

export interface Exchange {
  readonly connection: Connection;
  readonly request: Omit<KubeRequest, 'timeoutMilliseconds'>;
  readonly purpose: 'request' | 'watch';
  /** Milliseconds until the headers are there, for a watch; until all is there, for a request. */
  readonly timeoutMilliseconds: number;
  /** Where the status is 200: is told the items of a list, of which the body then has none. */
  readonly item?: (object: unknown) => void;
  /** A GET over a connection that turns out to be closed ends with StaleConnection. */
  readonly mayBeStale?: boolean;
}

/** An answer whose body is still to come. */
export interface OpenAnswer {
  readonly response: IncomingMessage;
  /** Ends it with an error that `failure` then has. */
  destroy(error: Error): void;
  /** What it was ended with; undefined where the connection broke by itself. */
  readonly failure: () => Error | undefined;
  /** To be called when the body is read or given up. */
  release(): void;
}

/** The server had closed a connection that was kept for later: the same request will do over another one. */
export class StaleConnection extends Error {}

/**
 * Sends one request and waits for the beginning of its answer.
 *
 * @throws KISIM_E_KUBE_TIMEOUT, _UNREACHABLE, _CERTIFICATE, _TOKEN; the signal's reason where it is aborted
 */
export function open(options: Exchange): Promise<OpenAnswer> {
  const { connection, request, purpose, timeoutMilliseconds } = options;
  const { promise, resolve, reject } = Promise.withResolvers<OpenAnswer>();
  const { method, path, signal } = request;
  const what = `${method} ${connection.url.origin}${path}`;
  let failure: Error | undefined;
  let asked: ClientRequest;
  const destroy = (error: Error): void => {
    failure ??= error;
    asked.destroy();
  };
  if (signal?.aborted === true) return Promise.reject(signal.reason);
  try {
    asked = send(connection, request, purpose);
  } catch (error) {
    // Keys that cannot be read and characters that no header may have are found out before anything is sent.
    return Promise.reject(unanswered(what, error));
  }
  const deadline = setTimeout(
    () => destroy(errors.KISIM_E_KUBE_TIMEOUT(`${what}: nothing for ${timeoutMilliseconds} ms`)),
    timeoutMilliseconds,
  );
  const aborted = (): void => destroy(asError(signal!.reason));
  signal?.addEventListener('abort', aborted, { once: true });
  const release = (): void => {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', aborted);
  };
  asked.on('error', (error) => {
    release();
    const stale = options.mayBeStale && failure === undefined && asked.reusedSocket && method === 'GET';
    reject(failure ?? (stale ? new StaleConnection(what, { cause: error }) : unanswered(what, error)));
  });
  asked.once('response', (response) => {
    if (purpose === 'watch') clearTimeout(deadline);
    resolve({ response, destroy, failure: () => failure, release });
  });
  return promise;
}

/** The whole answer. @throws as `open`, and KISIM_E_KUBE_ANSWER for JSON that is none */
export async function exchange(options: Exchange): Promise<KubeResponse> {
  return await readAnswer(options, await open(options));
}

export async function readAnswer(
  { request, connection, item }: Exchange,
  answer: OpenAnswer,
): Promise<KubeResponse> {
  const { response } = answer;
  const what = `${request.method} ${connection.url.origin}${request.path}`;
  const contentType = String(response.headers['content-type'] ?? '');
  const status = response.statusCode ?? 0;
  const parts: Buffer[] = [];
  const scanner =
    item !== undefined && status === 200 && contentType.includes('json')
      ? new ListScanner((text) => told(parsed(what, text)))
      : undefined;
  let thrown: { readonly error: unknown } | undefined;
  const told = (object: unknown): void => {
    try {
      item?.(object);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      if (scanner === undefined) parts.push(part);
      else scanner.push(part);
    }
  } catch (error) {
    if (thrown !== undefined) throw thrown.error;
    throw answer.failure() ?? unanswered(what, error);
  } finally {
    answer.release();
  }
  const text = scanner?.end() ?? Buffer.concat(parts).toString();
  const retryAfter = /^\d+$/.exec(String(response.headers['retry-after'] ?? ''))?.[0];
  return {
    status,
    body: contentType.includes('json') && text !== '' ? parsed(what, text) : text,
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
  };
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw errors.KISIM_E_KUBE_ANSWER(`${what}: ${error.message}`, { cause: error });
  }
}

function send(
  { url, headers, auth, agents }: Connection,
  { method, path, query = {}, body, patchType }: Exchange['request'],
  purpose: Exchange['purpose'],
): ClientRequest {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const search = new URLSearchParams();
  for (const [name, each] of Object.entries(query)) if (each !== undefined) search.set(name, String(each));
  const contentType = patchType === undefined ? 'application/json' : contentTypes[patchType];
  const asked = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
    // Brackets belong to the address in a URL only.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname.replace(/\/$/, '')}${path}${search.size === 0 ? '' : `?${search}`}`,
    method,
    agent: purpose === 'watch' ? agents.watches : agents.requests,
    headers: {
      accept: 'application/json',
      'user-agent': 'kisimd',
      // Said always: Node sends the body of a DELETE without its length otherwise.
      ...(text === undefined
        ? {}
        : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
      ...headers,
    },
    ...(auth === undefined ? {} : { auth }),
  });
  asked.end(text);
  return asked;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
