import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CertificateFolder } from '../../../../src/kubernetes/certificates/certificate-folder.ts';
import { PrometheusClient } from '../../../../src/kubernetes/energy/prometheus-client.ts';
import { FakePrometheus } from '../../../support/fake-prometheus.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const range = {
  query: 'up{a="b c"}',
  startUnixMilliseconds: 1000,
  endUnixMilliseconds: 3000,
  stepMilliseconds: 1000,
};

function clientOf(url: string, over: Partial<ConstructorParameters<typeof PrometheusClient>[0]> = {}) {
  return new PrometheusClient({ url, tokenFile: undefined, caFile: undefined, ...over });
}

function failsWith(code: string, found: RegExp) {
  return (error: { code?: string; message: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, found);
    return true;
  };
}

describe('the client of Prometheus', () => {
  let prometheus: FakePrometheus;

  before(async () => {
    prometheus = await FakePrometheus.start();
  });
  beforeEach(() => {
    prometheus.instead = undefined;
    prometheus.series = [];
    prometheus.requests.length = 0;
  });
  after(() => prometheus.close());

  test('asks for a range, and gives numbers only', async () => {
    prometheus.series = [
      { labels: { node: 'a' }, at: (second) => (second === 2 ? Number.NaN : second * 10) },
    ];
    const series = await clientOf(prometheus.url).queryRange(range);
    assert.deepEqual(series, [
      {
        labels: { node: 'a' },
        points: [
          { unixMilliseconds: 1000, value: 10 },
          { unixMilliseconds: 3000, value: 30 },
        ],
      },
    ]);
    assert.equal(prometheus.ranges.at(-1)?.query, 'up{a="b c"}');
  });

  test('keeps the path of a proxy, and sends user and password', async () => {
    const url = `${prometheus.url.replace('://', '://me:p%40ss@')}/a/b/`;
    const client = clientOf(url);
    await client.queryRange(range);
    const [asked] = prometheus.requests;
    assert.match(asked?.url ?? '', /^\/a\/b\/api\/v1\/query_range\?/);
    assert.equal(asked?.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    assert.equal(client.name, `${prometheus.url}/a/b`);
  });

  test('sends the token of a file as it is now', async (t) => {
    const tokenFile = join(temporaryFolder(t), 'token');
    const client = clientOf(prometheus.url, { tokenFile });
    for (const token of ['one', 'two']) {
      writeFileSync(tokenFile, `${token}\n`);
      await client.queryRange(range);
    }
    assert.deepEqual(
      prometheus.requests.map(({ authorization }) => authorization),
      ['Bearer one', 'Bearer two'],
    );
  });

  const failures: readonly (readonly [string, FakePrometheus['instead'], string, RegExp])[] = [
    [
      'a query that is none',
      { status: 400, body: '{"status":"error","errorType":"bad_data","error":"parse error"}' },
      'KISIM_E_PROMETHEUS_QUERY',
      /bad_data: parse error/,
    ],
    [
      'a query that takes too long',
      { status: 503, body: '{"status":"error","errorType":"timeout","error":"too long"}' },
      'KISIM_E_PROMETHEUS_UNREACHABLE',
      /too long/,
    ],
    ['a refusal', { status: 401, body: 'go away' }, 'KISIM_E_PROMETHEUS_REFUSED', /401 go away/],
    ['a page', { status: 200, body: '<html>' }, 'KISIM_E_PROMETHEUS_ANSWER', /200 <html>/],
    ['JSON of something else', { status: 200, body: '[]' }, 'KISIM_E_PROMETHEUS_ANSWER', /200 \[\]/],
    [
      'a proxy that asks to log in',
      { status: 302, body: '', location: 'https://login.example/' },
      'KISIM_E_PROMETHEUS_ANSWER',
      /302 moved to https:\/\/login/,
    ],
    [
      'a proxy without anything behind it',
      { status: 502, body: 'bad gateway' },
      'KISIM_E_PROMETHEUS_UNREACHABLE',
      /502/,
    ],
    [
      'a scalar',
      { status: 200, body: '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}' },
      'KISIM_E_PROMETHEUS_ANSWER',
      /a scalar where a matrix belongs/,
    ],
  ];
  for (const [what, instead, code, found] of failures) {
    test(`${what} is told as ${code}`, async () => {
      prometheus.instead = instead;
      await assert.rejects(clientOf(prometheus.url).queryRange(range), failsWith(code, found));
    });
  }

  test('trusts the authority of a file, and no other', async (t) => {
    const folder = new CertificateFolder(join(temporaryFolder(t), 'own'));
    const { authority, server } = folder.prepare('127.0.0.1', Date.now());
    const caFile = join(temporaryFolder(t), 'ca.pem');
    writeFileSync(caFile, authority);
    const secured = await FakePrometheus.start({ key: server.key, cert: server.certificate });
    t.after(() => secured.close());
    assert.deepEqual(await clientOf(secured.url, { caFile }).queryRange(range), []);
    await assert.rejects(
      clientOf(secured.url).queryRange(range),
      failsWith('KISIM_E_PROMETHEUS_UNREACHABLE', /certificate|self-signed/),
    );
  });

  test('no server, no address, no token: each is told with its remedy', async () => {
    const nobody = clientOf('http://127.0.0.1:1');
    await assert.rejects(
      nobody.queryRange(range),
      failsWith('KISIM_E_PROMETHEUS_UNREACHABLE', /ECONNREFUSED/),
    );
    for (const url of ['prometheus:9090', 'ftp://host/'])
      await assert.rejects(
        clientOf(url).queryRange(range),
        failsWith('KISIM_E_PROMETHEUS_SETTING', /prometheus-url/),
      );
    const client = clientOf(prometheus.url, { tokenFile: '/nowhere/token' });
    await assert.rejects(client.queryRange(range), failsWith('KISIM_E_PROMETHEUS_SETTING', /token-file/));
    const reason = new Error('enough');
    await assert.rejects(clientOf(prometheus.url).queryRange(range, AbortSignal.abort(reason)), reason);
  });
});
