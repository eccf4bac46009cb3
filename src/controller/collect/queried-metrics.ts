import type { CollectionSink } from '../../history/collection-record.ts';
import type { PrometheusSample } from '../../kubernetes/energy/prometheus-client.ts';

/** A measurement that somebody wants beside the others. */
export interface QueriedMetric {
  readonly name: string;
  readonly query: string;
}

export interface QueriedMetricsOptions {
  readonly metrics: readonly QueriedMetric[];
  readonly ask: (query: string, signal: AbortSignal) => Promise<readonly PrometheusSample[]>;
  readonly sink: CollectionSink;
  /** Told of a query that gave nothing, and of every failure. */
  readonly trouble: (name: string, error: unknown) => void;
}

/** Values of Prometheus, each series a row. What is no number is no row: a missing value stays missing. */
export class QueriedMetrics {
  readonly #o: QueriedMetricsOptions;

  constructor(options: QueriedMetricsOptions) {
    this.#o = options;
  }

  /** Never rejects. */
  async read(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#o.metrics.map((metric) => this.#read(metric, signal)));
  }

  async #read({ name, query }: QueriedMetric, signal: AbortSignal): Promise<void> {
    const { ask, sink, trouble } = this.#o;
    try {
      const samples = await ask(query, signal);
      const numbers = samples.filter(({ value }) => Number.isFinite(value));
      if (numbers.length === 0) trouble(name, new Error(`no value now: ${query}`));
      for (const { labels, unixMilliseconds, value } of numbers) {
        const { __name__: _, ...tags } = labels;
        sink.collected({
          kind: 'metric',
          record: {
            unixMilliseconds,
            name,
            amount: value,
            type: 'gauge',
            tags: Object.keys(tags).length === 0 ? undefined : tags,
          },
        });
      }
    } catch (error) {
      trouble(name, error);
    }
  }
}
