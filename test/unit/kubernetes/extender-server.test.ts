import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { ExtenderServer, type ExtenderServerOptions } from '../../../src/kubernetes/extender-server.ts';
import { silentLogger } from '../../../src/util/log.ts';

const servers: ExtenderServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(more: Partial<ExtenderServerOptions> = {}): Promise<string> {
  const server = new ExtenderServer({
    host: '127.0.0.1',
    port: 0,
    log: silentLogger,
    score: (_, names) => new Map(names.map((name, i) => [name, i])),
    ...more,
  });
  servers.push(server);
  return `http://127.0.0.1:${(await server.start()).port}`;
}

const Pod = { metadata: { name: 'web' }, spec: {} };
const byName = { Pod, Nodes: null, NodeNames: ['n1', 'n2', 'n3'] };
const items = ['n1', 'n2'].map((name) => ({
  metadata: { name, labels: { a: 'b' } },
  status: { kept: true },
}));
const whole = { Pod, Nodes: { metadata: {}, items }, NodeNames: null };

async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

function errorIn(body: unknown): string {
  return (body as { Error: string }).Error;
}

describe('prioritize', () => {
  test('gives every node its score, as whole numbers from 0 to 10', async () => {
    const scores = new Map([
      ['n1', 4.6],
      ['n2', 11],
    ]);
    const url = await start({ score: () => scores });
    assert.deepEqual(await post(`${url}/kisimd/prioritize`, byName), {
      status: 200,
      body: [
        { Host: 'n1', Score: 5 },
        { Host: 'n2', Score: 10 },
        { Host: 'n3', Score: 0 },
      ],
    });
  });

  test('takes what is no score for the least', async () => {
    const scores = new Map([
      ['n1', Number.NaN],
      ['n2', -3],
      ['n3', Number.POSITIVE_INFINITY],
    ]);
    const url = await start({ score: () => scores });
    const { body } = await post(`${url}/kisimd/prioritize`, byName);
    assert.deepEqual(
      (body as { Score: number }[]).map(({ Score }) => Score),
      [0, 0, 10],
    );
  });

  test('reads whole nodes as well, and tells the policy their names', async () => {
    const asked: unknown[] = [];
    const url = await start({
      score: (pod, names) => {
        asked.push(pod, names);
        return new Map([['n2', 7]]);
      },
    });
    const { body } = await post(`${url}/kisimd/prioritize`, whole);
    assert.deepEqual(body, [
      { Host: 'n1', Score: 0 },
      { Host: 'n2', Score: 7 },
    ]);
    assert.deepEqual(asked, [Pod, ['n1', 'n2']]);
  });
});

describe('filter', () => {
  const refuse = () => new Map([['n1', 'asleep']]);

  test('answers names with names', async () => {
    const url = await start({ refuse });
    assert.deepEqual(await post(`${url}/kisimd/filter`, byName), {
      status: 200,
      body: { Nodes: null, NodeNames: ['n2', 'n3'], FailedNodes: { n1: 'asleep' }, Error: '' },
    });
  });

  test('answers nodes with nodes, as they were', async () => {
    const url = await start({ refuse });
    assert.deepEqual((await post(`${url}/kisimd/filter`, whole)).body, {
      Nodes: { items: [items[1]] },
      NodeNames: null,
      FailedNodes: { n1: 'asleep' },
      Error: '',
    });
  });

  test('refuses none where nobody says so', async () => {
    const url = await start();
    const { body } = await post(`${url}/kisimd/filter`, byName);
    assert.deepEqual((body as { NodeNames: string[] }).NodeNames, ['n1', 'n2', 'n3']);
  });
});

describe('a request that is not usable', () => {
  const bodies: Readonly<Record<string, unknown>> = {
    'no JSON': '{',
    'no object': [],
    'no pod': { NodeNames: [] },
    'no nodes': { Pod },
    'nodes without names': { Pod, Nodes: { items: [{}] } },
    'nodes that are no list': { Pod, Nodes: { items: 7 } },
    'names that are none': { Pod, NodeNames: [7] },
  };
  for (const [what, body] of Object.entries(bodies)) {
    test(`${what}: told in the answer`, async () => {
      const url = await start();
      const filter = await post(`${url}/kisimd/filter`, body);
      assert.equal(filter.status, 200);
      assert.match(errorIn(filter.body), /^KISIM_E_EXTENDER_REQUEST: /);
      const prioritize = await post(`${url}/kisimd/prioritize`, body);
      assert.equal(prioritize.status, 400);
      assert.match(errorIn(prioritize.body), /^KISIM_E_EXTENDER_REQUEST: /);
    });
  }

  test('one that is too large is told, however large', async () => {
    const url = await start({ maxBodyBytes: 1000 });
    for (const length of [2000, 20_000_000]) {
      const rest = 'x'.repeat(length);
      const { status, body } = await post(`${url}/kisimd/prioritize`, { ...byName, rest });
      assert.equal(status, 413);
      assert.match(errorIn(body), /^KISIM_E_EXTENDER_TOO_LARGE: /);
      assert.match(errorIn((await post(`${url}/kisimd/filter`, { ...byName, rest })).body), /TOO_LARGE/);
    }
  });

  test('one that is cut has no answer, and the next one has', async () => {
    const url = new URL(await start());
    await new Promise<void>((resolve) => {
      const cut = httpRequest({
        port: url.port,
        host: url.hostname,
        path: '/kisimd/filter',
        method: 'POST',
        headers: { 'content-length': 1000 },
      });
      cut.once('error', () => resolve());
      cut.write('{', () => cut.destroy(new Error('cut')));
    });
    assert.equal((await post(`${url.origin}/kisimd/filter`, byName)).status, 200);
  });

  test('another path, another method', async () => {
    const url = await start();
    assert.equal((await post(`${url}/kisimd/bind`, byName)).status, 400);
    assert.equal((await fetch(`${url}/kisimd/filter`)).status, 400);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  test('a page that knows this machine by a name of its own', async () => {
    const url = new URL(await start());
    const status = await new Promise((resolve, reject) => {
      httpRequest(
        {
          port: url.port,
          host: url.hostname,
          path: '/kisimd/filter',
          method: 'POST',
          headers: { host: 'evil.example' },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .once('error', reject)
        .end('{}');
    });
    assert.equal(status, 400);
  });
});

describe('a policy that fails', () => {
  test('is told with a code, and the server goes on', async () => {
    let fails = true;
    const url = await start({
      score: () => {
        if (fails) throw new TypeError('a bug');
        return new Map();
      },
      refuse: () => {
        throw new TypeError('a bug');
      },
    });
    const { status, body } = await post(`${url}/kisimd/prioritize`, byName);
    assert.equal(status, 500);
    assert.match(errorIn(body), /^KISIM_E_EXTENDER_SCORE: .*a bug/);
    const filter = await post(`${url}/kisimd/filter`, byName);
    assert.equal(filter.status, 200);
    assert.match(errorIn(filter.body), /^KISIM_E_EXTENDER_SCORE: /);
    fails = false;
    assert.equal((await post(`${url}/kisimd/prioritize`, byName)).status, 200);
  });

  test('or never ends is late', async () => {
    const url = await start({
      timeLimitMilliseconds: 5,
      score: () => new Promise(() => undefined),
      refuse: () => new Promise(() => undefined),
    });
    const { status, body } = await post(`${url}/kisimd/prioritize`, byName);
    assert.equal(status, 503);
    assert.match(errorIn(body), /^KISIM_E_EXTENDER_SLOW: /);
    assert.match(errorIn((await post(`${url}/kisimd/filter`, byName)).body), /^KISIM_E_EXTENDER_SLOW: /);
  });

  test('or computes for too long is late as well', async () => {
    const url = await start({
      timeLimitMilliseconds: 0,
      score: () => {
        const until = performance.now() + 1;
        while (performance.now() < until);
        return new Map();
      },
    });
    assert.equal((await post(`${url}/kisimd/prioritize`, byName)).status, 503);
  });
});

test('a port that is taken is told', async () => {
  const url = new URL(await start());
  await assert.rejects(start({ port: Number(url.port) }), { code: 'KISIM_E_EXTENDER_LISTEN' });
});
