import { request } from 'node:http';
import type { Config } from '../config/config.ts';
import type { NowSnapshot } from '../export/now-snapshot.ts';
import type { PlacementView } from '../export/placement-view.ts';
import { systemErrorCode } from '../util/errors.ts';
import { cliErrors } from './errors.ts';

const ANSWER_WITHIN_MILLISECONDS = 5000;
/** Far above the answer for the greatest number of entities that the exporter keeps. */
const GREATEST_ANSWER_BYTES = 64 * 1024 * 1024;

export interface DaemonAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks the running daemon over HTTP. */
export class DaemonClient {
  readonly #host: string;
  readonly #port: number;

  constructor({ host, port }: Pick<Config['export'], 'host' | 'port'>) {
    // A daemon that listens everywhere is reached on loopback.
    this.#host = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    this.#port = port;
  }

  /** `127.0.0.1:28282` */
  get address(): string {
    return `${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /**
   * The body of a page, whatever its status.
   * @throws KISIM_E_CLI_NO_DAEMON where nobody listens, KISIM_E_CLI_DAEMON_ANSWER where the answer is cut or late
   */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<DaemonAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => {
        const code = systemErrorCode(cause);
        const found = `http://${this.address}${path}: ${code ?? cause.message}`;
        const absent = code === 'ECONNREFUSED' || code === 'EADDRNOTAVAIL' || code === 'ENETUNREACH';
        reject(
          absent
            ? cliErrors.KISIM_E_CLI_NO_DAEMON(found, { cause })
            : cliErrors.KISIM_E_CLI_DAEMON_ANSWER(found, { cause }),
        );
      };
      const call = request(
        {
          host: this.#host,
          port: this.#port,
          path,
          headers,
          agent: false,
          timeout: ANSWER_WITHIN_MILLISECONDS,
        },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > GREATEST_ANSWER_BYTES) call.destroy(new Error('the answer is too long'));
            else chunks.push(chunk);
          });
          response.on('error', fail);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      call.on('timeout', () => call.destroy(new Error('no answer in time')));
      call.on('error', fail);
      call.end();
    });
  }

  /**
   * The daemon's last interval; undefined while it waits for its first.
   * @throws KISIM_E_CLI_NO_DAEMON, KISIM_E_CLI_DAEMON_ANSWER
   */
  async now(): Promise<NowSnapshot | undefined> {
    const { status, body } = await this.get('/v1/now');
    const answer = parsed(body);
    if (status === 503 && isObject(answer) && 'error' in answer) return undefined;
    if (status !== 200 || !isSnapshot(answer)) {
      const found = `http://${this.address}/v1/now: status ${status}, ${body.slice(0, 60).replaceAll('\n', ' ')}`;
      throw cliErrors.KISIM_E_CLI_DAEMON_ANSWER(found);
    }
    return answer;
  }

  /**
   * What the daemon's placement loop is at; undefined where it has none.
   * @throws KISIM_E_CLI_NO_DAEMON, KISIM_E_CLI_DAEMON_ANSWER
   */
  async placement(): Promise<PlacementView | undefined> {
    const { status, body } = await this.get('/v1/placement');
    if (status === 404) return undefined;
    const answer = parsed(body);
    if (status !== 200 || !isPlacement(answer)) {
      const found = `http://${this.address}/v1/placement: status ${status}, ${body.slice(0, 60).replaceAll('\n', ' ')}`;
      throw cliErrors.KISIM_E_CLI_DAEMON_ANSWER(found);
    }
    return answer;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    // Not JSON at all: some other program listens there, which the caller tells.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether this is an answer of this program, in the form that this version reads. */
function isSnapshot(value: unknown): value is NowSnapshot {
  return isObject(value) && 'schema' in value && value.schema === 1 && 'node' in value && 'entities' in value;
}

function isPlacement(value: unknown): value is PlacementView {
  return (
    isObject(value) && 'schema' in value && value.schema === 1 && 'cluster' in value && 'recent' in value
  );
}
