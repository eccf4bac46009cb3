import { KisimError } from '../../util/errors.ts';
import type { PrometheusClient, PrometheusSample } from '../energy/prometheus-client.ts';
import { metricErrors } from './errors.ts';

type Client = Pick<PrometheusClient, 'queryInstant' | 'name'>;

/** Series that are named of those that are too many. */
const NAMED = 3;

/**
 * The one value that a query has now. There is none instead of it: who decides by it must know that it is missing.
 *
 * @param what the value is, for the error: `p95 latency in milliseconds`
 * @throws KISIM_E_METRIC_QUERY, _NO_DATA, _AMBIGUOUS, _NOT_A_NUMBER naming the query, KISIM_E_PROMETHEUS_...; the signal's reason
 */
export async function prometheusValue(
  client: Client,
  what: string,
  query: string,
  signal?: AbortSignal,
): Promise<number> {
  const samples = await prometheusValues(client, what, query, signal);
  if (samples.length > 1) {
    const some = samples.slice(0, NAMED).map(({ labels }) => JSON.stringify(labels));
    throw metricErrors.KISIM_E_METRIC_AMBIGUOUS(
      `${found(client, what, query)}: ${samples.length} series, ${some.join(', ')}`,
    );
  }
  return samples[0].value;
}

/** As `prometheusValue`, for a query that may have several series: at least one, and all of them numbers. */
export async function prometheusValues(
  client: Client,
  what: string,
  query: string,
  signal?: AbortSignal,
): Promise<readonly [PrometheusSample, ...PrometheusSample[]]> {
  const where = found(client, what, query);
  const samples = await client.queryInstant(query, signal).catch((error: unknown) => {
    if (error instanceof KisimError && error.code === 'KISIM_E_PROMETHEUS_QUERY')
      throw metricErrors.KISIM_E_METRIC_QUERY(`${where}: ${error.found}`, { cause: error });
    throw error;
  });
  const [first, ...others] = samples;
  if (first === undefined) throw metricErrors.KISIM_E_METRIC_NO_DATA(where);
  const wrong = samples.find(({ value }) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw metricErrors.KISIM_E_METRIC_NOT_A_NUMBER(
      `${where}: ${wrong.value} of ${JSON.stringify(wrong.labels)}`,
    );
  return [first, ...others];
}

function found(client: Client, what: string, query: string): string {
  return `${what}: ${query} at ${client.name}`;
}
