import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveLoad } from '../../../../src/cli/autoscale/live-load.ts';
import { prometheusSources, readQueries } from '../../../../src/cli/autoscale/live-metrics.ts';

const files = { tokenFile: undefined, caFile: undefined };

test('queries are given by name, with whatever PromQL has in it', () => {
  const query = ['p95-ms=1000 * x{le="0.95", a=~"b|c"}', 'cpu-pods= avg by (pod) (y) '];
  assert.deepEqual(readQueries({ query }), {
    fields: { latencyP95Milliseconds: '1000 * x{le="0.95", a=~"b|c"}' },
    pods: { cpu: 'avg by (pod) (y)' },
  });
  for (const wrong of ['latency=x', 'p95-ms', 'p95-ms=', '=x'])
    assert.throws(() => readQueries({ query: [wrong] }), { code: 'KISIM_E_USAGE' }, wrong);
});

test('queries need somebody to ask, and without any nobody is asked', () => {
  assert.throws(() => prometheusSources({ query: ['p95-ms=x'] }, { url: undefined, ...files }), {
    code: 'KISIM_E_USAGE',
  });
  const none = prometheusSources({}, { url: undefined, ...files });
  assert.deepEqual(none, { sources: [], podSources: [] });
  const { sources, podSources } = prometheusSources(
    { query: ['p95-ms=x', 'gpu-pods=y'] },
    { url: 'http://127.0.0.1:9', ...files },
  );
  assert.deepEqual([sources[0]?.gives, podSources[0]?.gives], [['latencyP95Milliseconds'], ['gpu']]);
});

test('load is driven where a pattern and an address are given', () => {
  assert.equal(liveLoad({}, 10), undefined);
  assert.throws(() => liveLoad({ load: 'spike' }, 10), { code: 'KISIM_E_USAGE' });
  assert.throws(() => liveLoad({ url: ['http://127.0.0.1:9/'] }, 10), { code: 'KISIM_E_USAGE' });
  assert.throws(() => liveLoad({ load: 'wave', url: ['http://127.0.0.1:9/'] }, 10), {
    code: 'KISIM_E_LOAD_PATTERN',
  });
  const load = liveLoad(
    { load: 'constant:level=5,duration=90s', url: ['http://127.0.0.1:9/'], seed: '1' },
    10,
  );
  assert.equal(load?.seconds, 90);
  assert.equal(load.router, undefined);
  const both = ['gpu=http://127.0.0.1:9/', 'cpu=http://127.0.0.1:10/'];
  assert.notEqual(liveLoad({ load: 'spike', url: both, seed: '1' }, 10)?.router, undefined);
  assert.throws(() => liveLoad({ load: 'spike', url: [...both, 'http://127.0.0.1:9/'], seed: '1' }, 10), {
    code: 'KISIM_E_USAGE',
  });
  assert.deepEqual(load.metrics.gives, ['latencyP95Milliseconds', 'throughputPerSecond']);
});
