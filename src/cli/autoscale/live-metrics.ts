import type { BackendName } from '../../autoscaling/policy.ts';
import type { MeasuredField } from '../../controller/autoscaling/ports.ts';
import {
  type FieldQueries,
  type PodQueries,
  PrometheusMetrics,
  PrometheusPodMetrics,
} from '../../controller/autoscaling/prometheus-metrics.ts';
import { PrometheusClient, type PrometheusClientOptions } from '../../kubernetes/energy/prometheus-client.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

const fields: Readonly<Record<string, MeasuredField>> = {
  'p95-ms': 'latencyP95Milliseconds',
  throughput: 'throughputPerSecond',
  'cpu-percent': 'cpuUtilizationPercent',
  'memory-percent': 'memoryUtilizationPercent',
  'gpu-percent': 'gpuUtilizationPercent',
};
const pods: Readonly<Record<string, BackendName>> = { 'cpu-pods': 'cpu', 'gpu-pods': 'gpu' };

/** @throws KISIM_E_USAGE */
export function readQueries(options: CommandContext['options']): {
  readonly fields: FieldQueries;
  readonly pods: PodQueries;
} {
  const given = options['query'];
  const byField: Partial<Record<MeasuredField, string>> = {};
  const byBackend: Partial<Record<BackendName, string>> = {};
  for (const text of Array.isArray(given) ? given.map(String) : []) {
    const at = text.indexOf('=');
    const [name, query] = [text.slice(0, at), text.slice(at + 1).trim()];
    const [field, backend] = [fields[name], pods[name]];
    if (at < 1 || query === '' || (field === undefined && backend === undefined))
      throw cliErrors.KISIM_E_USAGE(`--query ${text}`, {
        expected: `NAME=PROMQL with one of ${[...Object.keys(fields), ...Object.keys(pods)].join(', ')}`,
      });
    if (field !== undefined) byField[field] = query;
    else byBackend[backend!] = query;
  }
  return { fields: byField, pods: byBackend };
}

/** @throws KISIM_E_USAGE for queries without a Prometheus */
export function prometheusSources(
  options: CommandContext['options'],
  { url, ...files }: Omit<PrometheusClientOptions, 'url'> & { readonly url: string | undefined },
): { readonly sources: readonly PrometheusMetrics[]; readonly podSources: readonly PrometheusPodMetrics[] } {
  const queries = readQueries(options);
  if (Object.keys(queries.fields).length + Object.keys(queries.pods).length === 0)
    return { sources: [], podSources: [] };
  if (url === undefined)
    throw cliErrors.KISIM_E_USAGE('--query without a Prometheus', {
      expected: '--prometheus URL, kubernetes.prometheus-url, or prometheus_url in the file of --problem',
    });
  const client = new PrometheusClient({ url, ...files });
  return {
    sources: [new PrometheusMetrics(client, queries.fields)],
    podSources: [new PrometheusPodMetrics(client, queries.pods)],
  };
}
