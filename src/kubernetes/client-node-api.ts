import { readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Clock, systemClock } from '../util/clock.ts';
import { type Connection, Connections } from './connection.ts';
import { describeCause } from './describe-cause.ts';
import { errors } from './errors.ts';
import { type Exchange, exchange, open, readAnswer, StaleConnection } from './http-exchange.ts';
import type {
  KubeApi,
  KubeRequest,
  KubeResponse,
  WatchAnswer,
  WatchEvent,
  WatchRequest,
} from './kube-api.ts';
import { type KubeconfigOptions, readKubeconfig } from './kubeconfig.ts';
import { watchEvents } from './watch-stream.ts';

export interface ClientNodeApiOptions extends KubeconfigOptions {
  /** Requests at a time; further ones wait. */
  readonly maxConnections?: number;
  readonly clock?: Clock;
}

/** Where a cluster is, as others may be told: without who asks. */
export interface ClusterAddress {
  readonly server: string;
  /** PEM of the authority that signs its certificate; undefined: one that the system knows. */
  readonly authority: string | undefined;
  /** Its certificate is not checked. */
  readonly isUnchecked: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
}

const TIMEOUT_MILLISECONDS = 30_000;
/** How often the kubeconfig is read again at most, where the server does not know us. */
const RENEW_NANOSECONDS = 10e9;

/**
 * A cluster through its API server, known by kubeconfig or service account: files, contexts, tokens that are renewed and
 * credential plugins are client-node's work, requests and connections ours. On 401 the kubeconfig is read again and the
 * request asked once more.
 */
export class ClientNodeApi implements KubeApi {
  readonly #empty: () => KubeConfig;
  readonly #options: ClientNodeApiOptions;
  readonly #clock: Clock;
  #config: KubeConfig;
  #connections: Connections;
  #renewed = Number.NEGATIVE_INFINITY;

  private constructor(empty: () => KubeConfig, options: ClientNodeApiOptions) {
    this.#empty = empty;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#config = readKubeconfig(empty(), options);
    this.#connections = this.#connect();
  }

  /**
   * Reads the kubeconfig; asks nothing of the server yet.
   *
   * @throws KISIM_E_KUBE_NO_CLUSTER
   */
  static async fromKubeconfig(options: ClientNodeApiOptions = {}): Promise<ClientNodeApi> {
    // Its models are some 80 MB in memory: only for those who talk to a cluster.
    const { KubeConfig } = await import('@kubernetes/client-node');
    return new ClientNodeApi(() => new KubeConfig(), options);
  }

  get name(): string {
    return `${this.#config.getCurrentCluster()!.server} (context ${this.#config.getCurrentContext()})`;
  }

  /** The namespace of the context; `default` where it names none. */
  get namespace(): string {
    return this.#config.getContextObject(this.#config.getCurrentContext())?.namespace || 'default';
  }

  /** @throws KISIM_E_KUBE_CERTIFICATE where the file of the authority cannot be read */
  get address(): ClusterAddress {
    const { server, caData, caFile, skipTLSVerify, tlsServerName, proxyUrl } =
      this.#config.getCurrentCluster()!;
    return {
      server,
      authority: caData
        ? Buffer.from(caData, 'base64').toString()
        : caFile
          ? readAuthority(caFile)
          : undefined,
      isUnchecked: skipTLSVerify === true && server.startsWith('https:'),
      tlsServerName,
      proxyUrl,
    };
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    return await this.#exchange(request, undefined);
  }

  async list(
    request: KubeRequest & { readonly method: 'GET' },
    item: (object: unknown) => void,
  ): Promise<KubeResponse> {
    return await this.#exchange(request, item);
  }

  async #exchange(
    request: KubeRequest,
    item: ((object: unknown) => void) | undefined,
  ): Promise<KubeResponse> {
    const timeoutMilliseconds = request.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS;
    return await this.#known(async (connection) => {
      const options: Exchange = {
        connection,
        request,
        purpose: 'request',
        timeoutMilliseconds,
        ...(item === undefined ? {} : { item }),
      };
      try {
        return await exchange({ ...options, mayBeStale: true });
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        // The server had closed a connection that was kept for later. Only what changes nothing is asked again.
        return await exchange(options);
      }
    });
  }

  async watch({ path, query, signal, inactivityMilliseconds }: WatchRequest): Promise<WatchAnswer> {
    return await this.#known(async (connection) => {
      const request = { method: 'GET', path, query: { ...query, watch: true }, signal } as const;
      const options: Exchange = {
        connection,
        request,
        purpose: 'watch',
        timeoutMilliseconds: inactivityMilliseconds,
      };
      const answer = await open(options);
      if (answer.response.statusCode === 200)
        return { status: 200, events: watchEvents(`watch ${path}`, answer, inactivityMilliseconds) };
      return { ...(await readAnswer(options, answer)), events: noEvents };
    });
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#connections.close();
  }

  async #known<T extends { readonly status: number }>(
    ask: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const answer = await ask(await this.#connections.get());
    if (answer.status !== 401) return answer;
    const now = this.#clock.monotonicNanoseconds();
    if (now - this.#renewed < RENEW_NANOSECONDS) return answer;
    this.#renewed = now;
    const config = readKubeconfig(this.#empty(), this.#options);
    // What others have under way over the old connections they finish.
    this.#config = config;
    this.#connections = this.#connect();
    return await ask(await this.#connections.get());
  }

  #connect(): Connections {
    return new Connections(this.#config, this.#options.maxConnections ?? 32);
  }
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw errors.KISIM_E_KUBE_CERTIFICATE(describeCause(cause), { cause });
  }
}

const noEvents: AsyncIterable<WatchEvent> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
