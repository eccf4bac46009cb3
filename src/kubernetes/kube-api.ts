/** What the API server said: the parsed body whatever the status, so that callers tell 409 from 422. */
export interface KubeResponse {
  readonly status: number;
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown;
  /** Seconds of a Retry-After header (429, 503). */
  readonly retryAfterSeconds?: number;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/namespaces/default/pods`, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Of a PATCH. */
  readonly patchType?: PatchType;
  readonly signal?: AbortSignal;
  /** Milliseconds until the whole answer is there; 30,000 where left out. */
  readonly timeoutMilliseconds?: number;
}

export interface WatchRequest {
  readonly path: string;
  readonly query?: KubeRequest['query'];
  readonly signal: AbortSignal;
  /** The stream ends with an error where not a byte comes for so long; `signal` ends it with the signal's reason. */
  readonly inactivityMilliseconds: number;
}

/** How the server took a watch. */
export interface WatchAnswer {
  readonly status: number;
  /** Nothing where the status is not 200. */
  readonly events: AsyncIterable<WatchEvent>;
  /** What it said instead of a stream, where the status is not 200. */
  readonly body?: unknown;
  readonly retryAfterSeconds?: number;
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/**
 * An API server, as little of it as the program needs. A request resolves for every HTTP status; it rejects with
 * KISIM_E_KUBE_UNREACHABLE, _CERTIFICATE, _TOKEN or _TIMEOUT where there was no answer.
 */
export interface KubeApi {
  /** For people: the server's address and the context's name. */
  readonly name: string;
  request(request: KubeRequest): Promise<KubeResponse>;
  /**
   * As `request` for a list: where the status is 200 each item is told as it arrives, parsed, and the body has none. Items
   * that were told count only when it resolves. Servers that cannot do this leave it out.
   *
   * @throws also what `item` throws
   */
  list?(
    request: KubeRequest & { readonly method: 'GET' },
    item: (object: unknown) => void,
  ): Promise<KubeResponse>;
  /**
   * Opens a watch; `watch=true` is added to the query. Resolves with its status at once; where that is 200 `events`
   * yields until the server ends the stream, and throws where it is cut, silent for too long or not JSON.
   */
  watch(request: WatchRequest): Promise<WatchAnswer>;
}
