import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { KisimError } from '../../util/errors.ts';
import type { Milliseconds } from '../../util/units.ts';
import { describeCause } from '../describe-cause.ts';
import { energyErrors } from './errors.ts';

export interface PrometheusClientOptions {
  /** With the path of a proxy, and `user:password@` where needed. */
  readonly url: string;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  readonly timeoutMilliseconds?: Milliseconds;
}

export interface RangeQuery {
  readonly query: string;
  readonly startUnixMilliseconds: Milliseconds;
  readonly endUnixMilliseconds: Milliseconds;
  readonly stepMilliseconds: Milliseconds;
}

export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of time; only numbers. */
  readonly points: readonly { readonly unixMilliseconds: Milliseconds; readonly value: number }[];
}

/** One series at one moment. */
export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  /** Of Prometheus: the moment of the question. */
  readonly unixMilliseconds: Milliseconds;
  /** As it was told: NaN and infinities too. */
  readonly value: number;
}

const MOST_BYTES = 256 * 1024 * 1024;

/** Prometheus' HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/), as little of it as is needed. */
export class PrometheusClient {
  readonly #options: PrometheusClientOptions;

  constructor(options: PrometheusClientOptions) {
    this.#options = options;
  }

  /** For people: without a password. */
  get name(): string {
    const { url } = this.#options;
    if (!URL.canParse(url)) return url.replace(/^.*@/, '');
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
  }

  /** Read at the first question: a mistake there is told with the nodes that it concerns, and stops nothing else. */
  get #url(): URL {
    const { url } = this.#options;
    const parsedUrl = URL.canParse(url) ? new URL(url) : undefined;
    if (parsedUrl === undefined || !['http:', 'https:'].includes(parsedUrl.protocol))
      throw energyErrors.KISIM_E_PROMETHEUS_SETTING(`kubernetes.prometheus-url: ${this.name}`);
    return parsedUrl;
  }

  /**
   * What a query gives at the moments of a range. By GET: proxies and roles that allow reading alone allow it.
   *
   * @throws KISIM_E_PROMETHEUS_...; the signal's reason where it is aborted
   */
  async queryRange(range: RangeQuery, signal?: AbortSignal): Promise<readonly PrometheusSeries[]> {
    const search = new URLSearchParams({
      query: range.query,
      start: String(range.startUnixMilliseconds / 1000),
      end: String(range.endUnixMilliseconds / 1000),
      step: String(range.stepMilliseconds / 1000),
    });
    return this.#series(await this.#ask(`query_range?${search}`, signal));
  }

  /**
   * What a query gives now: an element for each series, one without labels for a scalar.
   *
   * @throws KISIM_E_PROMETHEUS_...; the signal's reason where it is aborted
   */
  async queryInstant(query: string, signal?: AbortSignal): Promise<readonly PrometheusSample[]> {
    const data = await this.#ask(`query?${new URLSearchParams({ query })}`, signal);
    const { resultType, result } = (data ?? {}) as RawResult;
    if (resultType === 'scalar' && Array.isArray(result)) {
      const [seconds, value] = result as unknown as RawPoint;
      return [{ labels: {}, unixMilliseconds: seconds * 1000, value: numberOf(value) }];
    }
    if (resultType !== 'vector' || !Array.isArray(result)) throw this.#unexpected(resultType, 'a vector');
    return result.map(({ metric, value: [seconds, value] }: RawSample) => ({
      labels: metric,
      unixMilliseconds: seconds * 1000,
      value: numberOf(value),
    }));
  }

  async #ask(what: string, signal: AbortSignal | undefined): Promise<unknown> {
    const { status, text, location } = await this.#get(`/api/v1/${what}`, signal);
    if (status === 401 || status === 403)
      throw energyErrors.KISIM_E_PROMETHEUS_REFUSED(`${this.name}: ${status} ${text.slice(0, 200).trim()}`);
    const answer = parsed(text);
    if (answer === undefined || typeof answer.status !== 'string') {
      const said = location === undefined ? text.slice(0, 200).trim() : `moved to ${location}`;
      const error =
        status === 502 || status === 503 || status === 504
          ? energyErrors.KISIM_E_PROMETHEUS_UNREACHABLE
          : energyErrors.KISIM_E_PROMETHEUS_ANSWER;
      throw error(`${this.name}: ${status} ${said}`);
    }
    if (answer.status !== 'success') {
      const found = `${this.name}: ${answer.errorType ?? status}: ${answer.error ?? ''}`;
      throw ['timeout', 'unavailable', 'canceled'].includes(answer.errorType ?? '')
        ? energyErrors.KISIM_E_PROMETHEUS_UNREACHABLE(found)
        : energyErrors.KISIM_E_PROMETHEUS_QUERY(found);
    }
    return answer.data;
  }

  #series(data: unknown): PrometheusSeries[] {
    const { resultType, result } = (data ?? {}) as RawResult;
    if (resultType !== 'matrix' || !Array.isArray(result)) throw this.#unexpected(resultType, 'a matrix');
    return result.map(({ metric, values = [] }: RawSeries) => ({
      labels: metric,
      points: values.flatMap(([seconds, value]) => {
        const number = Number(value);
        return Number.isFinite(number) ? [{ unixMilliseconds: seconds * 1000, value: number }] : [];
      }),
    }));
  }

  #unexpected(resultType: unknown, expected: string): KisimError {
    return energyErrors.KISIM_E_PROMETHEUS_ANSWER(
      `${this.name}: a ${String(resultType)} where ${expected} belongs`,
    );
  }

  async #get(path: string, signal?: AbortSignal): Promise<Answer> {
    const { tokenFile, caFile, timeoutMilliseconds = 15_000 } = this.#options;
    const url = this.#url;
    const token = tokenFile === undefined ? undefined : setting('token', tokenFile).trim();
    // Read each time: both are renewed while we run.
    const ca = caFile === undefined ? undefined : [...rootCertificates, setting('ca', caFile)];
    const auth =
      url.username === ''
        ? undefined
        : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    try {
      return await answerOf((take) =>
        (url.protocol === 'https:' ? httpsRequest : httpRequest)(
          {
            hostname: url.hostname.replace(/^\[|\]$/g, ''),
            port: url.port,
            path: `${url.pathname.replace(/\/$/, '')}${path}`,
            headers: {
              accept: 'application/json',
              'user-agent': 'kisimd',
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            },
            signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
            ...(auth === undefined || token !== undefined ? {} : { auth }),
            ...(ca === undefined ? {} : { ca }),
          },
          take,
        ),
      );
    } catch (error) {
      if (error instanceof KisimError) throw error;
      if (signal?.aborted === true) throw signal.reason;
      const why = timeout.aborted ? `nothing for ${timeoutMilliseconds} ms` : describeCause(error);
      throw energyErrors.KISIM_E_PROMETHEUS_UNREACHABLE(`${this.name}: ${why}`, { cause: error });
    }
  }
}

interface RawResult {
  readonly resultType?: unknown;
  readonly result?: unknown;
}

/** Unix seconds, and the value as text. */
type RawPoint = readonly [number, string];

interface RawSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: RawPoint;
}

/** Go writes infinities as `+Inf` and `-Inf`. */
function numberOf(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'));
}

interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly RawPoint[];
}

interface RawAnswer {
  readonly status?: unknown;
  readonly data?: unknown;
  readonly errorType?: string;
  readonly error?: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

function answerOf(
  ask: (take: (response: IncomingMessage) => void) => ReturnType<typeof httpRequest>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = ask((response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MOST_BYTES) response.destroy(new Error(`more than ${MOST_BYTES} bytes`));
      else parts.push(part);
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        text: Buffer.concat(parts).toString(),
        location: response.headers.location,
      }),
    );
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

function setting(what: 'token' | 'ca', file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const found = `kubernetes.prometheus-${what}-file: ${describeCause(cause)}`;
    throw energyErrors.KISIM_E_PROMETHEUS_SETTING(found, { cause });
  }
}

function parsed(text: string): RawAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
