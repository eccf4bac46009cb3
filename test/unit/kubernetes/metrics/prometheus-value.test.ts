import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PrometheusClient } from '../../../../src/kubernetes/energy/prometheus-client.ts';
import { prometheusValue } from '../../../../src/kubernetes/metrics/prometheus-value.ts';
import { FakePrometheus } from '../../../support/fake-prometheus.ts';

const QUERY = 'sum(rate(requests_total[1m]))';

describe('the value of a query', () => {
  let prometheus: FakePrometheus;
  let client: PrometheusClient;

  before(async () => {
    prometheus = await FakePrometheus.start();
    client = new PrometheusClient({ url: prometheus.url, tokenFile: undefined, caFile: undefined });
  });
  beforeEach(() => {
    prometheus.instant.clear();
    prometheus.instead = undefined;
  });
  after(() => prometheus.close());

  const value = () => prometheusValue(client, 'rate of requests', QUERY);
  const rejected = (code: string, found: RegExp) =>
    assert.rejects(value, (error: { code?: string; message: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, found);
      assert(error.message.includes(QUERY));
      return true;
    });

  test('is that of its one series', async () => {
    prometheus.instant.set(QUERY, [[{}, '12.5']]);
    assert.equal(await value(), 12.5);
    assert.match(prometheus.requests.at(-1)?.url ?? '', /^\/api\/v1\/query\?query=sum/);
  });

  test('of a scalar is the scalar', async () => {
    const body = JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '3'] } });
    prometheus.instead = { status: 200, body };
    assert.equal(await value(), 3);
  });

  test('is never made up: nothing, many, NaN and infinity are told with the query', async () => {
    await rejected('KISIM_E_METRIC_NO_DATA', /rate of requests/);
    prometheus.instant.set(QUERY, [
      [{ pod: 'a' }, '1'],
      [{ pod: 'b' }, '2'],
    ]);
    await rejected('KISIM_E_METRIC_AMBIGUOUS', /2 series, \{"pod":"a"\}/);
    prometheus.instant.set(QUERY, [[{}, 'NaN']]);
    await rejected('KISIM_E_METRIC_NOT_A_NUMBER', /NaN/);
    prometheus.instant.set(QUERY, [[{}, '+Inf']]);
    await rejected('KISIM_E_METRIC_NOT_A_NUMBER', /Infinity/);
  });

  test('of a query that is none is told as Prometheus tells it', async () => {
    const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error' });
    prometheus.instead = { status: 400, body };
    await rejected('KISIM_E_METRIC_QUERY', /parse error/);
    const matrix = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } });
    prometheus.instead = { status: 200, body: matrix };
    await assert.rejects(value, { code: 'KISIM_E_PROMETHEUS_ANSWER' });
  });
});
