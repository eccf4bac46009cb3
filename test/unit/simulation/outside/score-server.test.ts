import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { policyByName } from '../../../../src/policy/registry.ts';
import { ScoreServer } from '../../../../src/simulation/outside/score-server.ts';
import { silentLogger } from '../../../../src/util/log.ts';

async function server(t: TestContext, name = 'least-allocated'): Promise<number> {
  const made = new ScoreServer({
    host: '127.0.0.1',
    port: 0,
    policy: policyByName(name, { ties: 'first' }),
    seed: 1,
    log: silentLogger,
  });
  const { port } = await made.start();
  t.after(() => made.stop());
  return port;
}

async function ask(port: number, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: { [key: string]: unknown } }>((resolve, reject) => {
    const sent = request({ port, path, method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

const node = (name: string, cpu: string) => ({
  metadata: { name },
  status: { allocatable: { cpu, memory: '32Gi', pods: '110' } },
});
const pod = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'main', image: 'x', resources: { requests: { cpu: '2', memory: '1Gi' } } }] },
};

test('plain objects of the API: scores by the names of the nodes', async (t) => {
  const port = await server(t);
  const { status, body } = await ask(port, '/score', { pod, nodes: [node('small', '4'), node('big', '16')] });
  assert.equal(status, 200);
  const scores = body['scores'] as Record<string, number>;
  assert.deepEqual(Object.keys(scores), ['small', 'big']);
  assert.ok(scores['big']! > scores['small']!);
});

test('one node at a time: amounts in base units, one score', async (t) => {
  const port = await server(t);
  const score = async (cpu: number | string) =>
    (await ask(port, '/score', { pod: { cpu: 2, memory: 1e9 }, node: { cpu, memory: 64e9, pods: 110 } }))
      .body['score'];
  assert.ok(((await score(16)) as number) > ((await score('4000m')) as number));
});

test('a policy that ranks nothing gives its choice 1', async (t) => {
  const port = await server(t, 'round-robin');
  const { body } = await ask(port, '/score', { pod, nodes: [node('a', '4'), node('b', '4')] });
  assert.deepEqual(body, { scores: { a: 1, b: 0 } });
});

test('healthz tells the policy', async (t) => {
  const port = await server(t, 'best-fit');
  assert.deepEqual(await ask(port, '/healthz'), { status: 200, body: { status: 'ok', policy: 'best-fit' } });
});

const bad: readonly (readonly [string, string, unknown, number, string])[] = [
  ['no JSON', '/score', '{', 400, 'KISIM_E_SCORE_REQUEST'],
  ['a list', '/score', [], 400, 'KISIM_E_SCORE_REQUEST'],
  ['no pod', '/score', { nodes: [node('a', '4')] }, 400, 'KISIM_E_SCORE_REQUEST'],
  ['no nodes', '/score', { pod, nodes: [] }, 400, 'KISIM_E_SCORE_REQUEST'],
  ['nodes that are no list', '/score', { pod, nodes: 3 }, 400, 'KISIM_E_SCORE_REQUEST'],
  [
    'a bad amount',
    '/score',
    { pod: { cpu: 'x' }, node: { cpu: 4, memory: 1 } },
    400,
    'KISIM_E_SCORE_REQUEST',
  ],
  ['a bad quantity', '/score', { pod, nodes: [node('a', 'four')] }, 400, 'KISIM_E_MANIFEST_QUANTITY'],
  [
    'two of one name',
    '/score',
    { pod, nodes: [node('a', '4'), node('a', '4')] },
    400,
    'KISIM_E_CLUSTER_INVALID',
  ],
  ['another path', '/else', {}, 404, 'KISIM_E_SCORE_METHOD'],
  ['GET of scores', '/score', undefined, 404, 'KISIM_E_SCORE_METHOD'],
  ['too much', '/score', `"${'x'.repeat(33 * 1024 * 1024)}"`, 413, 'KISIM_E_SCORE_TOO_LARGE'],
];
for (const [what, path, body, status, code] of bad)
  test(`${what} is a coded error as JSON`, async (t) => {
    const answer = await ask(await server(t), path, body);
    assert.equal(answer.status, status);
    assert.equal((answer.body['error'] as { code: string }).code, code);
  });

test('our own fields are checked too', async (t) => {
  const port = await server(t);
  const own = {
    index: 0,
    cpuMilli: 4000,
    memoryBytes: 2 ** 33,
    pods: 10,
    freeCpuMilli: 4000,
    freeMemoryBytes: 2 ** 33,
    freePods: 10,
    predictedUseMilli: 0,
    measuredUseMilli: 0,
    power: 'on',
    awakeAt: 0,
    emptySince: 0,
    residents: [],
  };
  const ask1 = (kisimd: object) => ask(port, '/score', { pod, nodes: [{ ...node('a', '4'), kisimd }] });
  assert.equal((await ask1(own)).status, 200);
  const broken = [
    { freeCpuMilli: 'x' },
    { power: 'resting' },
    { residents: 3 },
    { residents: [[1]] },
    { curve: { kind: 'table', watts: 5 } },
    { curve: { kind: 'spline' } },
    { gpus: { model: 'T4', freeMilli: 4 } },
  ];
  for (const fields of broken) {
    const { status, body } = await ask1({ ...own, ...fields });
    assert.equal(status, 400, JSON.stringify(fields));
    assert.equal((body['error'] as { code: string }).code, 'KISIM_E_SCORE_REQUEST');
  }
  const falling = await ask1({ ...own, curve: { kind: 'table', watts: [5, 4] } });
  assert.equal((falling.body['error'] as { code: string }).code, 'KISIM_E_CURVE_FALLS');
});

test('an energy policy refuses nodes of which no power is known', async (t) => {
  const answer = await ask(await server(t, 'marginal-power'), '/score', { pod, nodes: [node('a', '4')] });
  assert.equal(answer.status, 400);
  assert.equal((answer.body['error'] as { code: string }).code, 'KISIM_E_POLICY_NO_POWER');
});

test('a page of another name must not reach a server for this machine alone', async (t) => {
  const answer = await ask(await server(t), '/healthz', undefined, { Host: 'evil.example:80' });
  assert.equal(answer.status, 421);
});

test('a port that is taken is a coded error', async (t) => {
  const port = await server(t);
  const second = new ScoreServer({
    host: '127.0.0.1',
    port,
    policy: policyByName('random'),
    seed: 1,
    log: silentLogger,
  });
  await assert.rejects(second.start(), { code: 'KISIM_E_SCORE_LISTEN', message: /EADDRINUSE/ });
});
