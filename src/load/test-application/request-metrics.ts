import {
  decimalText,
  type ExpositionFormat,
  ExpositionWriter,
  labelText,
  type MetricFamily,
} from '../../util/exposition.ts';
import type { Nanoseconds } from '../../util/units.ts';

/** Upper bounds in seconds. Fine where an objective usually lies, so that a quantile can be told from them. */
export const bucketSeconds: readonly number[] = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30,
];

/** The names that instrumented web servers usually have, so that usual queries work. */
const families = {
  requests: {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Requests answered',
    labels: ['route', 'code'],
  },
  duration: {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'From the arrival of a request to the end of its work',
    labels: ['route'],
  },
  inFlight: { name: 'http_requests_in_flight', type: 'gauge', help: 'Requests in service', labels: [] },
  queued: {
    name: 'http_requests_queued',
    type: 'gauge',
    help: 'Requests that wait for a server',
    labels: [],
  },
  servers: {
    name: 'kisimd_test_application_servers',
    type: 'gauge',
    help: 'Requests that can be in service at once',
    labels: [],
  },
  wait: {
    name: 'kisimd_test_application_wait_seconds_total',
    type: 'counter',
    help: 'Time that served requests waited for a server',
    labels: ['route'],
  },
  service: {
    name: 'kisimd_test_application_service_seconds_total',
    type: 'counter',
    help: 'Time that served requests held a server',
    labels: ['route'],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the process',
    labels: [],
  },
} as const satisfies Record<string, MetricFamily>;

interface RouteSums {
  readonly codes: Map<number, number>;
  /** By bucket, the last one for all above; not cumulative. */
  readonly buckets: Float64Array;
  count: number;
  durationNanoseconds: Nanoseconds;
  waitNanoseconds: Nanoseconds;
  serviceNanoseconds: Nanoseconds;
}

export interface StationState {
  readonly servers: number;
  readonly inService: number;
  readonly queued: number;
}

/** Counts requests by route. */
export class RequestMetrics {
  readonly #routes = new Map<string, RouteSums>();

  /** @param routes named from the start with 0: a rate over a series that appears later misses its first requests */
  constructor(routes: readonly string[]) {
    for (const route of routes) {
      this.#routes.set(route, {
        codes: new Map([[200, 0]]),
        buckets: new Float64Array(bucketSeconds.length + 1),
        count: 0,
        durationNanoseconds: 0,
        waitNanoseconds: 0,
        serviceNanoseconds: 0,
      });
    }
  }

  answered(route: string, code: number): void {
    const codes = this.#routes.get(route)!.codes;
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }

  served(route: string, waitNanoseconds: Nanoseconds, serviceNanoseconds: Nanoseconds): void {
    const sums = this.#routes.get(route)!;
    const duration = waitNanoseconds + serviceNanoseconds;
    const bucket = bucketSeconds.findIndex((bound) => duration <= bound * 1e9);
    sums.buckets[bucket < 0 ? bucketSeconds.length : bucket]!++;
    sums.count++;
    sums.durationNanoseconds += duration;
    sums.waitNanoseconds += waitNanoseconds;
    sums.serviceNanoseconds += serviceNanoseconds;
  }

  page(format: ExpositionFormat, station: StationState): string {
    const writer = new ExpositionWriter(format);
    writer.family(families.requests);
    this.#each((route, { codes }) => {
      for (const [code, count] of codes)
        writer.sample(labelText({ route, code: String(code) }), String(count));
    });
    writer.family(families.duration);
    this.#each((route, sums) => writeHistogram(writer, route, sums));
    for (const [family, amount] of [
      [families.inFlight, station.inService],
      [families.queued, station.queued],
      [families.servers, station.servers],
    ] as const) {
      writer.family(family);
      writer.sample('', String(amount));
    }
    writer.family(families.wait);
    this.#each((route, sums) => writer.sample(labelText({ route }), seconds(sums.waitNanoseconds)));
    writer.family(families.service);
    this.#each((route, sums) => writer.sample(labelText({ route }), seconds(sums.serviceNanoseconds)));
    const { user, system } = process.cpuUsage();
    writer.family(families.cpu);
    writer.sample('', seconds((user + system) * 1000));
    return writer.finish();
  }

  #each(write: (route: string, sums: RouteSums) => void): void {
    for (const [route, sums] of this.#routes) write(route, sums);
  }
}

function writeHistogram(writer: ExpositionWriter, route: string, sums: RouteSums): void {
  let below = 0;
  for (const [i, bound] of bucketSeconds.entries()) {
    below += sums.buckets[i]!;
    writer.sample(labelText({ route, le: String(bound) }), String(below), '_bucket');
  }
  writer.sample(labelText({ route, le: '+Inf' }), String(sums.count), '_bucket');
  writer.sample(labelText({ route }), seconds(sums.durationNanoseconds), '_sum');
  writer.sample(labelText({ route }), String(sums.count), '_count');
}

function seconds(nanoseconds: Nanoseconds): string {
  return decimalText(nanoseconds / 1e9, 6);
}
