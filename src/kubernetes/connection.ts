import { type AgentOptions, Agent as HttpAgent, type RequestOptions as HttpOptions } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { KisimError, systemErrorCode } from '../util/errors.ts';
import { describeCause } from './describe-cause.ts';
import { errors } from './errors.ts';

/** How one request reaches the server and is known there. */
export interface Connection {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** `user:password`. */
  readonly auth: string | undefined;
  readonly agents: Agents;
}

interface Agents {
  /** For requests: a few connections that are kept. */
  readonly requests: HttpAgent;
  /** For watches, each of which needs a connection for itself. */
  readonly watches: HttpAgent;
}

type TlsOptions = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

const TLS_FIELDS = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
/** Less than the 90 s after which Go's clients and the usual balancers drop a connection that nobody uses. */
const IDLE_MILLISECONDS = 30_000;

/**
 * Applies a kubeconfig to requests: client-node reads files and tokens and runs credential plugins, here connections are
 * kept for as long as certificates and keys stay the same.
 */
export class Connections {
  readonly #config: KubeConfig;
  readonly #maxConnections: number;
  #tls: TlsOptions | undefined;
  #agents: Agents | undefined;
  #pending: Promise<Connection> | undefined;

  constructor(config: KubeConfig, maxConnections: number) {
    this.#config = config;
    this.#maxConnections = maxConnections;
  }

  /**
   * One at a time, so that a credential plugin is not started by every request that waits for it.
   *
   * @throws KISIM_E_KUBE_TOKEN, KISIM_E_KUBE_CERTIFICATE
   */
  get(): Promise<Connection> {
    this.#pending ??= this.#apply().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  close(): void {
    this.#agents?.requests.destroy();
    this.#agents?.watches.destroy();
  }

  async #apply(): Promise<Connection> {
    const cluster = this.#config.getCurrentCluster()!;
    const options: RequestOptions & HttpOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw this.#unusable(error);
    }
    const headers = Object.fromEntries(
      Object.entries((options.headers ?? {}) as Record<string, string>).map(([name, text]) => [
        name.toLowerCase(),
        // A token file usually ends with a line end, which no header may hold.
        text.trim(),
      ]),
    );
    const agents =
      cluster.proxyUrl === undefined
        ? this.#agentsFor(options, cluster.server)
        : { requests: options.agent as HttpAgent, watches: options.agent as HttpAgent };
    return { url: new URL(cluster.server), headers, auth: options.auth ?? undefined, agents };
  }

  #agentsFor(options: TlsOptions, server: string): Agents {
    if (this.#agents !== undefined && this.#tls !== undefined && sameTls(this.#tls, options))
      return this.#agents;
    // What the old ones have under way they finish; idle connections end by themselves.
    const tls = Object.fromEntries(
      TLS_FIELDS.filter((field) => options[field] !== undefined).map((field) => [field, options[field]]),
    );
    const make = (more: AgentOptions): HttpAgent =>
      server.startsWith('https:') ? new HttpsAgent({ ...tls, ...more }) : new HttpAgent(more);
    const kept = { keepAlive: true, keepAliveMsecs: 15_000 };
    this.#tls = options;
    this.#agents = {
      requests: make({ ...kept, maxSockets: this.#maxConnections, timeout: IDLE_MILLISECONDS }),
      watches: make({ ...kept, maxFreeSockets: 0 }),
    };
    return this.#agents;
  }

  #unusable(error: unknown): KisimError {
    if (error instanceof KisimError) return error;
    const cluster = this.#config.getCurrentCluster();
    const user = this.#config.getCurrentUser();
    const path = (error as NodeJS.ErrnoException).path;
    const files = [cluster?.caFile, user?.certFile, user?.keyFile];
    const found = `${user?.name ?? 'no user'}: ${describeCause(error)}`;
    return path !== undefined && files.includes(path)
      ? errors.KISIM_E_KUBE_CERTIFICATE(found, { cause: error })
      : errors.KISIM_E_KUBE_TOKEN(found, { cause: error });
  }
}

function sameTls(a: TlsOptions, b: TlsOptions): boolean {
  return TLS_FIELDS.every((field) => {
    const [one, other] = [a[field], b[field]];
    return Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : one === other;
  });
}

const CERTIFICATE_CODES =
  /^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|HOSTNAME_|CRL_|INVALID_CA|PATH_LENGTH)/;

/** The coded error of a request that got no answer. */
export function unanswered(what: string, error: unknown): KisimError {
  if (error instanceof KisimError) return error;
  const code = systemErrorCode(error) ?? '';
  const found = `${what}: ${describeCause(error)}`;
  if (CERTIFICATE_CODES.test(code)) return errors.KISIM_E_KUBE_CERTIFICATE(found, { cause: error });
  if (code === 'ERR_INVALID_CHAR') return errors.KISIM_E_KUBE_TOKEN(found, { cause: error });
  return errors.KISIM_E_KUBE_UNREACHABLE(found, { cause: error });
}
