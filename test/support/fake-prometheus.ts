import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface PrometheusRange {
  readonly query: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

export interface FakeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** The value at a unix second; undefined: none. */
  readonly at: (unixSeconds: number) => number | undefined;
}

/** Series with their values as text, as Prometheus writes them. */
export type InstantSamples = readonly (readonly [Readonly<Record<string, string>>, string])[];

/** The end points of Prometheus that are asked, over a real socket. */
export class FakePrometheus {
  series: readonly FakeSeries[] = [];
  /** Instead of an answer of the API. */
  instead: { readonly status: number; readonly body: string; readonly location?: string } | undefined;
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  readonly ranges: PrometheusRange[] = [];
  /** Answers of instant queries, by query: each series' labels with its value as Prometheus writes it. None: no data. */
  readonly instant = new Map<string, InstantSamples | (() => InstantSamples)>();
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';

  private constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    this.#scheme = tls === undefined ? 'http' : 'https';
    const serve: Parameters<typeof createServer>[1] = (request, response) => {
      const { status, body, location } = this.#answer(request);
      const headers = { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) };
      response.writeHead(status, headers).end(body);
    };
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  }

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<FakePrometheus> {
    const fake = new FakePrometheus(tls);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer({ url = '', headers }: IncomingMessage): NonNullable<FakePrometheus['instead']> {
    this.requests.push({ url, authorization: headers.authorization });
    if (this.instead !== undefined) return this.instead;
    const { pathname, searchParams: search } = new URL(url, 'http://x');
    if (pathname.endsWith('/api/v1/query')) {
      const found = this.instant.get(search.get('query') ?? '') ?? [];
      return { status: 200, body: JSON.stringify(vector(typeof found === 'function' ? found() : found)) };
    }
    const number = (name: string) => Number(search.get(name));
    const range = {
      query: search.get('query') ?? '',
      startSeconds: number('start'),
      endSeconds: number('end'),
      stepSeconds: number('step'),
    };
    this.ranges.push(range);
    return { status: 200, body: JSON.stringify(matrix(this.series, range)) };
  }
}

function vector(samples: InstantSamples): object {
  const result = samples.map(([metric, value]) => ({ metric, value: [1700000000.25, value] }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

function matrix(
  series: readonly FakeSeries[],
  { startSeconds, endSeconds, stepSeconds }: PrometheusRange,
): object {
  const result = series.flatMap(({ labels, at }) => {
    const values: [number, string][] = [];
    for (let second = startSeconds; second <= endSeconds + 1e-9; second += stepSeconds) {
      const value = at(second);
      if (value !== undefined) values.push([second, String(value)]);
    }
    return values.length === 0 ? [] : [{ metric: labels, values }];
  });
  return { status: 'success', data: { resultType: 'matrix', result } };
}

/** What Prometheus shows of a counter: as it was at the last scrape. */
export function scraped(
  at: (unixSeconds: number) => number | undefined,
  everySeconds: number,
): FakeSeries['at'] {
  return (second) => at(Math.floor(second / everySeconds) * everySeconds);
}
