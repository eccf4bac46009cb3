import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, type TestContext, test } from 'node:test';
import { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { KisimError } from '../../../src/util/errors.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'kisimd-kubeconfig-'));
let server: FakeApiServer;
let files = 0;

before(async () => {
  server = await FakeApiServer.start();
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  server.faults.clear();
  server.token = undefined;
  server.requests.length = 0;
});

function kubeconfig(text: string = server.kubeconfig): string {
  files += 1;
  const path = join(folder, `config-${files}`);
  writeFileSync(path, text);
  return path;
}

function config(cluster: object, user: object): string {
  return JSON.stringify({
    clusters: [{ name: 'fake', cluster }],
    users: [{ name: 'tester', user }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'tester', namespace: 'team' } }],
    'current-context': 'fake',
  });
}

async function connect(text?: string): Promise<ClientNodeApi> {
  return await ClientNodeApi.fromKubeconfig({ file: kubeconfig(text) });
}

function hasCode(code: string, found?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof KisimError, String(error));
    assert.equal(error.code, code);
    if (found !== undefined) assert.match(error.found, found);
    return true;
  };
}

const get = { method: 'GET', path: '/api/v1/namespaces' } as const;

describe('where the cluster is', () => {
  test('a kubeconfig, its current context and namespace', async () => {
    const api = await connect(config({ server: server.url }, {}));
    assert.equal(api.name, `${server.url} (context fake)`);
    assert.equal(api.namespace, 'team');
    assert.equal((await api.request(get)).status, 200);
  });

  test('several files of KUBECONFIG: the first says which context, missing ones are passed over', async () => {
    const one = kubeconfig(
      '{contexts: [{name: a, context: {cluster: c, user: u}}], current-context: a, clusters: [], users: []}',
    );
    const two = kubeconfig(
      `{clusters: [{name: c, cluster: {server: '${server.url}'}}], users: [{name: u, user: {}}], current-context: b}`,
    );
    const environment = { KUBECONFIG: ['/nowhere/config', one, two].join(':') };
    const api = await ClientNodeApi.fromKubeconfig({ environment });
    assert.equal((await api.request(get)).status, 200);
  });

  test('the file in the home folder', async () => {
    const home = join(folder, 'home');
    mkdirSync(join(home, '.kube'), { recursive: true });
    writeFileSync(join(home, '.kube', 'config'), server.kubeconfig);
    const api = await ClientNodeApi.fromKubeconfig({ environment: { HOME: home } });
    assert.equal((await api.request(get)).status, 200);
  });

  test('a path before all resources, as behind a gateway', async () => {
    const api = await connect(config({ server: `${server.url}/clusters/one/` }, {}));
    await api.request(get);
    assert.equal(server.requests[0]?.path, '/clusters/one/api/v1/namespaces');
  });

  test('a context without a user is nobody', async () => {
    const api = await connect(
      `{clusters: [{name: c, cluster: {server: '${server.url}'}}], contexts: [{name: a, context: {cluster: c}}], current-context: a}`,
    );
    assert.equal((await api.request(get)).status, 200);
  });

  test('in a pod, the service account', async () => {
    const account = join(folder, 'pod/var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(account, { recursive: true });
    writeFileSync(join(account, 'token'), 'of-the-pod\n');
    writeFileSync(join(account, 'namespace'), 'kisimd-system');
    writeFileSync(join(account, 'ca.crt'), '');
    const api = await ClientNodeApi.fromKubeconfig({
      environment: { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' },
      fileSystemRoot: join(folder, 'pod'),
    });
    assert.equal(api.name, 'https://10.96.0.1:6443 (context in-cluster)');
    assert.equal(api.namespace, 'kisimd-system');
  });

  const wrong: readonly (readonly [what: string, text: string, found: RegExp])[] = [
    [
      'no current context',
      '{contexts: [{name: a, context: {cluster: c}}]}',
      /no current context; there are: a/,
    ],
    ['a context that is not there', '{current-context: b}', /no context 'b'; there are: none/],
    [
      'a cluster that is not there',
      '{contexts: [{name: a, context: {cluster: c}}], current-context: a}',
      /names the cluster 'c', not there/,
    ],
    [
      'a user that is not there',
      '{clusters: [{name: c, cluster: {server: "http://x"}}], contexts: [{name: a, context: {cluster: c, user: u}}], current-context: a}',
      /names the user 'u', not there/,
    ],
    ['a server that is no address', config({ server: 'localhost' }, {}), /'localhost' is no http/],
    ['a cluster without a server', config({}, {}), /server is missing/],
    ['no YAML', '{', /config-\d+: /],
    ['an empty file', '', /config-\d+: /],
  ];
  for (const [what, text, found] of wrong) {
    test(`${what} is told with the file`, async () => {
      await assert.rejects(connect(text), hasCode('KISIM_E_KUBE_NO_CLUSTER', found));
    });
  }

  test('no kubeconfig at all is no cluster, not one on this machine', async () => {
    await assert.rejects(
      ClientNodeApi.fromKubeconfig({ environment: {}, fileSystemRoot: folder }),
      hasCode('KISIM_E_KUBE_NO_CLUSTER', /no kubeconfig/),
    );
    await assert.rejects(
      ClientNodeApi.fromKubeconfig({ environment: { KUBECONFIG: '/nowhere/config' } }),
      hasCode('KISIM_E_KUBE_NO_CLUSTER', /\/nowhere\/config: not there/),
    );
  });

  test('another context than the current one', async () => {
    const file = kubeconfig();
    await assert.rejects(
      ClientNodeApi.fromKubeconfig({ file, context: 'other' }),
      hasCode('KISIM_E_KUBE_NO_CLUSTER', /no context 'other'; there are: fake/),
    );
  });
});

describe('who asks', () => {
  test('a token', async () => {
    server.token = 'secret';
    const api = await connect();
    assert.equal((await api.request(get)).status, 200);
  });

  test('a token that is not known is 401, and the kubeconfig is read again, once', async () => {
    server.token = 'new';
    const file = kubeconfig(config({ server: server.url }, { token: 'old' }));
    const api = await ClientNodeApi.fromKubeconfig({ file });
    writeFileSync(file, config({ server: server.url }, { token: 'new' }));
    assert.equal((await api.request(get)).status, 200);
    assert.deepEqual(
      server.requests.map(({ status }) => status),
      [401, 200],
    );
    server.token = 'newer';
    assert.equal((await api.request(get)).status, 401);
    assert.equal((await api.request(get)).status, 401);
    assert.equal(server.requests.length, 4);
  });

  test('a token that is renewed in its file', async () => {
    server.token = 'one';
    writeFileSync(join(folder, 'token'), 'one\n');
    const api = await connect(config({ server: server.url }, { tokenFile: 'token' }));
    assert.equal((await api.request(get)).status, 200);
    server.token = 'two';
    writeFileSync(join(folder, 'token'), 'two\n');
    assert.equal((await api.request(get)).status, 200);
  });

  test('a credential plugin beside the kubeconfig, started once for requests that wait together', async () => {
    server.token = 'from-plugin';
    const runs = join(folder, 'runs');
    writeFileSync(
      join(folder, 'plugin'),
      `#!/bin/sh\ncase "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 3;; esac\necho run >>'${runs}'\n` +
        `echo '{"kind":"ExecCredential","status":{"token":"from-plugin"}}'\n`,
    );
    chmodSync(join(folder, 'plugin'), 0o700);
    const exec = { command: './plugin', apiVersion: 'client.authentication.k8s.io/v1' };
    const api = await connect(config({ server: server.url }, { exec }));
    const answers = await Promise.all([api.request(get), api.request(get), api.request(get)]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal(readFileSync(runs, 'utf8'), 'run\n');
  });

  test('a plugin that fails, and one that is not there', async () => {
    const failing = { command: 'sh', args: ['-c', 'echo please log in >&2; exit 1'] };
    const api = await connect(config({ server: server.url }, { exec: failing }));
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_TOKEN', /tester: please log in/));
    const missing = await connect(config({ server: server.url }, { exec: { command: 'no-such-plugin' } }));
    await assert.rejects(missing.request(get), hasCode('KISIM_E_KUBE_TOKEN', /no-such-plugin/));
  });

  test('a certificate that cannot be read', async () => {
    const api = await connect(config({ server: server.url, 'certificate-authority': '/nowhere/ca' }, {}));
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_CERTIFICATE', /\/nowhere\/ca/));
  });

  test('a user name with a password', async () => {
    const api = await connect(config({ server: server.url }, { username: 'a', password: 'b' }));
    assert.equal((await api.request(get)).status, 200);
  });
});

describe('requests', () => {
  test('each kind of patch by its name', async () => {
    const api = await connect();
    for (const patchType of ['json', 'merge', 'strategic', 'apply'] as const) {
      const body = patchType === 'json' ? [] : { metadata: { labels: { a: 'b' } } };
      const query = patchType === 'apply' ? { fieldManager: 'kisimd', force: true } : {};
      const path = '/api/v1/namespaces/default';
      const { status } = await api.request({ method: 'PATCH', path, patchType, body, query });
      assert.equal(status, 200);
    }
    assert.deepEqual(
      server.requests.map(({ contentType }) => contentType),
      [
        'application/json-patch+json',
        'application/merge-patch+json',
        'application/strategic-merge-patch+json',
        'application/apply-patch+yaml',
      ],
    );
    assert.deepEqual(server.requests.at(-1)?.query, { fieldManager: 'kisimd', force: 'true' });
  });

  test('what was left out of a query is not asked for', async () => {
    const api = await connect();
    await api.request({ ...get, query: { limit: 5, labelSelector: 'a in (b,c)', continue: undefined } });
    assert.deepEqual(server.requests[0]?.query, { limit: '5', labelSelector: 'a in (b,c)' });
  });

  test('every status is an answer, with the time to wait', async () => {
    const api = await connect();
    server.faults.add({ fault: { status: 429, headers: { 'retry-after': '7' } } });
    const answer = await api.request(get);
    assert.equal(answer.status, 429);
    assert.equal(answer.retryAfterSeconds, 7);
    assert.equal((await api.request({ ...get, path: '/nowhere' })).body, '404 page not found\n');
  });

  test('nobody at the address', async () => {
    const gone = await FakeApiServer.start();
    const api = await connect(gone.kubeconfig);
    await gone.close();
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_UNREACHABLE', /GET http:.*ECONNREFUSED/));
  });

  test('a connection that is cut before the answer', async () => {
    const api = await connect();
    server.faults.add({ fault: 'cut' });
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_UNREACHABLE', /socket hang up|ECONNRESET/));
  });

  test('no answer in time', async () => {
    const api = await connect();
    server.faults.add({ fault: 'hang' });
    await assert.rejects(
      api.request({ ...get, timeoutMilliseconds: 20 }),
      hasCode('KISIM_E_KUBE_TIMEOUT', /nothing for 20 ms/),
    );
  });

  test('a request that is not wanted any more', async () => {
    const api = await connect();
    server.faults.add({ fault: 'hang', times: 2 });
    const stop = new AbortController();
    const asked = api.request({ ...get, signal: stop.signal });
    stop.abort(new Error('not wanted'));
    await assert.rejects(asked, /not wanted/);
    await assert.rejects(api.request({ ...get, signal: stop.signal }), /not wanted/);
  });

  test('JSON that is none', async () => {
    const api = await connect();
    server.faults.add({
      fault: { status: 200, body: '<html>', headers: { 'content-type': 'application/json' } },
    });
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_ANSWER'));
  });

  test('connections are kept, and one that the server closed meanwhile is replaced', async () => {
    const own = await FakeApiServer.start();
    const api = await connect(own.kubeconfig);
    await api.request(get);
    const { port } = own;
    await own.close();
    await own.listen(port);
    assert.equal((await api.request(get)).status, 200);
    await own.close();
  });
});

describe('watches', () => {
  const watch = { path: '/api/v1/namespaces', inactivityMilliseconds: 10_000 };

  test('events as they happen, until the server ends it', async () => {
    const api = await connect();
    const { status, events } = await api.watch({ ...watch, signal: new AbortController().signal });
    assert.equal(status, 200);
    assert.equal(server.requests[0]?.query['watch'], 'true');
    const seen: string[] = [];
    for await (const { type, object } of events) {
      const { name } = (object as { metadata: { name: string } }).metadata;
      seen.push(`${type} ${name}`);
      if (seen.length === 2)
        server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ümlaut' } });
      if (seen.length === 3) server.watches.endAll();
    }
    assert.deepEqual(seen, ['ADDED default', 'ADDED kube-system', 'ADDED ümlaut']);
  });

  test('a refusal is told with its status, and nothing follows', async () => {
    const api = await connect();
    server.faults.add({ watch: true, fault: { status: 429, headers: { 'retry-after': '3' } } });
    const answer = await api.watch({ ...watch, signal: new AbortController().signal });
    assert.equal(answer.status, 429);
    assert.equal(answer.retryAfterSeconds, 3);
    for await (const event of answer.events) assert.fail(JSON.stringify(event));
  });

  const ends: readonly (readonly [what: string, act: () => void, code: string])[] = [
    ['a cut connection', () => server.watches.cutAll(), 'KISIM_E_KUBE_UNREACHABLE'],
    [
      'a cut in the middle of an event',
      () => {
        for (const open of server.watches.open) open.cutWithin(server.find('Namespace', 'default')!);
      },
      'KISIM_E_KUBE_UNREACHABLE',
    ],
    [
      'an end in the middle of an event',
      () => {
        for (const open of server.watches.open) {
          open.garble('{"type":');
          open.end();
        }
      },
      'KISIM_E_KUBE_UNREACHABLE',
    ],
    [
      'a line that is no JSON',
      () => {
        for (const open of server.watches.open) open.garble('<html>\n');
      },
      'KISIM_E_KUBE_ANSWER',
    ],
    [
      'a line that is no event',
      () => {
        for (const open of server.watches.open) open.garble('{"type":"NEWS","object":{}}\n');
      },
      'KISIM_E_KUBE_ANSWER',
    ],
  ];
  for (const [what, act, code] of ends) {
    test(`${what} is an error`, async () => {
      const api = await connect();
      const { events } = await api.watch({ ...watch, signal: new AbortController().signal });
      const read = async (): Promise<void> => {
        let acted = false;
        for await (const _ of events) {
          if (!acted) act();
          acted = true;
        }
      };
      await assert.rejects(read(), hasCode(code));
      await server.watches.allClosed();
    });
  }

  test('a watch that says nothing for too long', async () => {
    const api = await connect();
    const signal = new AbortController().signal;
    const { events } = await api.watch({ ...watch, signal, inactivityMilliseconds: 30 });
    const read = async (): Promise<void> => {
      for await (const event of events) assert.equal(event.type, 'ADDED');
    };
    await assert.rejects(read(), hasCode('KISIM_E_KUBE_TIMEOUT', /silent for 30 ms/));
  });

  test('a watch that is not wanted any more ends with the reason', async () => {
    const api = await connect();
    const stop = new AbortController();
    const { events } = await api.watch({ ...watch, signal: stop.signal });
    const read = async (): Promise<void> => {
      for await (const _ of events) stop.abort(new Error('enough'));
    };
    await assert.rejects(read(), /enough/);
  });
});

describe('lists item by item', () => {
  test('items as they arrive, the rest as the answer', async () => {
    const api = await connect();
    const names: unknown[] = [];
    const answer = await api.list(get, (item) => {
      names.push((item as { metadata: { name: string } }).metadata.name);
    });
    assert.equal(answer.status, 200);
    assert.deepEqual(names.slice(0, 2), ['default', 'kube-system']);
    const { kind, items } = answer.body as { kind: string; items: unknown[] };
    assert.equal(kind, 'NamespaceList');
    assert.deepEqual(items, []);
  });

  test('a refusal has no items', async () => {
    const api = await connect();
    server.faults.add({ fault: { status: 403, body: { kind: 'Status', items: [{}], message: 'no' } } });
    const { status, body } = await api.list(get, () => assert.fail());
    assert.equal(status, 403);
    assert.equal((body as { message: string }).message, 'no');
  });

  test('an item that is no JSON, and what is thrown at one', async () => {
    const api = await connect();
    const headers = { 'content-type': 'application/json' };
    server.faults.add({ fault: { status: 200, body: '{"items":[{nonsense}]}', headers } });
    await assert.rejects(
      api.list(get, () => assert.fail()),
      hasCode('KISIM_E_KUBE_ANSWER'),
    );
    const thrown = new TypeError('mine');
    const throwing = api.list(get, () => {
      throw thrown;
    });
    await assert.rejects(throwing, (error) => error === thrown);
  });
});

describe('a server over TLS', () => {
  const made = spawnSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', '/CN=tester', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')],
    ],
    { stdio: 'ignore' },
  );
  const skip = made.status === 0 ? false : 'needs openssl to make a certificate';
  const serve = async (t: TestContext): Promise<string> => {
    const files = { key: readFileSync(join(folder, 'tls.key')), cert: readFileSync(join(folder, 'tls.crt')) };
    const secure = createServer(files, (_, response) => response.end('ok'));
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    t.after(() => secure.close().closeAllConnections());
    return `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  };

  test('known by its authority, or not checked where the kubeconfig says so', { skip }, async (t) => {
    const url = await serve(t);
    const authority = readFileSync(join(folder, 'tls.crt')).toString('base64');
    const checked = await connect(config({ server: url, 'certificate-authority-data': authority }, {}));
    assert.equal((await checked.request(get)).status, 200);
    const unchecked = await connect(config({ server: url, 'insecure-skip-tls-verify': true }, {}));
    assert.equal((await unchecked.request(get)).status, 200);
    checked.close();
    unchecked.close();
  });

  test('one that nobody signed, or signed for another name', { skip }, async (t) => {
    const url = await serve(t);
    const unknown = await connect(config({ server: url }, {}));
    await assert.rejects(unknown.request(get), hasCode('KISIM_E_KUBE_CERTIFICATE', /self-signed/));
    const authority = readFileSync(join(folder, 'tls.crt')).toString('base64');
    const named = { 'certificate-authority-data': authority, 'tls-server-name': 'other.example' };
    const other = await connect(config({ server: url, ...named }, {}));
    await assert.rejects(other.request(get), hasCode('KISIM_E_KUBE_CERTIFICATE', /other\.example/));
  });

  test('a key that is none', { skip }, async (t) => {
    const url = await serve(t);
    const nonsense = Buffer.from('nonsense').toString('base64');
    const user = { 'client-certificate-data': nonsense, 'client-key-data': nonsense };
    const api = await connect(config({ server: url, 'insecure-skip-tls-verify': true }, user));
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_CERTIFICATE'));
  });

  test('a server that speaks no TLS', async () => {
    const api = await connect(config({ server: server.url.replace('http:', 'https:') }, {}));
    await assert.rejects(api.request(get), hasCode('KISIM_E_KUBE_CERTIFICATE', /wrong version number/));
  });
});
