import type { BackendName } from '../../autoscaling/policy.ts';
import type { PrometheusClient } from '../../kubernetes/energy/prometheus-client.ts';
import { prometheusValue, prometheusValues } from '../../kubernetes/metrics/prometheus-value.ts';
import type { MeasuredField, MetricSource, PodMetricSource } from './ports.ts';

/** PromQL by what it measures. */
export type FieldQueries = Readonly<Partial<Record<MeasuredField, string>>>;
/** PromQL whose result is a series for each pod of a backend, or one without labels for all of them: percent of what they ask for. */
export type PodQueries = Readonly<Partial<Record<BackendName, string>>>;

type Client = Pick<PrometheusClient, 'queryInstant' | 'name'>;

/** Fields by one query each. */
export class PrometheusMetrics implements MetricSource {
  readonly name: string;
  readonly gives: readonly MeasuredField[];
  readonly #client: Client;
  readonly #queries: FieldQueries;

  constructor(client: Client, queries: FieldQueries) {
    this.name = `Prometheus ${client.name}`;
    this.gives = Object.keys(queries) as MeasuredField[];
    this.#client = client;
    this.#queries = queries;
  }

  read(field: MeasuredField, signal: AbortSignal): Promise<number> {
    return prometheusValue(this.#client, field, this.#queries[field]!, signal);
  }
}

/** Pods of backends by one query each. */
export class PrometheusPodMetrics implements PodMetricSource {
  readonly gives: readonly BackendName[];
  readonly #client: Client;
  readonly #queries: PodQueries;

  constructor(client: Client, queries: PodQueries) {
    this.gives = Object.keys(queries) as BackendName[];
    this.#client = client;
    this.#queries = queries;
  }

  async readPods(backend: BackendName, signal: AbortSignal) {
    const what = `utilisation of the ${backend} pods in percent`;
    const values = await prometheusValues(this.#client, what, this.#queries[backend]!, signal);
    const [first] = values;
    return {
      percents: values.map(({ value }) => value),
      isForAll: values.length === 1 && Object.keys(first!.labels).length === 0,
    };
  }
}
