import { KisimError } from '../../util/errors.ts';
import type { PrometheusClient } from '../energy/prometheus-client.ts';
import { metricErrors } from './errors.ts';

/** Series that are named of those that are too many. */
const NAMED = 3;

/**
 * The one value that a query has now. There is none instead of it: who decides by it must know that it is missing.
 *
 * @param what the value is, for the error: `p95 latency in milliseconds`
 * @throws KISIM_E_METRIC_QUERY, _NO_DATA, _AMBIGUOUS, _NOT_A_NUMBER naming the query, KISIM_E_PROMETHEUS_...; the signal's reason
 */
export async function prometheusValue(
  client: Pick<PrometheusClient, 'queryInstant' | 'name'>,
  what: string,
  query: string,
  signal?: AbortSignal,
): Promise<number> {
  const found = `${what}: ${query} at ${client.name}`;
  const samples = await client.queryInstant(query, signal).catch((error: unknown) => {
    if (error instanceof KisimError && error.code === 'KISIM_E_PROMETHEUS_QUERY')
      throw metricErrors.KISIM_E_METRIC_QUERY(`${found}: ${error.found}`, { cause: error });
    throw error;
  });
  const [first] = samples;
  if (first === undefined) throw metricErrors.KISIM_E_METRIC_NO_DATA(found);
  if (samples.length > 1) {
    const some = samples.slice(0, NAMED).map(({ labels }) => JSON.stringify(labels));
    throw metricErrors.KISIM_E_METRIC_AMBIGUOUS(`${found}: ${samples.length} series, ${some.join(', ')}`);
  }
  if (!Number.isFinite(first.value))
    throw metricErrors.KISIM_E_METRIC_NOT_A_NUMBER(`${found}: ${first.value}`);
  return first.value;
}
